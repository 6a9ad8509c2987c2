// Sums of products by tiles: result(row, column) = sum over k of left(row, k) * right(k, column), for a batch
// of such. Matrix products and convolutions say what left, right and the result are.
#ifndef HONE_LOWERING_KERNELTOCUDA_TILEPRODUCT_H
#define HONE_LOWERING_KERNELTOCUDA_TILEPRODUCT_H
#include "lowering/KernelToCuda/Product.h"

namespace hone {

/// One kernel. Subclasses give sizes and elements; this class gives the loops: a block computes a tile from
/// tiles of both operands in shared memory. f32 runs on the f32 units, each thread 4 x 4 of the tile in
/// registers; f16 and bf16 on the tensor cores (mma.sync m16n8k16, sums in f32).
class TileProduct : public Product {
public:
  /// How a product is cut: what host code and kernel must agree on.
  struct Form {
    bool manyRows;   ///< more than 16 rows are to be expected
    bool tensorCore; ///< operands are f16 or bf16
    int64_t rows() const { return manyRows ? 64 : 16; }
    int64_t threads() const { return tensorCore ? 128 : rows() / own * (columns / own); }
  };

  TileProduct(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
              mlir::Value root, Form form)
      : Product(b, loc, kernel, buffers, root), form(form) {}

  void emit();

  static Form formOf(mlir::Type element, bool manyRows) {
    return {manyRows, element.isF16() || element.isBF16()};
  }
  /// The grid for products of these sizes.
  static CudaLaunch launch(mlir::OpBuilder &b, mlir::Location loc, mlir::Value batch, mlir::Value m,
                           mlir::Value n, Form form);

protected:
  /// Called once, in front of all else.
  virtual Sizes sizes() = 0;
  /// Called once: the position of this block in the batch.
  virtual void enterBatch(mlir::Value position) = 0;
  /// Elements in range, of the root's element type.
  virtual mlir::Value left(RegionBuilder &region, mlir::Value row, mlir::Value k) = 0;
  virtual mlir::Value right(RegionBuilder &region, mlir::Value k, mlir::Value column) = 0;
  /// Whether memory runs along the rows or columns and not along k: threads follow it.
  virtual bool leftRunsAlongRows() = 0;
  virtual bool rightRunsAlongColumns() = 0;

private:
  static constexpr int64_t columns = 64, own = 4; // of the result's tile, of a thread each way
  /// A tile of an operand in shared memory: [depth, width], or [width, depth] with padded rows.
  struct Tile {
    mlir::Value memory;
    bool isLeft, depthFirst;
    int64_t depth, width;
  };
  void emitScalar();
  void emitTensor();
  Tile makeTile(bool isLeft, int64_t depth, bool depthFirst, int64_t padding, mlir::Type type);
  void fill(const Tile &tile, mlir::Value k0);
  void leaveTiles(int64_t depth);
  mlir::Value sumTile(); // of the block, in shared memory
  void storeTile(mlir::Value memory);
  mlir::Value pair(const Tile &tile, mlir::Value row, mlir::Value k);

  Form form;
  mlir::Value row0, column0, thread;
};

} // namespace hone
#endif
