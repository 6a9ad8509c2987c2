// Reductions: one loop nest over the reduced dimensions an element. 16-bit floats accumulate in f32.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }

/// Loops over all positions of `axes`, carrying values.
static SmallVector<Value> loopOver(ElementBuilder &b, Value tensor, ArrayRef<int64_t> axes,
                                   SmallVector<Value> &at, ValueRange carried,
                                   function_ref<SmallVector<Value>(ValueRange)> body) {
  if (axes.empty())
    return body(carried);
  return b.loop(b.dim(tensor, axes.front()), carried, [&](Value i, ValueRange inner) {
    at[axes.front()] = i;
    return loopOver(b, tensor, axes.drop_front(), at, inner, body);
  });
}

LogicalResult ReduceOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims;
  for (auto [axis, dim] : llvm::enumerate(shapes.dims(getInput()))) {
    if (!llvm::is_contained(getAxes(), int64_t(axis)))
      dims.push_back(dim);
    else if (getKeepdims())
      dims.push_back(DimExpr(1));
  }
  for (int64_t axis : getAxes())
    if (axis < 0 || axis >= shapes.rank(getInput()))
      return emitError("expected an axis below ") << shapes.rank(getInput()) << ", got " << axis;
  shapes.setResult(cast<OpResult>(getResult()), elementType(getInput()), dims);
  auto known = shapes.contents(getInput());
  if (!known || known->empty() || int64_t(getAxes().size()) != shapes.rank(getInput()))
    return success();
  DimExpr total = known->front();
  for (const DimExpr &element : ArrayRef<DimExpr>(*known).drop_front())
    switch (getKind()) {
    case ReduceKind::sum:
      total = total + element;
      break;
    case ReduceKind::prod:
      total = total * element;
      break;
    case ReduceKind::max:
      total = shapes.max(total, element);
      break;
    case ReduceKind::min:
      total = shapes.min(total, element);
      break;
    default:
      return success();
    }
  if (getKind() == ReduceKind::sum || getKind() == ReduceKind::prod || getKind() == ReduceKind::max ||
      getKind() == ReduceKind::min)
    shapes.setContents(getResult(), {total});
  return success();
}

Value ReduceOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Type element = elementType(getInput()), storage = storageType(element);
  bool isFloat = isa<FloatType>(storage), isHalf = storage.isF16() || storage.isBF16(),
       isUnsigned = element.isUnsignedInteger();
  Type sum = isHalf ? Type(b.b.getF32Type()) : storage;
  int64_t rank = cast<RankedTensorType>(getInput().getType()).getRank();
  SmallVector<Value> at(rank);
  for (int64_t axis = 0, from = 0; axis < rank; ++axis) {
    bool reduced = llvm::is_contained(getAxes(), axis);
    if (!reduced || getKeepdims())
      at[axis] = indices[from++];
  }
  ReduceKind kind = getKind();
  Value first;
  if (kind == ReduceKind::prod) {
    first = b.scalar(sum, 1);
  } else if (kind == ReduceKind::max || kind == ReduceKind::min) {
    bool isMax = kind == ReduceKind::max;
    if (isFloat) {
      double infinity = std::numeric_limits<double>::infinity();
      first = b.scalar(sum, isMax ? -infinity : infinity);
    } else {
      unsigned bits = storage.getIntOrFloatBitWidth();
      APInt lowest = isUnsigned || bits == 1 ? APInt::getZero(bits) : APInt::getSignedMinValue(bits);
      APInt highest = isUnsigned || bits == 1 ? APInt::getAllOnes(bits) : APInt::getSignedMaxValue(bits);
      first = arith::ConstantOp::create(b.b, b.loc, b.b.getIntegerAttr(storage, isMax ? lowest : highest));
    }
  } else {
    first = b.scalar(sum, 0);
  }
  Value total = loopOver(b, getInput(), getAxes(), at, first, [&](ValueRange carried) -> SmallVector<Value> {
    Value x = b.load(getInput(), at), acc = carried[0];
    // The order of a sum or product is free, so that it can run on vectors.
    auto make = [&](auto floatOp, auto intOp, Value y) -> Value {
      if (isFloat)
        return decltype(floatOp)::create(b.b, b.loc, acc, y, arith::FastMathFlags::reassoc);
      return decltype(intOp)::create(b.b, b.loc, acc, y);
    };
    if (isHalf)
      x = arith::ExtFOp::create(b.b, b.loc, sum, x);
    switch (kind) {
    case ReduceKind::sum:
    case ReduceKind::mean:
      return {make(arith::AddFOp(), arith::AddIOp(), x)};
    case ReduceKind::prod:
      return {make(arith::MulFOp(), arith::MulIOp(), x)};
    case ReduceKind::max:
      return {isUnsigned || storage.isInteger(1) ? make(arith::MaximumFOp(), arith::MaxUIOp(), x)
                                                 : make(arith::MaximumFOp(), arith::MaxSIOp(), x)};
    case ReduceKind::min:
      return {isUnsigned || storage.isInteger(1) ? make(arith::MinimumFOp(), arith::MinUIOp(), x)
                                                 : make(arith::MinimumFOp(), arith::MinSIOp(), x)};
    case ReduceKind::l1:
      x = isFloat      ? math::AbsFOp::create(b.b, b.loc, x).getResult()
          : isUnsigned ? x
                       : math::AbsIOp::create(b.b, b.loc, x).getResult();
      return {make(arith::AddFOp(), arith::AddIOp(), x)};
    case ReduceKind::sum_square:
      x = isFloat ? arith::MulFOp::create(b.b, b.loc, x, x).getResult()
                  : arith::MulIOp::create(b.b, b.loc, x, x).getResult();
      return {make(arith::AddFOp(), arith::AddIOp(), x)};
    }
    return {acc};
  })[0];
  if (kind == ReduceKind::mean) {
    Value count = b.constant(1);
    for (int64_t axis : getAxes())
      count = b.mul(count, b.dim(getInput(), axis));
    if (isFloat) {
      Value n = arith::SIToFPOp::create(b.b, b.loc, sum,
                                        arith::IndexCastOp::create(b.b, b.loc, b.b.getI64Type(), count));
      total = arith::DivFOp::create(b.b, b.loc, total, n);
    } else {
      Value n = arith::IndexCastOp::create(b.b, b.loc, storage, b.maximum(count, b.constant(1)));
      total = isUnsigned ? arith::DivUIOp::create(b.b, b.loc, total, n).getResult()
                         : arith::DivSIOp::create(b.b, b.loc, total, n).getResult();
    }
  }
  return isHalf ? arith::TruncFOp::create(b.b, b.loc, storage, total).getResult() : total;
}

