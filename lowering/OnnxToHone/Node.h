// One ONNX node as its handler sees it: operands, attributes, and short ways to build hone ops.
#ifndef HONE_LOWERING_ONNXTOHONE_NODE_H
#define HONE_LOWERING_ONNXTOHONE_NODE_H
#include "dialects/hone/HoneDialect.h"
#include "lowering/OnnxToHone/Proto.h"
#include <optional>

namespace hone {

class GraphImporter;

class Node {
public:
  Node(GraphImporter &graph, const onnx::NodeProto &proto, int64_t opset, mlir::Location loc,
       std::string description);

  // Operands. A missing optional input is null; those that the operator's row asks for are there.
  int inputs() const { return proto.input_size(); }
  int outputs() const { return proto.output_size(); }
  bool has(int i) const { return i < inputs() && !proto.input(i).empty(); }
  bool wants(int i) const { return i < outputs() && !proto.output(i).empty(); }
  mlir::Value in(int i);
  void out(int i, mlir::Value value);

  // Attributes.
  const onnx::AttributeProto *attribute(llvm::StringRef name) const;
  /// The same; fails the node when it is of another type.
  const onnx::AttributeProto *attribute(llvm::StringRef name, onnx::AttributeProto::AttributeType type);
  bool hasAttribute(llvm::StringRef name) const { return attribute(name); }
  int64_t integer(llvm::StringRef name, int64_t otherwise);
  int64_t required(llvm::StringRef name); // an integer; fails the node when it is missing
  double real(llvm::StringRef name, double otherwise);
  std::string text(llvm::StringRef name, llvm::StringRef otherwise);
  std::vector<int64_t> integers(llvm::StringRef name, std::vector<int64_t> otherwise = {});
  std::vector<float> reals(llvm::StringRef name);

  // Facts.
  static mlir::Type element(mlir::Value v) {
    return mlir::cast<mlir::ShapedType>(v.getType()).getElementType();
  }
  static bool isFloat(mlir::Value v) { return mlir::isa<mlir::FloatType>(element(v)); }
  static bool isByte(mlir::Value v) { return element(v).isUnsignedInteger(8); }
  int64_t rank(mlir::Value v) const {
    return v ? mlir::cast<mlir::RankedTensorType>(v.getType()).getRank() : 0;
  }
  /// Size of a dimension, counted from the end when negative; ShapedType::kDynamic when open or not there.
  int64_t size(mlir::Value v, int64_t axis) const;
  /// A size that must be known; fails the node with `what` otherwise.
  int64_t knownSize(mlir::Value v, int64_t axis, llvm::StringRef what);
  /// `axis` made non-negative; fails the node when it is out of range.
  int64_t axis(int64_t axis, int64_t rank);
  /// The integers an operand is known to hold; fails the node when only the run knows them.
  std::vector<int64_t> known(int i, llvm::StringRef what);
  /// The element type with this ONNX number; fails the node when it is not built.
  mlir::Type typeNumber(int64_t number);

  // Building. Results are typed by inference; a failure makes the node fail and gives null. Operands may be
  // null then.
  template <typename Op, typename... Args>
  mlir::Value make(mlir::Type element, Args &&...args) {
    if (failed)
      return {};
    auto op = Op::create(b, loc, mlir::UnrankedTensorType::get(element), std::forward<Args>(args)...);
    return infer(op) ? op->getResult(0) : mlir::Value();
  }
  /// An op whose result has its first operand's element type.
  template <typename Op, typename... Args>
  mlir::Value like(mlir::Value x, Args &&...args) {
    return x ? make<Op>(element(x), x, std::forward<Args>(args)...) : fail("an operand is missing");
  }
  bool infer(mlir::Operation *op);

