// Resize: separable interpolation; each element is a weighted sum of 1, 2 or 4 neighbours an axis.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

LogicalResult ResizeOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims = shapes.dims(getInput());
  auto extent = dyn_cast<RankedTensorType>(getExtent().getType());
  if (!extent || extent.getRank() != 1 || extent.getDimSize(0) != int64_t(getAxes().size()))
    return emitError("expected ") << getAxes().size() << " sizes or scales, got " << getExtent().getType();
  if (getSizes() && getSizes().getType() != extent.clone(IntegerType::get(getContext(), 64)))
    return emitError("expected a size as i64 for each axis, got ") << getSizes().getType();
  DenseFPElementsAttr scales;
  bool constantScales =
      isa<FloatType>(extent.getElementType()) && matchPattern(getExtent(), m_Constant(&scales));
  for (auto [i, axis] : llvm::enumerate(getAxes())) {
    if (axis < 0 || axis >= int64_t(dims.size()))
      return emitError("expected an axis below ") << dims.size() << ", got " << axis;
    if (isa<IntegerType>(extent.getElementType())) {
      dims[axis] = shapes.element(getExtent(), i);
      continue;
    }
    double scale = constantScales ? (*(scales.begin() + i)).convertToDouble() : 0;
    auto size = dims[axis].constant();
    if (constantScales && scale == 1)
      continue;
    if (constantScales && size)
      dims[axis] = DimExpr(int64_t(std::floor(double(*size) * scale)));
    else if (constantScales && scale > 1 && scale == std::floor(scale) && scale < 1e6)
      dims[axis] = dims[axis] * DimExpr(int64_t(scale));
    else if (constantScales && scale > 0 && 1 / scale == std::floor(1 / scale) && 1 / scale < 1e6)
      dims[axis] = shapes.floorDiv(dims[axis], DimExpr(int64_t(1 / scale)));
    else
      dims[axis] =
          getSizes() ? shapes.element(getSizes(), i) : shapes.unknownDim(cast<OpResult>(getResult()), axis);
  }
  shapes.setResult(cast<OpResult>(getResult()), cast<ShapedType>(getInput().getType()).getElementType(),
                   dims);
  return success();
}

namespace {
/// f32 arithmetic at one place.
struct Floats {
  ElementBuilder &b;
  Value constant(double value) { return b.scalar(b.b.getF32Type(), value); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b.b, b.loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b.b, b.loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b.b, b.loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b.b, b.loc, x, y); }
  Value fromIndex(Value i) {
    return arith::SIToFPOp::create(b.b, b.loc, b.b.getF32Type(),
                                   arith::IndexCastOp::create(b.b, b.loc, b.b.getI64Type(), i));
  }
  Value toIndex(Value x) {
    return arith::IndexCastOp::create(b.b, b.loc, b.b.getIndexType(),
                                      arith::FPToSIOp::create(b.b, b.loc, b.b.getI64Type(), x));
  }
  Value floor(Value x) { return math::FloorOp::create(b.b, b.loc, x); }
  Value ceil(Value x) { return math::CeilOp::create(b.b, b.loc, x); }
};

/// One neighbour along an axis: where, and with which weight.
struct Tap {
  Value at, weight;
};
} // namespace

/// The position in the input that output position `index` of `axis` stands for.
static Value sourcePosition(ResizeOp op, ElementBuilder &b, Floats &f, size_t i, int64_t axis, Value index) {
  Value size = f.fromIndex(b.dim(op.getInput(), axis)), out = f.fromIndex(b.dim(op.getResult(), axis));
  auto extentType = cast<ShapedType>(op.getExtent().getType()).getElementType();
  Value extent = b.load(op.getExtent(), b.constant(i));
  Value scale = isa<FloatType>(extentType) ? extent : f.div(out, size);
  Value x = f.fromIndex(index);
  StringRef mode = op.getCoordinates();
  if (mode == "asymmetric")
    return f.div(x, scale);
  if (mode == "align_corners") {
    Value one = f.constant(1);
    Value span = arith::MaximumFOp::create(b.b, b.loc, f.sub(out, one), one);
    return f.div(f.mul(x, f.sub(size, one)), span);
  }
  Value half = f.constant(0.5);
  Value centered = f.sub(f.div(f.add(x, half), scale), half);
  if (mode == "pytorch_half_pixel") {
    Value single = arith::CmpFOp::create(b.b, b.loc, arith::CmpFPredicate::OLE, out, f.constant(1));
    return arith::SelectOp::create(b.b, b.loc, single, f.constant(0), centered);
  }
  if (mode == "half_pixel_symmetric") {
    // The output is centred on the input even when the scale is not out / size.
    Value adjustment = f.div(out, f.mul(scale, size));
    Value center = f.mul(size, half);
    Value offset = f.mul(center, f.sub(f.constant(1), adjustment));
    return f.add(offset, centered);
  }
  return centered; // half_pixel
}

