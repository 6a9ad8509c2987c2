// Matrix products: shapes, and one element as a dot product.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }

LogicalResult MatmulOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> a = shapes.dims(getLhs()), c = shapes.dims(getRhs());
  if (a.size() < 2 || c.size() < 2)
    return emitError("expected operands of rank 2 or more, got ")
           << getLhs().getType() << " and " << getRhs().getType();
  Type element = elementType(getLhs());
  auto isByte = [](Type type) { return isa<IntegerType>(type) && type.getIntOrFloatBitWidth() == 8; };
  if (element != elementType(getRhs()) && !(isByte(element) && isByte(elementType(getRhs()))))
    return emitError("expected operands of one element type, got ")
           << element << " and " << elementType(getRhs());
  if (getTransposeA())
    std::swap(a[a.size() - 1], a[a.size() - 2]);
  if (getTransposeB())
    std::swap(c[c.size() - 1], c[c.size() - 2]);
  if (!shapes.require(a.back(), c[c.size() - 2]))
    return emitError("expected inner dimensions that agree, got ")
           << *a.back().constant() << " and " << *c[c.size() - 2].constant();
  auto dims = shapes.broadcastShapes(ArrayRef<DimExpr>(a).drop_back(2), ArrayRef<DimExpr>(c).drop_back(2));
  if (failed(dims))
    return emitError("expected leading dimensions that broadcast, got ")
           << getLhs().getType() << " and " << getRhs().getType();
  dims->push_back(a[a.size() - 2]);
  dims->push_back(c.back());
  shapes.setResult(cast<OpResult>(getResult()),
                   isByte(element) ? Type(IntegerType::get(getContext(), 32)) : element, *dims);
  return success();
}

/// The indices of `operand` for the matrix element (row, column) in batch position `indices`.
static SmallVector<Value> operandIndex(MatmulOp op, ElementBuilder &b, Value operand, ValueRange indices,
                                       Value row, Value column) {
  int64_t rank = cast<RankedTensorType>(operand.getType()).getRank(), shift = int64_t(indices.size()) - rank;
  SmallVector<Value> at;
  for (int64_t axis = 0; axis < rank - 2; ++axis) {
    auto type = cast<RankedTensorType>(operand.getType());
    Value index = indices[axis + shift];
    if (type.getDimSize(axis) == 1)
      index = b.constant(0);
    else if (type.isDynamicDim(axis) && !b.sameDim(operand, axis, op.getResult(), axis + shift))
      index = arith::SelectOp::create(b.b, b.loc, b.equal(b.dim(operand, axis), b.constant(1)), b.constant(0),
                                      index);
    at.push_back(index);
  }
  at.push_back(row);
  at.push_back(column);
  return at;
}

Value MatmulOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Value row = indices[indices.size() - 2], column = indices.back();
  int64_t rank = cast<RankedTensorType>(getLhs().getType()).getRank();
  Type result = storageType(elementType(getResult()));
  bool isFloat = isa<FloatType>(result);
  Type sum = result.isF16() || result.isBF16() ? Type(b.b.getF32Type()) : result;
  auto widen = [&](Value x, Type element) -> Value {
    if (x.getType() == sum)
      return x;
    if (isFloat)
      return arith::ExtFOp::create(b.b, b.loc, sum, x);
    return element.isUnsignedInteger() ? arith::ExtUIOp::create(b.b, b.loc, sum, x).getResult()
                                       : arith::ExtSIOp::create(b.b, b.loc, sum, x).getResult();
  };
  Value count = b.dim(getLhs(), getTransposeA() ? rank - 2 : rank - 1);
  Value total = b.loop(count, b.scalar(sum, 0), [&](Value k, ValueRange carried) -> SmallVector<Value> {
    Value x = b.load(getLhs(), operandIndex(*this, b, getLhs(), indices, getTransposeA() ? k : row,
                                            getTransposeA() ? row : k));
    Value y = b.load(getRhs(), operandIndex(*this, b, getRhs(), indices, getTransposeB() ? column : k,
                                            getTransposeB() ? k : column));
    x = widen(x, elementType(getLhs()));
    y = widen(y, elementType(getRhs()));
    if (isFloat)
      // The order of the sum is free, so that it can run on vectors.
      return {arith::AddFOp::create(b.b, b.loc, carried[0],
                                    arith::MulFOp::create(b.b, b.loc, x, y, arith::FastMathFlags::contract),
                                    arith::FastMathFlags::reassoc | arith::FastMathFlags::contract)
                  .getResult()};
    return {
        arith::AddIOp::create(b.b, b.loc, carried[0], arith::MulIOp::create(b.b, b.loc, x, y)).getResult()};
  })[0];
  return sum == result ? total : arith::TruncFOp::create(b.b, b.loc, result, total).getResult();
}

OpOperand &MatmulOp::getWeightOperand() { return getRhsMutable(); }
int64_t MatmulOp::getGroupAxis() { return getTransposeB() ? 1 : 0; }
Value MatmulOp::getActivation() { return getTransposeA() ? Value() : getLhs(); }

DimExpr MatmulOp::getFlops(Shapes &shapes) {
  int64_t rank = shapes.rank(getLhs());
  return shapes.numElements(getResult()) * shapes.dim(getLhs(), getTransposeA() ? rank - 2 : rank - 1) * 2;
}
