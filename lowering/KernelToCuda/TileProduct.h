// Sums of products by tiles: result(row, column) = sum over k of left(row, k) * right(k, column), for a batch
// of such. Matrix products and convolutions say what left, right and the result are.
#ifndef HONE_LOWERING_KERNELTOCUDA_TILEPRODUCT_H
#define HONE_LOWERING_KERNELTOCUDA_TILEPRODUCT_H
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/kernels/RegionBuilder.h"

namespace hone {

/// One kernel. Subclasses give sizes and elements; this class gives the loops, on the f32 units: a block
/// computes a tile from tiles of both operands in shared memory, each thread 4 x 4 of it in registers.
class TileProduct {
public:
  /// `root`: the value in the region that is the sum. `manyRows`: whether more than 16 rows are to be
  /// expected.
  TileProduct(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
              mlir::Value root, bool manyRows)
      : b(b), loc(loc), kernel(kernel), buffers(buffers), root(root), rows(rowsOfTile(manyRows)),
        threads(threadsOf(manyRows)) {}
  virtual ~TileProduct() = default;

  void emit();

  static int64_t rowsOfTile(bool manyRows) { return manyRows ? 64 : 16; }
  static int64_t threadsOf(bool manyRows) { return rowsOfTile(manyRows) / own * (columns / own); }
  /// The grid for products of these sizes.
  static CudaLaunch launch(mlir::OpBuilder &b, mlir::Location loc, mlir::Value batch, mlir::Value m,
                           mlir::Value n, bool manyRows);

protected:
  struct Sizes {
    mlir::Value batch, m, n, k; // index
  };
  /// Called once, in front of all else.
  virtual Sizes sizes() = 0;
  /// Called once: the position of this block in the batch.
  virtual void enterBatch(mlir::Value position) = 0;
  /// Elements in range, of any float type up to f32.
  virtual mlir::Value left(RegionBuilder &region, mlir::Value row, mlir::Value k) = 0;
  virtual mlir::Value right(RegionBuilder &region, mlir::Value k, mlir::Value column) = 0;
  /// Whether memory runs along the rows or columns and not along k: threads follow it.
  virtual bool leftRunsAlongRows() = 0;
  virtual bool rightRunsAlongColumns() = 0;
  /// Where an element of the result stands in the root's tensor.
  virtual llvm::SmallVector<mlir::Value> resultIndices(mlir::Value row, mlir::Value column) = 0;
  /// What is added to a sum (f32) before the epilogue.
  virtual mlir::Value complete(RegionBuilder &region, mlir::Value sum, mlir::Value row) { return sum; }

  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value x, mlir::Value y), multiply(mlir::Value x, mlir::Value y),
      divide(mlir::Value x, mlir::Value y), modulo(mlir::Value x, mlir::Value y);
  mlir::Value widened(mlir::Value element); // to f32

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::hone::KernelOp kernel;
  mlir::ValueRange buffers;
  mlir::Value root;

private:
  static constexpr int64_t depth = 16, columns = 64, own = 4; // of tiles, of a tile, of a thread each way
  mlir::Value shared(llvm::StringRef name, int64_t width);
  void fill(mlir::Value tile, bool isLeft, mlir::Value first, mlir::Value k0);
  void finish(mlir::ValueRange sums, mlir::Value myRow, mlir::Value myColumn);

  int64_t rows, threads;
  Sizes size;
  mlir::Value row0, column0, thread;
};

} // namespace hone
#endif
