// The epilogue of kernels of products.
#include "lowering/KernelToCuda/Product.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

void Product::store(Value sum, Value row, Value column) {
  auto type = cast<RankedTensorType>(root.getType());
  Value isInside =
      arith::AndIOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, row, size.m),
                            arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, column, size.n));
  auto inside = scf::IfOp::create(b, loc, isInside);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(inside.thenBlock());
  RegionBuilder region(b, loc, kernel, buffers);
  sum = complete(region, sum, row);
  if (!type.getElementType().isF32())
    sum = arith::TruncFOp::create(b, loc, type.getElementType(), sum);
  SmallVector<Value> indices = resultIndices(row, column), clipped(indices);
  region.define(root, indices, sum);
  // Readers ask for index 0 where a size is 1.
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (type.getDimSize(axis) == 1)
      clipped[axis] = constant(0);
  region.define(root, clipped, sum);
  for (auto [index, value] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands()))
    memref::StoreOp::create(b, loc, region.storedElement(value, indices),
                            buffers[kernel.getNumOperands() + index], indices);
}

} // namespace hone
