// Index arithmetic, broadcasting and loops for ops that build their elements.
#include "dialects/hone/ElementBuilder.h"
#include "dialects/hone/Float8.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::hone;

Type mlir::hone::storageType(Type elementType) {
  if (isFloat8(elementType))
    return IntegerType::get(elementType.getContext(), 8);
  auto integer = dyn_cast<IntegerType>(elementType);
  if (!integer)
    return elementType;
  return IntegerType::get(elementType.getContext(), integer.getWidth() == 4 ? 8 : integer.getWidth());
}

Value ElementBuilder::constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

Value ElementBuilder::scalar(Type storage, double value) {
  if (auto type = dyn_cast<FloatType>(storage))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(storage, int64_t(value)));
}

Value ElementBuilder::add(Value a, Value c) { return b.createOrFold<arith::AddIOp>(loc, a, c); }
Value ElementBuilder::sub(Value a, Value c) { return b.createOrFold<arith::SubIOp>(loc, a, c); }
Value ElementBuilder::mul(Value a, Value c) { return b.createOrFold<arith::MulIOp>(loc, a, c); }
Value ElementBuilder::minimum(Value a, Value c) { return b.createOrFold<arith::MinSIOp>(loc, a, c); }
Value ElementBuilder::maximum(Value a, Value c) { return b.createOrFold<arith::MaxSIOp>(loc, a, c); }

// A divisor of 0 can only come with an empty tensor, where nothing is computed; it must not trap all the
// same.
Value ElementBuilder::floorDiv(Value a, Value c) {
  return b.createOrFold<arith::FloorDivSIOp>(loc, a, maximum(c, constant(1)));
}
Value ElementBuilder::mod(Value a, Value c) {
  return b.createOrFold<arith::RemSIOp>(loc, a, maximum(c, constant(1)));
}

Value ElementBuilder::less(Value a, Value c) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, a, c);
}
Value ElementBuilder::equal(Value a, Value c) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, a, c);
}

Value ElementBuilder::toIndex(Value element, Type elementType) {
  bool isUnsigned = elementType.isUnsignedInteger() || elementType.isInteger(1);
  return isUnsigned ? b.createOrFold<arith::IndexCastUIOp>(loc, b.getIndexType(), element)
                    : b.createOrFold<arith::IndexCastOp>(loc, b.getIndexType(), element);
}

Value ElementBuilder::wrapIndex(Value index, Value size) {
  Value zero = constant(0);
  Value wrapped = b.createOrFold<arith::SelectOp>(loc, less(index, zero), add(index, size), index);
  return maximum(minimum(wrapped, sub(size, constant(1))), zero);
}

Value ElementBuilder::loadBroadcast(Value operand, Value result, ValueRange indices) {
  auto type = cast<RankedTensorType>(operand.getType());
  int64_t shift = int64_t(indices.size()) - type.getRank();
  SmallVector<Value> at;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    Value index = indices[axis + shift];
    if (type.getDimSize(axis) == 1) {
      at.push_back(constant(0));
    } else if (!type.isDynamicDim(axis) || sameDim(operand, axis, result, axis + shift)) {
      at.push_back(index);
    } else {
      Value isOne = equal(dim(operand, axis), constant(1));
      at.push_back(b.createOrFold<arith::SelectOp>(loc, isOne, constant(0), index));
    }
  }
  return load(operand, at);
}

SmallVector<Value> ElementBuilder::loop(Value count, ValueRange carried,
                                        function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loopOp = scf::ForOp::create(b, loc, constant(0), count, constant(1), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loopOp.getBody());
  SmallVector<Value> next = body(loopOp.getInductionVar(), loopOp.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(b, loc, next);
  return loopOp.getResults();
}
