// The epilogue of kernels of products.
#include "lowering/KernelToCuda/Product.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

void Product::store(ValueRange sums, Value row, Value column) {
  int64_t columns = cast<RankedTensorType>(root.getType()).getShape().back(), count = sums.size();
  bool areAlike = !ShapedType::isDynamic(columns) && columns % count == 0; // all inside, or none
  for (int64_t i = 0; i < count; i += areAlike ? count : 1) {
    Value at = add(column, constant(i));
    Value isInside = arith::AndIOp::create(b, loc, less(row, size.m), less(at, size.n));
    auto inside = scf::IfOp::create(b, loc, isInside);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(inside.thenBlock());
    storeInside(areAlike ? sums : sums.slice(i, 1), row, at);
  }
}

void Product::storeInside(ValueRange sums, Value row, Value column) {
  auto type = cast<RankedTensorType>(root.getType());
  RegionBuilder region(b, loc, kernel, buffers);
  SmallVector<SmallVector<Value>> places;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value element = complete(region, sum, row, add(column, constant(i)));
    if (!type.getElementType().isF32())
      element = arith::TruncFOp::create(b, loc, type.getElementType(), element);
    SmallVector<Value> indices = resultIndices(row, add(column, constant(i))), clipped(indices);
    region.define(root, indices, element);
    // Readers ask for index 0 where a size is 1.
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.getDimSize(axis) == 1)
        clipped[axis] = constant(0);
    region.define(root, clipped, element);
    places.push_back(indices);
  }
  for (auto [index, value] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands())) {
    Value to = buffers[kernel.getNumOperands() + index];
    SmallVector<Value> elements;
    for (ArrayRef<Value> indices : places)
      elements.push_back(region.storedElement(value, indices));
    if (elements.size() == 1) {
      memref::StoreOp::create(b, loc, elements[0], to, places[0]);
      continue;
    }
    auto vector = VectorType::get({int64_t(elements.size())}, elements[0].getType());
    auto stored = vector::StoreOp::create(b, loc, vector::FromElementsOp::create(b, loc, vector, elements),
                                          to, places[0]);
    // Rows are multiples of the vector's length.
    int64_t bytes = elements.size() * std::max(elements[0].getType().getIntOrFloatBitWidth() / 8, 1u);
    stored->setAttr("alignment", b.getI64IntegerAttr(std::min<int64_t>(bytes, 16)));
  }
}

} // namespace hone
