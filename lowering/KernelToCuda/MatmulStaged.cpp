// Elements, sizes and operands of products.
#include "lowering/KernelToCuda/MatmulStaged.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

bool isOneMatrix(MatmulOp op) { return typeOf(op.getRhs()).getRank() == 2 && !op.getTransposeA(); }

//===-- places ---------------------------------------------------------------------===//

MatmulPlace::MatmulPlace(OpBuilder &b, Location loc, MatmulOp op, bool isFlat)
    : DeviceBuilder(b, loc), op(op), rank(typeOf(op.getResult()).getRank()), isFlat(isFlat) {}

std::array<Value, 4> MatmulPlace::sizes(RegionBuilder &region) {
  Value product = constant(1), result = op.getResult();
  for (int64_t axis = 0; axis < rank - 2; ++axis) {
    extents.push_back(region.dim(result, axis));
    product = multiply(product, extents.back());
  }
  rows = region.dim(result, rank - 2);
  int64_t last = typeOf(op.getLhs()).getRank() - 1;
  Value n = region.dim(result, rank - 1), k = region.dim(op.getLhs(), op.getTransposeA() ? last - 1 : last);
  if (isFlat)
    return {constant(1), multiply(product, rows), n, k};
  return {product, rows, n, k};
}
void MatmulPlace::enterBatch(Value position) {
  at = isFlat ? SmallVector<Value>() : indicesOf(position, extents);
}
SmallVector<Value> MatmulPlace::resultIndices(Value row, Value column) {
  SmallVector<Value> indices = isFlat ? indicesOf(divide(row, rows), extents) : at;
  indices.append({isFlat && rank > 2 ? modulo(row, rows) : row, column});
  return indices;
}
SmallVector<Value> MatmulPlace::leadingOf(RegionBuilder &region, Value operand) {
  auto type = typeOf(operand);
  int64_t shift = rank - type.getRank();
  SmallVector<Value> indices;
  for (int64_t axis = 0; axis < type.getRank() - 2; ++axis) {
    Value index = isFlat ? constant(0) : at[axis + shift];
    if (type.getDimSize(axis) == 1)
      index = constant(0);
    else if (type.isDynamicDim(axis) && !region.sameDim(operand, axis, op.getResult(), axis + shift))
      index = select(region.equal(region.dim(operand, axis), constant(1)), constant(0), index);
    indices.push_back(index);
  }
  return indices;
}

//===-- stages -----------------------------------------------------------------------===//

MatmulStaged::MatmulStaged(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, Form form,
                           Value weight)
    : StagedProduct(b, loc, kernel, buffers, matmulOf(kernel).getResult(), form), op(matmulOf(kernel)),
      region(b, loc, kernel, buffers), place(b, loc, op, isOneMatrix(op)), weight(weight) {}

Product::Sizes MatmulStaged::sizes() {
  auto [batch, m, n, k] = place.sizes(region);
  return {batch, m, n, k};
}

StagedProduct::Matrix MatmulStaged::right() {
  return weight ? matrixOf(weight) : matrix(op.getRhs(), op.getTransposeB());
}

StagedProduct::Matrix MatmulStaged::matrixOf(Value buffer) {
  return {memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer), size.k, true, constant(0)};
}

StagedProduct::Matrix MatmulStaged::matrix(Value operand, bool alongK) {
  Value buffer = buffers[cast<BlockArgument>(operand).getArgNumber()], position = constant(0);
  int64_t rank = typeOf(operand).getRank();
  for (auto [axis, index] : llvm::enumerate(place.leadingOf(region, operand)))
    position = add(multiply(position, region.dim(operand, axis)), index);
  Value pitch = region.dim(operand, rank - 1);
  Value line = multiply(position, region.dim(operand, rank - 2));
  Value bytes = multiply(line, multiply(pitch, constant(2)));
  return {add(memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer), bytes), pitch, alongK, line};
}

//===-- host code --------------------------------------------------------------------===//

MatmulSizes::MatmulSizes(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, bool isFlat)
    : b(b), loc(loc), op(matmulOf(kernel)), buffers(buffers) {
  Value result = buffers[kernel.getNumOperands()]; // every result has the product's shape
  int64_t rank = cast<MemRefType>(result.getType()).getRank();
  batch = isFlat ? constant(1) : ::hone::sizeProduct(b, loc, result, rank - 2);
  m = isFlat ? ::hone::sizeProduct(b, loc, result, rank - 1)
             : b.createOrFold<memref::DimOp>(loc, result, rank - 2);
  n = b.createOrFold<memref::DimOp>(loc, result, rank - 1);
}
Value MatmulSizes::constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
Value MatmulSizes::compare(arith::CmpIPredicate how, Value x, int64_t y) {
  return b.createOrFold<arith::CmpIOp>(loc, how, x, constant(y));
}
Value MatmulSizes::areAligned() {
  Value all = arith::ConstantIntOp::create(b, loc, b.getI1Type(), 1);
  for (Value operand : {op.getLhs(), op.getRhs()})
    if (typeOf(operand).isDynamicDim(typeOf(operand).getRank() - 1)) {
      Value buffer = buffers[cast<BlockArgument>(operand).getArgNumber()];
      Value line = memref::DimOp::create(b, loc, buffer, typeOf(operand).getRank() - 1);
      Value rest = arith::RemUIOp::create(b, loc, line, constant(8));
      all = arith::AndIOp::create(b, loc, all, compare(arith::CmpIPredicate::eq, rest, 0));
      all = arith::AndIOp::create(b, loc, all, compare(arith::CmpIPredicate::ne, line, 0));
    }
  return all;
}

} // namespace hone