LogicalResult ArgReduceOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims = shapes.dims(getInput());
  if (getAxis() >= dims.size())
    return emitError("expected an axis below ") << dims.size() << ", got " << getAxis();
  if (getKeepdims())
    dims[getAxis()] = DimExpr(1);
  else
    dims.erase(dims.begin() + getAxis());
  shapes.setResult(cast<OpResult>(getResult()), IntegerType::get(getContext(), 64), dims);
  return success();
}

Value ArgReduceOp::buildElement(ElementBuilder &b, ValueRange indices) {
  SmallVector<Value> at(indices);
  if (!getKeepdims())
    at.insert(at.begin() + getAxis(), Value());
  at[getAxis()] = b.constant(0);
  Type element = elementType(getInput());
  Value first = b.load(getInput(), at);
  Value best =
      b.loop(b.dim(getInput(), getAxis()), {first, b.constant(0)},
             [&](Value i, ValueRange carried) -> SmallVector<Value> {
               at[getAxis()] = i;
               Value x = b.load(getInput(), at), better;
               if (isa<FloatType>(element)) {
                 using P = arith::CmpFPredicate;
                 P predicate = getMin() ? (getLast() ? P::OLE : P::OLT) : (getLast() ? P::OGE : P::OGT);
                 better = arith::CmpFOp::create(b.b, b.loc, predicate, x, carried[0]);
               } else {
                 using P = arith::CmpIPredicate;
                 bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
                 P signedP = getMin() ? (getLast() ? P::sle : P::slt) : (getLast() ? P::sge : P::sgt);
                 P unsignedP = getMin() ? (getLast() ? P::ule : P::ult) : (getLast() ? P::uge : P::ugt);
                 better = arith::CmpIOp::create(b.b, b.loc, isUnsigned ? unsignedP : signedP, x, carried[0]);
               }
               return {arith::SelectOp::create(b.b, b.loc, better, x, carried[0]),
                       arith::SelectOp::create(b.b, b.loc, better, i, carried[1])};
             })[1];
  return arith::IndexCastOp::create(b.b, b.loc, b.b.getI64Type(), best);
}

LogicalResult CumSumOp::inferShapes(Shapes &shapes) {
  if (getAxis() >= uint64_t(shapes.rank(getInput())))
    return emitError("expected an axis below ") << shapes.rank(getInput()) << ", got " << getAxis();
  shapes.setResult(cast<OpResult>(getResult()), elementType(getInput()), shapes.dims(getInput()));
  return success();
}

Value CumSumOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Type storage = storageType(elementType(getInput()));
  bool isHalf = storage.isF16() || storage.isBF16(), isFloat = isa<FloatType>(storage);
  Type sum = isHalf ? Type(b.b.getF32Type()) : storage;
  SmallVector<Value> at(indices);
  Value position = indices[getAxis()], last = b.sub(b.dim(getInput(), getAxis()), b.constant(1));
  // How many elements are in front of this one in running order, itself included unless exclusive.
  Value count = getReverse() ? b.sub(last, position) : position;
  if (!getExclusive())
    count = b.add(count, b.constant(1));
  Value total =
      b.loop(count, b.scalar(sum, getProd() ? 1 : 0), [&](Value i, ValueRange carried) -> SmallVector<Value> {
        at[getAxis()] = getReverse() ? b.sub(last, i) : i;
        Value x = b.load(getInput(), at);
        if (isHalf)
          x = arith::ExtFOp::create(b.b, b.loc, sum, x);
        if (isFloat)
          return {getProd() ? arith::MulFOp::create(b.b, b.loc, carried[0], x).getResult()
                            : arith::AddFOp::create(b.b, b.loc, carried[0], x).getResult()};
        return {getProd() ? arith::MulIOp::create(b.b, b.loc, carried[0], x).getResult()
                          : arith::AddIOp::create(b.b, b.loc, carried[0], x).getResult()};
      })[0];
  return isHalf ? arith::TruncFOp::create(b.b, b.loc, storage, total).getResult() : total;
}
