// Which scale belongs to an element and the arithmetic on both sides; which value a bit mask names.
#include "dialects/hone/Float8.h"
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }

/// Scales and zeros: a scalar, one a slice of `axis`, or one a block along it.
static LogicalResult checkScale(Operation *op, Shapes &shapes, Value input, Value scale, int64_t axis,
                                int64_t block) {
  if (!scale)
    return success();
  std::vector<DimExpr> dims = shapes.dims(input), mine = shapes.dims(scale);
  bool isScalar = llvm::all_of(mine, [](const DimExpr &d) { return d.is(1); });
  if (!block && isScalar)
    return success();
  if (axis < 0 || axis >= int64_t(dims.size()))
    return op->emitError("expected an axis below ") << dims.size() << ", got " << axis;
  if (!block) {
    if (mine.size() != 1 || !shapes.require(mine[0], dims[axis]))
      return op->emitError("expected one scale an element of axis ") << axis << ", got " << scale.getType();
    return success();
  }
  if (mine.size() != dims.size())
    return op->emitError("expected block scales of the input's rank, got ") << scale.getType();
  for (size_t i = 0; i < dims.size(); ++i)
    if (!shapes.require(mine[i], int64_t(i) == axis ? shapes.ceilDiv(dims[i], DimExpr(block)) : dims[i]))
      return op->emitError("expected one scale a block of ")
             << block << ", got " << scale.getType() << " for " << input.getType();
  return success();
}

/// The scale (or zero) of the element at `indices`.
static Value loadScale(ElementBuilder &b, Value scale, ValueRange indices, int64_t axis, int64_t block) {
  auto type = cast<RankedTensorType>(scale.getType());
  SmallVector<Value> at;
  if (block) {
    at.assign(indices.begin(), indices.end());
    at[axis] = b.floorDiv(indices[axis], b.constant(block));
  } else {
    at.assign(type.getRank(), type.getRank() && type.getNumElements() != 1 ? indices[axis] : b.constant(0));
  }
  return b.load(scale, at);
}

static Value toFloat(ElementBuilder &b, Value x, Type element, Type to) {
  if (isFloat8(element)) {
    x = widenFloat8(b.b, b.loc, x);
    element = x.getType();
  }
  if (isa<FloatType>(element)) {
    if (x.getType() == to)
      return x;
    return x.getType().getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth()
               ? arith::ExtFOp::create(b.b, b.loc, to, x).getResult()
               : arith::TruncFOp::create(b.b, b.loc, to, x).getResult();
  }
  return element.isUnsignedInteger() ? arith::UIToFPOp::create(b.b, b.loc, to, x).getResult()
                                     : arith::SIToFPOp::create(b.b, b.loc, to, x).getResult();
}

LogicalResult DequantizeOp::inferShapes(Shapes &shapes) {
  int64_t axis = getAxis(), block = getBlock();
  if (failed(checkScale(*this, shapes, getInput(), getScale(), axis, block)) ||
      failed(checkScale(*this, shapes, getInput(), getZero(), axis, block)))
    return failure();
  if (!isa<FloatType>(elementType(getScale())))
    return emitError("expected floating point scales, got ") << elementType(getScale());
  shapes.setResult(cast<OpResult>(getResult()), elementType(getScale()), shapes.dims(getInput()));
  return success();
}

Value DequantizeOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Type element = elementType(getInput()), result = elementType(getScale());
  Type wide = result.isF64() ? result : Type(b.b.getF32Type());
  Value q = b.load(getInput(), indices);
  // Differences of integers are exact: subtract before converting.
  if (getZero() && isa<IntegerType>(element) && isa<IntegerType>(elementType(getZero()))) {
    Value zero = loadScale(b, getZero(), indices, getAxis(), getBlock());
    auto extend = [&](Value x, Type from) -> Value {
      if (x.getType().isInteger(32))
        return x;
      return from.isUnsignedInteger() ? arith::ExtUIOp::create(b.b, b.loc, b.b.getI32Type(), x).getResult()
                                      : arith::ExtSIOp::create(b.b, b.loc, b.b.getI32Type(), x).getResult();
    };
    q = arith::SIToFPOp::create(
        b.b, b.loc, wide,
        arith::SubIOp::create(b.b, b.loc, extend(q, element), extend(zero, elementType(getZero()))));
  } else {
    q = toFloat(b, q, element, wide);
    if (getZero())
      q = arith::SubFOp::create(
          b.b, b.loc, q,
          toFloat(b, loadScale(b, getZero(), indices, getAxis(), getBlock()), elementType(getZero()), wide));
  }
  Value y = arith::MulFOp::create(
      b.b, b.loc, q, toFloat(b, loadScale(b, getScale(), indices, getAxis(), getBlock()), result, wide));
  return toFloat(b, y, wide, result);
}

