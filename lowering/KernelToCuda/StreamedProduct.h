// Few rows times a weight: result(row, column) = sum over k of left(row, k) * weight(column, k), on tensor
// cores, where the time goes into reading the weight. What a weight looks like in memory is a subclass's.
#ifndef HONE_LOWERING_KERNELTOCUDA_STREAMEDPRODUCT_H
#define HONE_LOWERING_KERNELTOCUDA_STREAMEDPRODUCT_H
#include "lowering/KernelToCuda/Product.h"

namespace hone {

/// The weight is the left operand of mma.sync (16 columns of the result by 16 steps of k) and comes from
/// global memory straight into registers; rows are the right operand, 8 at a time. The warps of a block share
/// k, and their sums meet in shared memory once. A weight is read once for a tile of rows, so one row costs
/// what the weight's bytes cost. The left operand is a buffer of f16 or bf16 whose last axis is k; its
/// leading axes are all rows.
class StreamedProduct : public Product {
public:
  static constexpr int64_t columns = 16, chunk = 64; // of a tile; steps of k that a warp takes at once
  /// What host code and kernel must agree on.
  struct Form {
    int64_t n, k, rows; // rows: of a tile, a multiple of 8
    int64_t run = 8;    // neighbours along k that a lane has of a chunk: 8 of each half, or 16
    int64_t tiles() const { return (n + columns - 1) / columns; }
    int64_t chunks() const { return (k + chunk - 1) / chunk; }
    int64_t warps() const { return chunks() >= 16 ? 8 : 4; }
  };

  StreamedProduct(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                  mlir::ValueRange buffers, mlir::hone::MatmulOp matmul, Form form);
  void emit();
  /// The grid for that many rows (host code).
  static CudaLaunch launch(mlir::OpBuilder &b, mlir::Location loc, mlir::Value rows, Form form);

protected:
  /// What this lane reads of the weight for chunk `number`, in an order of the subclass's own. Several chunks
  /// are loaded before the first is used.
  virtual llvm::SmallVector<mlir::Value> loadChunk(mlir::Value number) = 0;
  /// Adds the products of a chunk to `sums`: 4 registers for every 8 rows.
  virtual void accumulate(mlir::Value number, llvm::ArrayRef<mlir::Value> loaded,
                          llvm::MutableArrayRef<mlir::Value> sums) = 0;
  llvm::SmallVector<mlir::Value> resultIndices(mlir::Value row, mlir::Value column) override;

  /// 8 neighbours along k of every group of 8 rows: those this lane needs for half of the steps of a chunk
  /// (stepOf), 0 behind the last.
  llvm::SmallVector<mlir::Value> loadRows(mlir::Value number, int64_t half);
  /// Adds left * rows for 16 of the 32 steps that `rows` covers: the first (`part` 0) or the last 4 of each
  /// lane's 8 neighbours.
  void multiplyPart(mlir::ValueRange left, llvm::ArrayRef<mlir::Value> rows, int64_t part,
                    llvm::MutableArrayRef<mlir::Value> sums);
  /// Where this lane's 8 neighbours of a half start: halves are steps [0, 32) and [32, 64), or with runs of
  /// 16 the first and the last 8 of each.
  mlir::Value stepOf(mlir::Value number, int64_t half);
  /// 8 elements from `indices` on, whose last is a step of k: 0 where that is behind the last one.
  mlir::Value loadSteps(mlir::Value buffer, mlir::ArrayRef<mlir::Value> leading, mlir::Value step);
  mlir::Value loadVector(mlir::Value buffer, mlir::ValueRange indices, mlir::VectorType type);
  mlir::Value registerOf(mlir::Value vector, int64_t first); // two neighbours of a vector

  Form form;
  int64_t tokens;         // groups of 8 rows in a tile
  mlir::Value tile, lane; // the block's columns; of this thread
  mlir::Value g, t;       // lane / 4, lane % 4

private:
  llvm::SmallVector<mlir::Value> sumChunks(mlir::Value warp);

  mlir::Value lhs;
  llvm::SmallVector<mlir::Value> extents;
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> rowIndices;
};

} // namespace hone
#endif
