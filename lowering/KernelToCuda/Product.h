// What kernels of products have in common, however they cut the work.
#ifndef HONE_LOWERING_KERNELTOCUDA_PRODUCT_H
#define HONE_LOWERING_KERNELTOCUDA_PRODUCT_H
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/KernelToCuda/DeviceBuilder.h"
#include "lowering/kernels/RegionBuilder.h"

namespace hone {

/// A kernel around a sum of products: how a sum leaves through the epilogue.
class Product : public DeviceBuilder {
public:
  /// `root`: the value in the region that is the sum.
  Product(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
          mlir::Value root)
      : DeviceBuilder(b, loc), kernel(kernel), buffers(buffers), root(root) {}
  virtual ~Product() = default;

protected:
  struct Sizes {
    mlir::Value batch, m, n, k; // index
  };
  /// Where an element of the result stands in the root's tensor.
  virtual llvm::SmallVector<mlir::Value> resultIndices(mlir::Value row, mlir::Value column) = 0;
  /// What becomes of a sum (f32) before the epilogue.
  virtual mlir::Value complete(RegionBuilder &region, mlir::Value sum, mlir::Value row, mlir::Value column) {
    return sum;
  }

  mlir::Type elementType() { return mlir::cast<mlir::RankedTensorType>(root.getType()).getElementType(); }
  /// Puts sums (f32) of neighbouring columns from `column` on, a multiple of their number, through the
  /// epilogue and stores what comes out, where it is inside of m and n.
  void store(mlir::ValueRange sums, mlir::Value row, mlir::Value column);

  mlir::hone::KernelOp kernel;
  mlir::ValueRange buffers;
  mlir::Value root;
  Sizes size;

private:
  void storeInside(mlir::ValueRange sums, mlir::Value row, mlir::Value column);
};

/// The product that a kernel is made around.
inline mlir::hone::MatmulOp matmulOf(mlir::hone::KernelOp kernel) {
  return *kernel.getBody().front().getOps<mlir::hone::MatmulOp>().begin();
}

} // namespace hone
#endif