  mlir::Value constant(mlir::Type element, double value); // scalar
  mlir::Value i64(int64_t value) { return constant(b.getI64Type(), double(value)); }
  mlir::Value number(mlir::Value like, double value) { return like ? constant(element(like), value) : like; }
  mlir::Value integerTensor(llvm::ArrayRef<int64_t> values); // 1-D i64
  mlir::Value floatTensor(llvm::ArrayRef<float> values);     // 1-D f32
  mlir::Value splat(mlir::Type element, llvm::ArrayRef<int64_t> sizes, double value);
  mlir::Value fill(mlir::Value shape, mlir::Value value);

  mlir::Value dims(mlir::Value x, int64_t from = 0, std::optional<int64_t> to = std::nullopt); // 1-D i64
  mlir::Value dim(mlir::Value x, int64_t axis);                                                // [1] i64
  mlir::Value extent(mlir::Value x, int64_t axis) { return squeeze(dim(x, axis), {0}); }       // scalar i64
  mlir::Value product(mlir::Value x, int64_t from, int64_t to); // [1] i64: elements of these dimensions
  mlir::Value shapeFrom(llvm::ArrayRef<mlir::Value> parts);     // 1-D i64 from [1]s and longer
  mlir::Value one(int64_t size) { return integerTensor({size}); }
  mlir::Value range(mlir::Value count); // 0 ... count-1 (scalar i64)
  mlir::Value positions(mlir::Value x, int64_t axis) { return range(extent(x, axis)); }

  mlir::Value cast(mlir::Value x, mlir::Type to);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> sizes); // 0 copies, -1 infers
  mlir::Value reshapeTo(mlir::Value x, mlir::Value shape);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> perm);
  mlir::Value slice(mlir::Value x, int64_t axis, int64_t from, int64_t to);
  mlir::Value pick(mlir::Value x, int64_t axis, int64_t at) {
    return squeeze(slice(x, axis, at, at + 1), {axis});
  }
  mlir::Value unsqueeze(mlir::Value x, llvm::ArrayRef<int64_t> axes);
  mlir::Value squeeze(mlir::Value x, llvm::ArrayRef<int64_t> axes);
  mlir::Value concat(llvm::ArrayRef<mlir::Value> parts, int64_t axis);
  mlir::Value gather(mlir::Value x, mlir::Value indices, int64_t axis);
  mlir::Value expand(mlir::Value x, mlir::Value shape);
  mlir::Value matmul(mlir::Value a, mlir::Value c, bool ta = false, bool tb = false,
                     int64_t activationBits = 0);

  mlir::Value compare(mlir::hone::CmpKind kind, mlir::Value x, mlir::Value y);
  mlir::Value select(mlir::Value c, mlir::Value x, mlir::Value y);
  mlir::Value reduce(mlir::hone::ReduceKind kind, mlir::Value x, llvm::ArrayRef<int64_t> axes, bool keep);
  mlir::Value add(mlir::Value x, mlir::Value y) { return like<mlir::hone::AddOp>(x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return like<mlir::hone::SubOp>(x, y); }
  mlir::Value mul(mlir::Value x, mlir::Value y) { return like<mlir::hone::MulOp>(x, y); }
  mlir::Value div(mlir::Value x, mlir::Value y) { return like<mlir::hone::DivOp>(x, y); }
  mlir::Value min(mlir::Value x, mlir::Value y) { return like<mlir::hone::MinOp>(x, y); }
  mlir::Value max(mlir::Value x, mlir::Value y) { return like<mlir::hone::MaxOp>(x, y); }
  mlir::Value both(mlir::Value x, mlir::Value y) { return like<mlir::hone::AndOp>(x, y); }

  /// Reports why this node can't be compiled; gives null.
  mlir::Value fail(const llvm::Twine &why);

  GraphImporter &graph;
  const onnx::NodeProto &proto;
  int64_t opset;
  mlir::OpBuilder &b;
  mlir::hone::Shapes &shapes;
  mlir::Location loc;
  std::string description; // "node 'x' (Op): "
  bool failed = false;
};

/// Axes from..to-1.
llvm::SmallVector<int64_t> axesFrom(int64_t from, int64_t to);

} // namespace hone
#endif
