// Rows in vectors: how a rowwise kernel walks over its space, reads what the region's values are at a place,
// and stores what it yields. What each root does with a row: RowwiseRoots.cpp.
#ifndef HONE_LOWERING_KERNELTOHOST_ROWWISEEMITTER_H
#define HONE_LOWERING_KERNELTOHOST_ROWWISEEMITTER_H
#include "lowering/KernelToHost/VectorBuilder.h"
#include "lowering/kernels/Rowwise.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/MapVector.h"

namespace hone {

/// Units of a rowwise kernel: rows, or chunks of a space that is one row.
class RowwisePlan {
public:
  static constexpr int64_t chunk = 1024; // elements of a unit of a flat kernel
  static constexpr int64_t width = 4;    // registers of a unit that reduces rows

  RowwisePlan(VectorBuilder &v, mlir::hone::KernelOp kernel, mlir::ValueRange buffers);

  VectorBuilder &v;
  mlir::hone::KernelOp kernel;
  mlir::ValueRange buffers;
  mlir::Operation *root = nullptr; // null: a chain
  RowSpace space;
  mlir::hone::Shapes shapes;
  RowSpace behind;                  // a reduction
  mlir::Value rows, depth, columns; // numbers of; `depth` rows become one
  bool isFlat;

  mlir::Value size(const mlir::hone::DimExpr &dim);
  mlir::Value units();
  mlir::Value blocks();      // of the columns, where rows are reduced
  mlir::Value nanoseconds(); // of one unit, estimated
  /// Bytes of a row's numbers as f32, in whole registers.
  mlir::Value scratchBytes();
};

class RowwiseEmitter {
public:
  using Value = mlir::Value;
  using Values = mlir::SmallVector<mlir::Value>;

  RowwiseEmitter(RowwisePlan &plan, Value scratch);
  /// The units [lo, hi).
  void emit(Value lo, Value hi);

private:
  /// One register's worth of a row.
  struct Place {
    Value column;
    Value mask;            // null: all lanes
    int64_t slot = -1;     // in `registers`, where a row stays in them
    bool isBehind = false; // a reduction
    llvm::DenseMap<Value, Value> known;
  };
  using Body = llvm::function_ref<Values(llvm::MutableArrayRef<Place>, Values)>;

  // Roots: each works on the row whose leaves are set up.
  void softmax(mlir::hone::SoftmaxOp op);
  void normalize(Value scale, Value bias, double epsilon, bool isCentered);
  void reduceRow(mlir::hone::ReduceOp op);
  void reduceRows(mlir::hone::ReduceOp op, Value unit);

  struct Leaf {
    Value memory, offset; // of the row's first element
    bool hasColumns = false;
    Value splat; // of a leaf without columns
  };
  using Leaves = llvm::MapVector<Value, Leaf>; // by argument
  /// Goes to row number `row`: reads what of the leaves is the same along it, and where the others start.
  void enterRow(Value row) { enter(row, p.space, front); }
  void enterBehind(Value row) { enter(row, p.behind, behind); }
  void enter(Value row, const RowSpace &space, Leaves &leaves);
  Value offsetOf(const RowSpace &space, std::vector<mlir::hone::DimExpr> dims, bool hasColumns, Value row);
  /// Runs `body` over the columns [from, to), carrying `carried`, one for each of the places of a step.
  Values overColumns(Value from, Value to, Values carried, Body body);
  Values overRow(Values carried, Body body);
  /// A number from the accumulators of a pass.
  Value combine(mlir::vector::CombiningKind kind, Values accumulators);
  Value largest(Values registers);
  Values repeat(Value x) { return Values(accumulators, x); }

  /// The vector of a value of the region at a place.
  Value evaluate(Value value, Place &place);
  /// What the row's root or prologue gives for later passes, in f32.
  Value input(Place &place), kept(Place &place);
  void keep(Place &place, Value x);
  /// The first pass reads the root's input and stores what else is yielded.
  Value firstInput(Place &place);
  void yieldPrologue(Place &place);
  /// Applies the epilogue to the root's result in f32 and stores.
  void finish(Place &place, Value result);
  void store(size_t result, Value x, Value column, Value mask);

  Value isNotZero(Value x);
  Value widen(Value x), narrow(Value x, mlir::Type tensor);
  Value outside(Place &place, Value x, double neutral);
  bool dependsOnRoot(Value value) { return fromRoot.contains(value); }
  /// Notes what is read for `value`, behind a reduction or in front of it.
  void addLeaves(Value value, bool isBehind, llvm::DenseSet<Value> (&seen)[2]);

  RowwisePlan &p;
  VectorBuilder &v;
  mlir::OpBuilder &b;
  mlir::Location loc;
  Value scratch, row;
  int64_t accumulators, unroll, slots; // slots: registers of a row that stays in them, or 0
  Values registers;
  Leaves front, behind; // what is read in front of and behind a reduction
  Values results;       // the flat memory of what is yielded
  llvm::DenseSet<Value> fromRoot;
  mlir::Block &body;
};

/// Emits a rotation; `buffers`: inputs, then the result.
void emitRope(VectorBuilder &v, mlir::hone::KernelOp kernel, mlir::ValueRange buffers, mlir::Value lo,
              mlir::Value hi);

} // namespace hone
#endif
