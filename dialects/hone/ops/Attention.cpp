// Attention and rotary embedding: shapes, and the rotary element.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }

LogicalResult AttentionOp::verify() {
  if (getPresents().size() != 0 && getPresents().size() != 2)
    return emitOpError("expected both presents or none, got ") << getPresents().size();
  if (bool(getPastKey()) != bool(getPastValue()))
    return emitOpError("expected a past of keys and values or of neither");
  if (getKvHeads() == 0 || getHeads() == 0 || getHeads() % getKvHeads())
    return emitOpError("expected a number of heads that is a multiple of kv_heads, got ")
           << getHeads() << " and " << getKvHeads();
  return success();
}

LogicalResult AttentionOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> q = shapes.dims(getQuery()), k = shapes.dims(getKey()), v = shapes.dims(getValue());
  if (q.size() != 3 || k.size() != 3 || v.size() != 3)
    return emitError("expected query, key and value of rank 3, got ") << getOperandTypes();
  DimExpr heads(getHeads()), kvHeads(getKvHeads());
  auto size = shapes.floorDiv(k[2], kvHeads), valueSize = shapes.floorDiv(v[2], kvHeads);
  bool fits = shapes.require(q[2], size * heads) && shapes.require(k[2], size * kvHeads) &&
              shapes.require(v[2], valueSize * kvHeads) && shapes.require(q[0], k[0]) &&
              shapes.require(k[0], v[0]) && shapes.require(k[1], v[1]);
  DimExpr total = k[1];
  if (fits && getPastKey()) {
    std::vector<DimExpr> pk = shapes.dims(getPastKey()), pv = shapes.dims(getPastValue());
    fits = pk.size() == 4 && pv.size() == 4 && shapes.require(pk[0], k[0]) &&
           shapes.require(pk[1], kvHeads) && shapes.require(pk[3], size) && shapes.require(pv[0], k[0]) &&
           shapes.require(pv[1], kvHeads) && shapes.require(pv[3], valueSize) && shapes.require(pk[2], pv[2]);
    if (fits)
      total = pk[2] + k[1];
  }
  if (!fits)
    return emitError("expected query, key, value and past whose heads and sizes agree, got ")
           << getOperandTypes();
  if (getMask()) {
    std::vector<DimExpr> mask = shapes.dims(getMask());
    DimExpr full[4] = {q[0], heads, q[1], total};
    for (size_t i = 0; i < mask.size(); ++i)
      // Keys must match unless the size is 1 for good: kernels read them in vectors.
      if (mask.size() > 4 || (!mask[i].is(1) && !shapes.require(mask[i], full[4 - mask.size() + i],
                                                                /*orOne=*/i + 1 < mask.size())))
        return emitError("expected a mask that broadcasts to [batch, heads, query, key], got ")
               << getMask().getType();
  }
  if (getLengths() && (shapes.rank(getLengths()) != 1 || !shapes.require(shapes.dim(getLengths(), 0), q[0])))
    return emitError("expected one length a batch row, got ") << getLengths().getType();
  Type element = elementType(getQuery());
  shapes.setResult(cast<OpResult>(getOutput()), element, {q[0], q[1], heads * valueSize});
  if (!getPresents().empty()) {
    shapes.setResult(cast<OpResult>(getPresents()[0]), element, {k[0], kvHeads, total, size});
    shapes.setResult(cast<OpResult>(getPresents()[1]), element, {k[0], kvHeads, total, valueSize});
  }
  return success();
}

IndexUse RopeOp::getIndexUse() { return {getPositions(), getCos(), {0}}; }

LogicalResult RopeOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> input = shapes.dims(getInput());
  auto size = input.size() == 3 ? input[2].constant() : std::nullopt;
  auto half = shapes.dims(getCos()).empty() ? std::nullopt : shapes.dims(getCos()).back().constant();
  if (!size || !half || getHeads() == 0 || *size % getHeads() || 2 * *half > *size / int64_t(getHeads()))
    return emitError("expected input [B, S, heads*H] and cos of at most H/2 columns, got ")
           << getInput().getType() << " and " << getCos().getType();
  if (getCos().getType() != getSin().getType())
    return emitError("expected cos and sin of one type, got ")
           << getCos().getType() << " and " << getSin().getType();
  if (shapes.rank(getCos()) != (getPositions() ? 2 : 3))
    return emitError("expected tables of rank ")
           << (getPositions() ? 2 : 3) << ", got " << getCos().getType();
  if (getPositions()) {
    std::vector<DimExpr> positions = shapes.dims(getPositions());
    if (positions.size() != 2 || !shapes.require(positions[0], input[0], true) ||
        !shapes.require(positions[1], input[1], true))
      return emitError("expected positions [B, S], got ") << getPositions().getType();
  } else {
    std::vector<DimExpr> cos = shapes.dims(getCos());
    if (!shapes.require(cos[0], input[0], true) || !shapes.require(cos[1], input[1], true))
      return emitError("expected tables [B, S, R/2], got ") << getCos().getType();
  }
  shapes.setResult(cast<OpResult>(getResult()), elementType(getInput()), input);
  return success();
}

