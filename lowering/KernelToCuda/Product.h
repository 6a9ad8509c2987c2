// What kernels of products have in common, however they cut the work.
#ifndef HONE_LOWERING_KERNELTOCUDA_PRODUCT_H
#define HONE_LOWERING_KERNELTOCUDA_PRODUCT_H
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/kernels/RegionBuilder.h"

namespace hone {

/// A kernel around a sum of products: names for arithmetic, and how a sum leaves through the epilogue.
class Product {
public:
  /// `root`: the value in the region that is the sum.
  Product(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
          mlir::Value root)
      : b(b), loc(loc), kernel(kernel), buffers(buffers), root(root) {}
  virtual ~Product() = default;

protected:
  struct Sizes {
    mlir::Value batch, m, n, k; // index
  };
  /// Where an element of the result stands in the root's tensor.
  virtual llvm::SmallVector<mlir::Value> resultIndices(mlir::Value row, mlir::Value column) = 0;
  /// What is added to a sum (f32) before the epilogue.
  virtual mlir::Value complete(RegionBuilder &region, mlir::Value sum, mlir::Value row) { return sum; }

  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value x, mlir::Value y), multiply(mlir::Value x, mlir::Value y),
      divide(mlir::Value x, mlir::Value y), modulo(mlir::Value x, mlir::Value y);
  mlir::Value widened(mlir::Value element); // to f32
  mlir::Type elementType() { return mlir::cast<mlir::RankedTensorType>(root.getType()).getElementType(); }
  mlir::Value zero(mlir::Type type);
  /// Memory that the block shares, of this shape.
  mlir::Value shared(llvm::StringRef suffix, llvm::ArrayRef<int64_t> shape, mlir::Type element);
  /// D of mma.sync m16n8k16 = A * B + `sum` (4 x f32), which it becomes. Registers hold two neighbours along
  /// k
  /// (`pairRegister`).
  void multiplyTile(mlir::ValueRange left, mlir::ValueRange right, llvm::MutableArrayRef<mlir::Value> sum);
  /// A vector of two elements as mma.sync takes it: as it is for f16, its bits for bf16.
  mlir::Value pairRegister(mlir::Value pair);
  /// Puts a sum (f32) through the epilogue and stores what comes out, if it is inside of m and n.
  void store(mlir::Value sum, mlir::Value row, mlir::Value column);

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::hone::KernelOp kernel;
  mlir::ValueRange buffers;
  mlir::Value root;
  Sizes size;
};

} // namespace hone
#endif
