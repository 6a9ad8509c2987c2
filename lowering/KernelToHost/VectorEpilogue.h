// The ops behind a kernel's root, applied to accumulator registers: each op builds its vector form from its
// scalar one (ElementwiseOpInterface). The result is a matrix: its last axes are the columns, those before
// the rows. An operand has its shape, one of its rows, a number for every row (or for the last of the axes
// behind rows), or one element.
#ifndef HONE_LOWERING_KERNELTOHOST_VECTOREPILOGUE_H
#define HONE_LOWERING_KERNELTOHOST_VECTOREPILOGUE_H
#include "lowering/KernelToHost/VectorBuilder.h"
#include "llvm/ADT/MapVector.h"

namespace hone {

class VectorEpilogue {
public:
  /// Reads scalar operands at the builder's position, which must dominate all uses. `buffers`: inputs, then
  /// results.
  VectorEpilogue(VectorBuilder &v, mlir::hone::KernelOp kernel, mlir::Value root, mlir::ValueRange buffers,
                 int64_t columnAxes = 1);

  /// Asks for what `finish` will read of operands with the result's shape: their rows are far apart, and a
  /// tile's work hides the wait.
  void prefetch(mlir::Value first, mlir::Value n, bool isAligned, mlir::ArrayRef<mlir::Value> rows);

  /// Applies the ops to `sums` (f32), one register at columns [first, first + lanes) for each of `rows`, and
  /// stores. The result has `n` columns; `isAligned` says that no register reaches over them.
  void finish(mlir::Value first, mlir::Value n, bool isAligned, mlir::ArrayRef<mlir::Value> rows,
              mlir::ArrayRef<mlir::Value> sums);
  /// The same for the lanes that `mask` names (null: all).
  void finish(mlir::Value first, mlir::Value mask, mlir::ArrayRef<mlir::Value> rows,
              mlir::ArrayRef<mlir::Value> sums);

private:
  /// One register's worth of columns in a tile, with what its rows share.
  struct Columns {
    mlir::Value first;
    mlir::Value mask; // null: all lanes are columns of the result
    llvm::DenseMap<mlir::Value, mlir::Value> shared;
  };

  Columns columns(mlir::Value first, mlir::Value mask);
  void store(Columns &columns, mlir::Value row, mlir::Value accumulator);
  enum class Kind { Full, Row, Column, Scalar };
  using Cache = llvm::DenseMap<mlir::Value, mlir::Value>;

  mlir::Value asElements(mlir::Value stored, mlir::Type elementType);
  mlir::Value loadElements(mlir::Value memory, mlir::Type elementType, mlir::ValueRange at, mlir::Value mask);
  mlir::Value evaluate(mlir::Value value, Columns &columns, mlir::Value row, Cache &known);

  VectorBuilder &v;
  mlir::Value root, yielded, result;
  llvm::MapVector<mlir::Value, Kind> kinds; // of the region's arguments that the ops read
  Cache views; // argument -> its buffer in the form its kind is read in; a scalar's value
};

} // namespace hone
#endif