LogicalResult QuantizeOp::inferShapes(Shapes &shapes) {
  int64_t axis = getAxis(), block = getBlock();
  if (failed(checkScale(*this, shapes, getInput(), getScale(), axis, block)) ||
      failed(checkScale(*this, shapes, getInput(), getZero(), axis, block)))
    return failure();
  if (!isa<IntegerType>(getTo()) && !isFloat8(getTo()))
    return emitError("expected an integer type or f8E4M3FN to quantize to, got ") << getTo();
  shapes.setResult(cast<OpResult>(getResult()), getTo(), shapes.dims(getInput()));
  return success();
}

Value QuantizeOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Type element = elementType(getInput()), wide = element.isF64() ? element : Type(b.b.getF32Type());
  Value x = toFloat(b, b.load(getInput(), indices), element, wide);
  Value scale =
      toFloat(b, loadScale(b, getScale(), indices, getAxis(), getBlock()), elementType(getScale()), wide);
  Value y = arith::DivFOp::create(b.b, b.loc, x, scale);
  bool isFloat = isFloat8(getTo());
  if (!isFloat)
    y = math::RoundEvenOp::create(b.b, b.loc, y);
  if (getZero())
    y = arith::AddFOp::create(
        b.b, b.loc, y,
        toFloat(b, loadScale(b, getZero(), indices, getAxis(), getBlock()), elementType(getZero()), wide));
  if (isFloat)
    return roundToFloat8(b.b, b.loc, toFloat(b, y, wide, b.b.getF32Type()));
  unsigned bits = getTo().getIntOrFloatBitWidth();
  bool isUnsigned = getTo().isUnsignedInteger();
  double low = isUnsigned ? 0 : -std::ldexp(1.0, bits - 1),
         high = std::ldexp(1.0, isUnsigned ? bits : bits - 1) - 1;
  if (bits == 32 && !wide.isF64()) // the largest f32 below 2^31 or 2^32
    high = std::nextafterf(float(high + 1), 0);
  y = arith::MinNumFOp::create(b.b, b.loc, arith::MaxNumFOp::create(b.b, b.loc, y, b.scalar(wide, low)),
                               b.scalar(wide, high));
  Type storage = storageType(getTo());
  return isUnsigned ? arith::FPToUIOp::create(b.b, b.loc, storage, y).getResult()
                    : arith::FPToSIOp::create(b.b, b.loc, storage, y).getResult();
}

LogicalResult DecompressOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> values = shapes.dims(getValues()), mask = shapes.dims(getMask());
  int64_t columns = getColumns();
  if (values.size() != 1 || values[0].is(0) || !isa<FloatType>(elementType(getValues())))
    return emitError("expected a vector of one or more floats as values, got ") << getValues().getType();
  for (Value bits : {getMask(), getStarts()})
    if (!elementType(bits).isSignlessInteger(32) || shapes.rank(bits) != 2)
      return emitError("expected a matrix of i32 as mask and starts, got ") << bits.getType();
  std::vector<DimExpr> starts = shapes.dims(getStarts());
  if (columns < 0 || !shapes.require(mask[0], DimExpr((columns + 31) / 32)) ||
      !shapes.require(mask[0], starts[0]) || !shapes.require(mask[1], starts[1]))
    return emitError("expected a mask and a start for every 32 of ")
           << columns << " columns, got " << getMask().getType() << " and " << getStarts().getType();
  shapes.setResult(cast<OpResult>(getResult()), elementType(getValues()), {mask[1], DimExpr(columns)});
  return success();
}

Value DecompressOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Type i32 = b.b.getI32Type();
  SmallVector<Value> at = {b.floorDiv(indices[1], b.constant(32)), indices[0]};
  Value bit = arith::IndexCastOp::create(b.b, b.loc, i32, b.mod(indices[1], b.constant(32)));
  Value mask = b.load(getMask(), at), one = b.scalar(i32, 1);
  Value flag = arith::ShLIOp::create(b.b, b.loc, one, bit);
  Value lower = arith::AndIOp::create(b.b, b.loc, mask, arith::SubIOp::create(b.b, b.loc, flag, one));
  Value place = b.add(b.toIndex(b.load(getStarts(), at), i32),
                      b.toIndex(math::CtPopOp::create(b.b, b.loc, lower), i32));
  place = b.maximum(b.minimum(place, b.sub(b.dim(getValues(), 0), b.constant(1))), b.constant(0));
  Value value = b.load(getValues(), place);
  Value isStored = arith::CmpIOp::create(b.b, b.loc, arith::CmpIPredicate::ne,
                                         arith::AndIOp::create(b.b, b.loc, mask, flag), b.scalar(i32, 0));
  return arith::SelectOp::create(b.b, b.loc, isStored, value, b.scalar(value.getType(), 0));
}