Value RopeOp::buildElement(ElementBuilder &b, ValueRange indices) {
  int64_t heads = getHeads(), size = cast<RankedTensorType>(getInput().getType()).getDimSize(2) / heads;
  int64_t half = cast<RankedTensorType>(getCos().getType()).getShape().back();
  Type narrow = elementType(getInput()), wide = narrow.isF64() ? narrow : Type(b.b.getF32Type());
  auto widen = [&](Value x) -> Value {
    return x.getType() == wide ? x : arith::ExtFOp::create(b.b, b.loc, wide, x).getResult();
  };
  // Within the head: element i turns with its partner when i < 2 * half.
  Value i = b.mod(indices[2], b.constant(size)), base = b.sub(indices[2], i);
  Value second, column, partner;
  if (getInterleaved()) {
    column = b.floorDiv(i, b.constant(2));
    second = b.equal(b.mod(i, b.constant(2)), b.constant(1));
    partner = arith::SelectOp::create(b.b, b.loc, second, b.sub(i, b.constant(1)), b.add(i, b.constant(1)));
  } else {
    second = b.less(b.constant(half - 1), i);
    column = arith::SelectOp::create(b.b, b.loc, second, b.sub(i, b.constant(half)), i);
    partner =
        arith::SelectOp::create(b.b, b.loc, second, b.sub(i, b.constant(half)), b.add(i, b.constant(half)));
  }
  Value turns = b.less(i, b.constant(2 * half));
  // Elements that do not turn read in range all the same.
  column = b.minimum(column, b.constant(half - 1));
  partner = b.minimum(partner, b.constant(size - 1));
  auto table = [&](Value tensor) {
    auto rowOf = [&](Value of, int64_t axis) -> Value {
      auto type = cast<RankedTensorType>(of.getType());
      if (type.getDimSize(axis) == 1)
        return b.constant(0);
      if (type.isDynamicDim(axis) && !b.sameDim(of, axis, getInput(), axis))
        return arith::SelectOp::create(b.b, b.loc, b.equal(b.dim(of, axis), b.constant(1)), b.constant(0),
                                       indices[axis]);
      return indices[axis];
    };
    if (!getPositions())
      return widen(b.load(tensor, {rowOf(tensor, 0), rowOf(tensor, 1), column}));
    Value position = b.toIndex(b.load(getPositions(), {rowOf(getPositions(), 0), rowOf(getPositions(), 1)}),
                               elementType(getPositions()));
    return widen(b.load(tensor, {b.wrapIndex(position, b.dim(tensor, 0)), column}));
  };
  Value x = b.load(getInput(), indices),
        y = b.load(getInput(), {indices[0], indices[1], b.add(base, partner)});
  Value cos = table(getCos()), sin = table(getSin());
  Value xCos = arith::MulFOp::create(b.b, b.loc, widen(x), cos),
        ySin = arith::MulFOp::create(b.b, b.loc, widen(y), sin);
  Value turned = arith::SelectOp::create(b.b, b.loc, second, arith::AddFOp::create(b.b, b.loc, xCos, ySin),
                                         arith::SubFOp::create(b.b, b.loc, xCos, ySin));
  if (narrow != wide)
    turned = arith::TruncFOp::create(b.b, b.loc, narrow, turned);
  return arith::SelectOp::create(b.b, b.loc, turns, turned, x);
}

/// Scores and their sum over values: 2 * H flops each for every head, query and key.
DimExpr AttentionOp::getFlops(Shapes &shapes) {
  DimExpr keys = shapes.dim(getKey(), 1);
  if (Value past = getPastKey())
    keys = keys + shapes.dim(past, 2);
  return (shapes.numElements(getQuery()) + shapes.numElements(getOutput())) * keys * 2;
}
