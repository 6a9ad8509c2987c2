// Normalisations: an element recomputes its row's statistics. Right everywhere and slow; fast rows are a
// kernel family.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }

static LogicalResult inferSame(Operation *op, Shapes &shapes) {
  Value input = op->getOperand(0);
  if (!isa<FloatType>(elementType(input)))
    return op->emitError("expected floating point elements, got ") << elementType(input);
  shapes.setResult(op->getResult(0), elementType(input), shapes.dims(input));
  return success();
}

/// A row vector operand must have the size of the input's last dimension.
static LogicalResult checkRow(Operation *op, Shapes &shapes, Value row) {
  if (!row)
    return success();
  if (shapes.rank(row) != 1 || shapes.rank(op->getOperand(0)) < 1)
    return op->emitError("expected a 1-D scale and bias, got ") << row.getType();
  if (!shapes.require(shapes.dim(row, 0), shapes.dims(op->getOperand(0)).back()))
    return op->emitError("expected a row of the input's last dimension, got ") << row.getType();
  return success();
}

LogicalResult SoftmaxOp::inferShapes(Shapes &shapes) {
  if (getAxis() >= uint64_t(shapes.rank(getInput())))
    return emitError("expected an axis below ") << shapes.rank(getInput()) << ", got " << getAxis();
  return inferSame(*this, shapes);
}
LogicalResult LayerNormOp::inferShapes(Shapes &shapes) {
  if (failed(checkRow(*this, shapes, getScale())) || failed(checkRow(*this, shapes, getBias())))
    return failure();
  return inferSame(*this, shapes);
}
LogicalResult RmsNormOp::inferShapes(Shapes &shapes) {
  if (failed(checkRow(*this, shapes, getScale())))
    return failure();
  return inferSame(*this, shapes);
}

namespace {
/// Arithmetic in the statistics' type: f32, or f64 for f64.
struct Row {
  ElementBuilder &b;
  Value tensor;
  int64_t axis;
  SmallVector<Value> at;
  Type wide, narrow;

  Row(ElementBuilder &b, Value tensor, int64_t axis, ValueRange indices)
      : b(b), tensor(tensor), axis(axis), at(indices) {
    narrow = elementType(tensor);
    wide = narrow.isF64() ? narrow : Type(b.b.getF32Type());
  }
  Value widen(Value x) {
    return x.getType() == wide ? x : arith::ExtFOp::create(b.b, b.loc, wide, x).getResult();
  }
  Value finish(Value x) {
    return narrow == wide ? x : arith::TruncFOp::create(b.b, b.loc, narrow, x).getResult();
  }
  Value load(Value i) {
    at[axis] = i;
    return widen(b.load(tensor, at));
  }
  Value count() { return b.dim(tensor, axis); }
  Value countFloat() {
    return arith::SIToFPOp::create(b.b, b.loc, wide,
                                   arith::IndexCastOp::create(b.b, b.loc, b.b.getI64Type(), count()));
  }
  Value sum(function_ref<Value(Value)> term) {
    return b.loop(count(), b.scalar(wide, 0), [&](Value i, ValueRange carried) -> SmallVector<Value> {
      return {arith::AddFOp::create(b.b, b.loc, carried[0], term(load(i))).getResult()};
    })[0];
  }
};
} // namespace

Value SoftmaxOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Row row(b, getInput(), getAxis(), indices);
  Value low = b.scalar(row.wide, -std::numeric_limits<double>::infinity());
  Value top = b.loop(row.count(), low, [&](Value i, ValueRange carried) -> SmallVector<Value> {
    return {arith::MaximumFOp::create(b.b, b.loc, carried[0], row.load(i)).getResult()};
  })[0];
  auto shifted = [&](Value x) { return arith::SubFOp::create(b.b, b.loc, x, top).getResult(); };
  Value total = row.sum([&](Value x) { return math::ExpOp::create(b.b, b.loc, shifted(x)).getResult(); });
  Value mine = shifted(row.load(indices[getAxis()]));
  if (getLog())
    return row.finish(arith::SubFOp::create(b.b, b.loc, mine, math::LogOp::create(b.b, b.loc, total)));
  return row.finish(arith::DivFOp::create(b.b, b.loc, math::ExpOp::create(b.b, b.loc, mine), total));
}

/// x * scale[i] / sqrt(meanSquare + epsilon) (+ bias[i])
static Value normalize(Row &row, Value x, Value sumSquare, const APFloat &epsilon, Value scale, Value bias,
                       Value i) {
  ElementBuilder &b = row.b;
  Value mean = arith::DivFOp::create(b.b, b.loc, sumSquare, row.countFloat());
  Value root = math::SqrtOp::create(
      b.b, b.loc, arith::AddFOp::create(b.b, b.loc, mean, b.scalar(row.wide, epsilon.convertToDouble())));
  Value y = arith::MulFOp::create(b.b, b.loc, arith::DivFOp::create(b.b, b.loc, x, root),
                                  row.widen(b.load(scale, i)));
  return row.finish(bias ? arith::AddFOp::create(b.b, b.loc, y, row.widen(b.load(bias, i))).getResult() : y);
}

Value LayerNormOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Row row(b, getInput(), indices.size() - 1, indices);
  Value mean = arith::DivFOp::create(b.b, b.loc, row.sum([](Value x) { return x; }), row.countFloat());
  auto centered = [&](Value x) { return arith::SubFOp::create(b.b, b.loc, x, mean).getResult(); };
  Value squares = row.sum([&](Value x) {
    Value c = centered(x);
    return arith::MulFOp::create(b.b, b.loc, c, c).getResult();
  });
  return normalize(row, centered(row.load(indices.back())), squares, getEpsilon(), getScale(), getBias(),
                   indices.back());
}

Value RmsNormOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Row row(b, getInput(), indices.size() - 1, indices);
  Value squares = row.sum([&](Value x) { return arith::MulFOp::create(b.b, b.loc, x, x).getResult(); });
  return normalize(row, row.load(indices.back()), squares, getEpsilon(), getScale(), {}, indices.back());
}