static SmallVector<Tap> taps(ResizeOp op, ElementBuilder &b, Floats &f, Value x, Value size) {
  Value zero = b.constant(0), last = b.sub(size, b.constant(1));
  auto clamp = [&](Value at) { return b.maximum(b.minimum(at, last), zero); };
  Value low = f.floor(x);
  if (op.getKind() == ResizeKind::nearest) {
    StringRef mode = op.getNearest();
    Value half = f.constant(0.5), at;
    if (mode == "floor")
      at = low;
    else if (mode == "ceil")
      at = f.ceil(x);
    else if (mode == "round_prefer_ceil")
      at = f.floor(f.add(x, half));
    else
      at = f.ceil(f.sub(x, half));
    return {{clamp(f.toIndex(at)), {}}};
  }
  Value t = f.sub(x, low), base = f.toIndex(low), one = f.constant(1);
  if (op.getKind() == ResizeKind::linear)
    return {{clamp(base), f.sub(one, t)}, {clamp(b.add(base, b.constant(1))), t}};
  // Cubic convolution with coefficient a: near taps (a+2)d^3 - (a+3)d^2 + 1, far taps a d^3 - 5a d^2 + 8a d -
  // 4a.
  double a = op.getCubicA().convertToDouble();
  auto near = [&](Value d) {
    return f.add(f.mul(f.mul(f.sub(f.mul(f.constant(a + 2), d), f.constant(a + 3)), d), d), one);
  };
  auto far = [&](Value d) {
    Value inner = f.add(f.mul(f.sub(f.mul(f.constant(a), d), f.constant(5 * a)), d), f.constant(8 * a));
    return f.sub(f.mul(inner, d), f.constant(4 * a));
  };
  SmallVector<Tap> result;
  Value distances[] = {f.add(t, one), t, f.sub(one, t), f.sub(f.constant(2), t)}, sum;
  for (int k = 0; k < 4; ++k) {
    Value at = b.add(base, b.constant(k - 1));
    Value weight = k == 1 || k == 2 ? near(distances[k]) : far(distances[k]);
    if (op.getExcludeOutside()) {
      Value inside = arith::AndIOp::create(b.b, b.loc, b.less(b.constant(-1), at), b.less(at, size));
      weight = arith::SelectOp::create(b.b, b.loc, inside, weight, f.constant(0));
      sum = sum ? f.add(sum, weight) : weight;
    }
    result.push_back({clamp(at), weight});
  }
  if (sum)
    for (Tap &tap : result)
      tap.weight = f.div(tap.weight, sum);
  return result;
}

/// The whole number by which nearest neighbours along an axis repeat, so that no position needs fractions; 0:
/// none.
static int64_t repeats(ResizeOp op, size_t i) {
  DenseFPElementsAttr scales;
  bool isMiddle = op.getCoordinates() == "half_pixel" && op.getNearest().starts_with("round");
  bool isCorner = op.getCoordinates() == "asymmetric" && op.getNearest() == "floor";
  if (op.getKind() != ResizeKind::nearest || !(isMiddle || isCorner) ||
      !matchPattern(op.getExtent(), m_Constant(&scales)))
    return 0;
  double scale = (*(scales.begin() + i)).convertToDouble();
  return scale >= 1 && scale < 1e6 && scale == std::floor(scale) ? int64_t(scale) : 0;
}

Value ResizeOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Floats f{b};
  auto element = cast<ShapedType>(getInput().getType()).getElementType();
  SmallVector<SmallVector<Tap>> axes;
  for (auto [i, axis] : llvm::enumerate(getAxes())) {
    if (int64_t times = repeats(*this, i)) {
      axes.push_back({{b.floorDiv(indices[axis], b.constant(times)), {}}});
      continue;
    }
    Value x = sourcePosition(*this, b, f, i, axis, indices[axis]);
    axes.push_back(taps(*this, b, f, x, b.dim(getInput(), axis)));
  }
  // The tensor product of the axes' taps; nearest has one tap without a weight.
  Value total;
  SmallVector<Value> from(indices);
  std::function<void(size_t, Value)> visit = [&](size_t i, Value weight) {
    if (i == axes.size()) {
      Value value = b.load(getInput(), from);
      if (!weight) {
        total = value;
        return;
      }
      if (isa<FloatType>(element) && !element.isF32())
        value = element.isF64() ? arith::TruncFOp::create(b.b, b.loc, b.b.getF32Type(), value).getResult()
                                : arith::ExtFOp::create(b.b, b.loc, b.b.getF32Type(), value).getResult();
      else if (element.isUnsignedInteger())
        value = arith::UIToFPOp::create(b.b, b.loc, b.b.getF32Type(), value);
      else if (isa<IntegerType>(element))
        value = arith::SIToFPOp::create(b.b, b.loc, b.b.getF32Type(), value);
      Value term = f.mul(value, weight);
      total = total ? f.add(total, term) : term;
      return;
    }
    for (Tap &tap : axes[i]) {
      from[getAxes()[i]] = tap.at;
      visit(i + 1, weight && tap.weight ? f.mul(weight, tap.weight) : tap.weight ? tap.weight : weight);
    }
  };
  visit(0, {});
  Type storage = storageType(element);
  if (total.getType() == storage)
    return total;
  if (storage.isF64())
    return arith::ExtFOp::create(b.b, b.loc, storage, total);
  if (isa<FloatType>(storage))
    return arith::TruncFOp::create(b.b, b.loc, storage, total);
  total = math::RoundEvenOp::create(b.b, b.loc, total);
  return element.isUnsignedInteger() ? arith::FPToUIOp::create(b.b, b.loc, storage, total).getResult()
                                     : arith::FPToSIOp::create(b.b, b.loc, storage, total).getResult();
}
