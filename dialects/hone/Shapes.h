// Symbolic shapes: what is known about the dimensions of every tensor and the elements of
// small integer tensors. Ops answer through ShapeOpInterface::inferShapes; the importer,
// the passes and the lowering ask here. Pure: changes result types only, through infer().
#ifndef HONE_DIALECTS_HONE_SHAPES_H
#define HONE_DIALECTS_HONE_SHAPES_H
#include "dialects/hone/DimExpr.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include <functional>

namespace mlir::hone {

/// Where a symbol's number comes from at run time.
struct SymbolDef {
  enum Kind {
    Dim,     // dimension `index` of `value`
    Element, // element `index` (row-major) of the integer tensor `value`
    Index,   // the index-typed `value`
    FloorDiv,
    CeilDiv,
    Mod,
    Min,
    Max,       // of a and b
    Broadcast, // a == 1 ? b : a
    Position,  // index a (negative: from the end) in a dimension of size b, clamped to [0, b]
    Equal,
    Less,   // 1 or 0
    Select, // c != 0 ? a : b
  } kind;
  Value value;
  int64_t index = 0;
  DimExpr a, b, c;
  int64_t weight = 1; // symbols that the whole expression has, written out
};

class Shapes {
public:
  /// Tensors with at most this many elements have their elements tracked.
  static constexpr int64_t maxContents = 128;
  /// Elements of a greater weight are not: every use writes the expression out.
  static constexpr int64_t maxWeight = 200;

  // What is known.
  int64_t rank(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getRank(); }
  DimExpr dim(Value tensor, int64_t axis) { return dims(tensor)[axis]; }
  std::vector<DimExpr> dims(Value tensor);
  DimExpr numElements(Value tensor);
  /// The elements of an integer (or i1) tensor in row-major order, when known.
  std::optional<std::vector<DimExpr>> contents(Value tensor);
  /// The elements when all are constants.
  std::optional<std::vector<int64_t>> constants(Value tensor);
  /// The expression of an index value.
  DimExpr index(Value index);
  bool isNonNegative(const DimExpr &expr) const;
  const SymbolDef &definition(int symbol) const { return symbols[symbol]; }
  /// Symbols that `expr` has, written out.
  int64_t weight(const DimExpr &expr) const;
  /// Whether every value that `expr` stands on is visible at `op`.
  bool isVisible(const DimExpr &expr, Operation *op) const;

  // Arithmetic beyond polynomials; folds what it can.
  DimExpr floorDiv(const DimExpr &a, const DimExpr &b);
  DimExpr ceilDiv(const DimExpr &a, const DimExpr &b);
  DimExpr mod(const DimExpr &a, const DimExpr &b);
  DimExpr min(const DimExpr &a, const DimExpr &b);
  DimExpr max(const DimExpr &a, const DimExpr &b);
  DimExpr broadcast(const DimExpr &a, const DimExpr &b);
  DimExpr position(const DimExpr &index, const DimExpr &size);
  DimExpr equal(const DimExpr &a, const DimExpr &b);
  DimExpr less(const DimExpr &a, const DimExpr &b);
  DimExpr select(const DimExpr &condition, const DimExpr &a, const DimExpr &b);
  /// The number that an element of an integer tensor, or an index value, holds.
  DimExpr element(Value tensor, int64_t index);
  /// numpy broadcasting of two shapes; fails when static sizes can't agree.
  FailureOr<std::vector<DimExpr>> broadcastShapes(ArrayRef<DimExpr> a, ArrayRef<DimExpr> b);

  /// What must hold at run time for inference to be right; the host code checks it in front of `op`.
  struct Requirement {
    Operation *op;
    DimExpr a, b;
    bool orOne; // a == b, or with broadcasting one of them is 1
  };
  ArrayRef<Requirement> requirements() const { return required; }

  // What ops say (inside inferShapes).
  /// The op needs a == b (`orOne`: or one of them 1). False when that can't be; what only the run knows is
  /// kept.
  bool require(const DimExpr &a, const DimExpr &b, bool orOne = false);
  void setResult(OpResult result, Type elementType, ArrayRef<DimExpr> dims);
  void setContents(Value tensor, ArrayRef<DimExpr> elements);
  /// A result dimension that only the run decides.
  DimExpr unknownDim(OpResult result, int64_t axis);

  // Running it.
  /// Types the results of one op (with the ops of its regions). Ops of other dialects keep their types.
  LogicalResult infer(Operation *op);
  /// Binds the dimensions of a function's arguments to the names of their `hone.dims` attributes
  /// (an array with a string or integer a dimension; "a + b" is a sum) and runs over the body.
  LogicalResult inferFunction(Operation *function);
  void bindArgument(BlockArgument argument, ArrayAttr names);
  /// From here on `inner` (a region argument) is `outer`: same sizes, same elements.
  void alias(Value inner, Value outer);
  /// From here on the dimensions of `value` (a region argument) are these.
  void assume(Value value, ArrayRef<DimExpr> dims);
  void forget(Value value);

  /// Computes `expr` at the builder's position. `leaf` gives symbols of kind Dim, Element and Index.
  Value materialize(OpBuilder &b, Location loc, const DimExpr &expr,
                    function_ref<Value(const SymbolDef &)> leaf);
  std::string toString(const DimExpr &expr) const;

private:
  DimExpr symbolOf(SymbolDef def);

  std::vector<SymbolDef> symbols;
  std::map<std::tuple<int, const void *, int64_t, DimExpr, DimExpr, DimExpr>, int> numbers;
  std::map<std::string, DimExpr> named;
  llvm::DenseMap<Value, std::vector<DimExpr>> knownDims;
  llvm::DenseMap<Value, std::vector<DimExpr>> knownContents;
  llvm::DenseMap<Value, Value> aliases;
  std::vector<Requirement> required;
  Operation *current = nullptr; // the op that inferShapes runs for
};

} // namespace mlir::hone
#endif
