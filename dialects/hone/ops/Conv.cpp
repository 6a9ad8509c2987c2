// Convolution and pooling: output sizes, and one element as a loop over the window.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }

/// Attributes must have one entry a spatial dimension (pads two).
static LogicalResult checkWindow(Operation *op, int64_t spatial, ArrayRef<int64_t> strides,
                                 ArrayRef<int64_t> pads, ArrayRef<int64_t> dilations) {
  if (spatial < 1 || int64_t(strides.size()) != spatial || int64_t(pads.size()) != 2 * spatial ||
      int64_t(dilations.size()) != spatial)
    return op->emitError("expected strides, dilations and twice as many pads for ")
           << spatial << " spatial dimensions";
  if (llvm::any_of(strides, [](int64_t s) { return s < 1; }) ||
      llvm::any_of(dilations, [](int64_t d) { return d < 1; }))
    return op->emitError("expected strides and dilations of at least 1");
  return success();
}

LogicalResult ConvOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> x = shapes.dims(getInput()), w = shapes.dims(getWeight());
  int64_t spatial = int64_t(x.size()) - 2;
  if (w.size() != x.size())
    return emitError("expected a weight of the input's rank, got ") << getWeight().getType();
  if (failed(checkWindow(*this, spatial, getStrides(), getPads(), getDilations())))
    return failure();
  if (!shapes.require(x[1], w[1] * DimExpr(getGroup())))
    return emitError("expected ") << shapes.toString(w[1] * DimExpr(getGroup())) << " input channels, got "
                                  << getInput().getType();
  if (auto outputs = w[0].constant(); getGroup() < 1 || (outputs && *outputs % int64_t(getGroup())))
    return emitError("expected a number of output channels that divides by the group");
  if (getBias() && (shapes.rank(getBias()) != 1 || !shapes.require(shapes.dim(getBias(), 0), w[0])))
    return emitError("expected a bias for each output channel, got ") << getBias().getType();
  std::vector<DimExpr> dims = {x[0], w[0]};
  for (int64_t i = 0; i < spatial; ++i) {
    DimExpr window = (w[i + 2] - DimExpr(1)) * DimExpr(getDilations()[i]) + DimExpr(1);
    DimExpr room = x[i + 2] + DimExpr(getPads()[i] + getPads()[i + spatial]) - window;
    if (auto constant = room.constant(); constant && *constant < 0)
      return emitError("expected a window of at most the padded input in spatial dimension ") << i;
    dims.push_back(shapes.floorDiv(room, DimExpr(getStrides()[i])) + DimExpr(1));
  }
  shapes.setResult(cast<OpResult>(getResult()), elementType(getInput()), dims);
  return success();
}

LogicalResult ConvTransposeOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> x = shapes.dims(getInput()), w = shapes.dims(getWeight());
  int64_t spatial = int64_t(x.size()) - 2;
  if (w.size() != x.size() || int64_t(getOutputPadding().size()) != spatial)
    return emitError("expected a weight of the input's rank and output padding for each spatial dimension");
  if (failed(checkWindow(*this, spatial, getStrides(), getPads(), getDilations())))
    return failure();
  if (!shapes.require(x[1], w[0]))
    return emitError("expected as many input channels as the weight has, got ")
           << getInput().getType() << " and " << getWeight().getType();
  if (auto inputs = w[0].constant(); getGroup() < 1 || (inputs && *inputs % int64_t(getGroup())))
    return emitError("expected a number of input channels that divides by the group");
  std::vector<DimExpr> dims = {x[0], w[1] * DimExpr(getGroup())};
  if (getBias() && (shapes.rank(getBias()) != 1 || !shapes.require(shapes.dim(getBias(), 0), dims[1])))
    return emitError("expected a bias for each output channel, got ") << getBias().getType();
  for (int64_t i = 0; i < spatial; ++i)
    dims.push_back((x[i + 2] - DimExpr(1)) * DimExpr(getStrides()[i]) +
                   (w[i + 2] - DimExpr(1)) * DimExpr(getDilations()[i]) +
                   DimExpr(1 + getOutputPadding()[i] - getPads()[i] - getPads()[i + spatial]));
  shapes.setResult(cast<OpResult>(getResult()), elementType(getInput()), dims);
  return success();
}

LogicalResult InterleaveOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims = shapes.dims(getInput());
  size_t spatial = getStrides().size();
  int64_t phases = 1;
  for (int64_t stride : getStrides())
    phases *= stride;
  if (dims.size() != spatial + 2 || getPads().size() != 2 * spatial || phases < 1)
    return emitError("expected strides and twice as many pads for ") << dims.size() << " dimensions";
  auto channels = dims[1].constant();
  if (!channels || *channels % phases)
    return emitError("expected channels that divide by ") << phases << ", got " << getInput().getType();
  dims[1] = DimExpr(*channels / phases);
  for (size_t i = 0; i < spatial; ++i)
    dims[i + 2] = dims[i + 2] * DimExpr(getStrides()[i]) - DimExpr(getPads()[i] + getPads()[i + spatial]);
  shapes.setResult(cast<OpResult>(getResult()), elementType(getInput()), dims);
  return success();
}

LogicalResult PoolOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> x = shapes.dims(getInput());
  int64_t spatial = int64_t(x.size()) - 2;
  if (int64_t(getKernel().size()) != spatial ||
      failed(checkWindow(*this, spatial, getStrides(), getPads(), getDilations())))
    return emitError("expected a kernel size for each spatial dimension");
  std::vector<DimExpr> dims = {x[0], x[1]};
  for (int64_t i = 0; i < spatial; ++i) {
    DimExpr stride(getStrides()[i]), begin(getPads()[i]);
    DimExpr room = x[i + 2] + DimExpr(getPads()[i] + getPads()[i + spatial] -
                                      (getKernel()[i] - 1) * getDilations()[i] - 1);
    if (!getCeilMode()) {
      dims.push_back(shapes.floorDiv(room, stride) + DimExpr(1));
      continue;
    }
    // Windows must start inside the input or its left padding.
    dims.push_back(
        shapes.min(shapes.ceilDiv(room, stride) + DimExpr(1), shapes.ceilDiv(x[i + 2] + begin, stride)));
  }
  shapes.setResult(cast<OpResult>(getResult()), elementType(getInput()), dims);
  return success();
}

/// Loops over all positions of a window whose extent is given, carrying values.
static SmallVector<Value> loopWindow(ElementBuilder &b, ArrayRef<Value> extents, SmallVectorImpl<Value> &at,
                                     ValueRange carried, function_ref<SmallVector<Value>(ValueRange)> body) {
  if (extents.empty())
    return body(carried);
  return b.loop(extents.front(), carried, [&](Value i, ValueRange inner) {
    at.push_back(i);
    SmallVector<Value> result = loopWindow(b, extents.drop_front(), at, inner, body);
    at.pop_back();
    return result;
  });
}

/// `carried`, updated by `body` where `inside` holds.
static SmallVector<Value> onlyIf(ElementBuilder &b, Value inside, ValueRange carried,
                                 function_ref<SmallVector<Value>()> body) {
  auto branch = scf::IfOp::create(b.b, b.loc, carried.getTypes(), inside, true);
  OpBuilder::InsertionGuard guard(b.b);
  b.b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b.b, b.loc, body());
  b.b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b.b, b.loc, carried);
  return branch.getResults();
}

static Value both(ElementBuilder &b, Value a, Value c) {
  return a ? arith::AndIOp::create(b.b, b.loc, a, c).getResult() : c;
}
static Value within(ElementBuilder &b, Value at, Value size) {
  return arith::AndIOp::create(b.b, b.loc, b.less(b.constant(-1), at), b.less(at, size));
}

/// Sums of products in f32 for 16-bit floats.
struct Products {
  ElementBuilder &b;
  Type storage, sum;
  Products(ElementBuilder &b, Type element) : b(b), storage(storageType(element)) {
    sum = storage.isF16() || storage.isBF16() ? Type(b.b.getF32Type()) : storage;
  }
  Value widen(Value x) {
    return x.getType() == sum ? x : arith::ExtFOp::create(b.b, b.loc, sum, x).getResult();
  }
  Value zero() { return b.scalar(sum, 0); }
  Value add(Value x, Value y) {
    return isa<FloatType>(sum) ? arith::AddFOp::create(b.b, b.loc, x, y).getResult()
                               : arith::AddIOp::create(b.b, b.loc, x, y).getResult();
  }
  Value fma(Value acc, Value x, Value y) {
    x = widen(x);
    y = widen(y);
    return add(acc, isa<FloatType>(sum) ? arith::MulFOp::create(b.b, b.loc, x, y).getResult()
                                        : arith::MulIOp::create(b.b, b.loc, x, y).getResult());
  }
  Value finish(Value x) {
    return sum == storage ? x : arith::TruncFOp::create(b.b, b.loc, storage, x).getResult();
  }
};

Value ConvOp::buildElement(ElementBuilder &b, ValueRange indices) {
  int64_t spatial = int64_t(indices.size()) - 2;
  Products p(b, elementType(getInput()));
  Value channels = b.dim(getWeight(), 1), output = indices[1];
  // The group of this output channel says where its input channels start.
  Value first = b.constant(0);
  if (getGroup() != 1) {
    Value perGroup = b.floorDiv(b.dim(getWeight(), 0), b.constant(getGroup()));
    first = b.mul(b.floorDiv(output, perGroup), channels);
  }
  SmallVector<Value> extents = {channels}, at;
  for (int64_t i = 0; i < spatial; ++i)
    extents.push_back(b.dim(getWeight(), i + 2));
  Value total = loopWindow(b, extents, at, p.zero(), [&](ValueRange carried) -> SmallVector<Value> {
    SmallVector<Value> x = {indices[0], b.add(first, at[0])}, w = {output, at[0]};
    Value inside;
    for (int64_t i = 0; i < spatial; ++i) {
      Value position =
          b.add(b.mul(indices[i + 2], b.constant(getStrides()[i])),
                b.sub(b.mul(at[i + 1], b.constant(getDilations()[i])), b.constant(getPads()[i])));
      inside = both(b, inside, within(b, position, b.dim(getInput(), i + 2)));
      x.push_back(position);
      w.push_back(at[i + 1]);
    }
    return onlyIf(b, inside, carried, [&]() -> SmallVector<Value> {
      return {p.fma(carried[0], b.load(getInput(), x), b.load(getWeight(), w))};
    });
  })[0];
  if (getBias())
    total = p.add(total, p.widen(b.load(getBias(), output)));
  return p.finish(total);
}

Value ConvTransposeOp::buildElement(ElementBuilder &b, ValueRange indices) {
  int64_t spatial = int64_t(indices.size()) - 2;
  Products p(b, elementType(getInput()));
  Value perGroup = b.dim(getWeight(), 1),
        channels = b.floorDiv(b.dim(getWeight(), 0), b.constant(getGroup()));
  Value group = b.floorDiv(indices[1], perGroup), inner = b.mod(indices[1], perGroup),
        first = b.mul(group, channels);
  SmallVector<Value> extents = {channels}, at;
  for (int64_t i = 0; i < spatial; ++i)
    extents.push_back(b.dim(getWeight(), i + 2));
  Value total = loopWindow(b, extents, at, p.zero(), [&](ValueRange carried) -> SmallVector<Value> {
    Value channel = b.add(first, at[0]), inside;
    SmallVector<Value> x = {indices[0], channel}, w = {channel, inner};
    for (int64_t i = 0; i < spatial; ++i) {
      // out = in * stride + tap * dilation - pad, solved for in.
      Value stride = b.constant(getStrides()[i]);
      Value offset = b.sub(b.add(indices[i + 2], b.constant(getPads()[i])),
                           b.mul(at[i + 1], b.constant(getDilations()[i])));
      Value position = b.floorDiv(offset, stride);
      inside = both(b, inside, b.equal(b.mul(position, stride), offset));
      inside = both(b, inside, within(b, position, b.dim(getInput(), i + 2)));
      x.push_back(position);
      w.push_back(at[i + 1]);
    }
    return onlyIf(b, inside, carried, [&]() -> SmallVector<Value> {
      return {p.fma(carried[0], b.load(getInput(), x), b.load(getWeight(), w))};
    });
  })[0];
  if (getBias())
    total = p.add(total, p.widen(b.load(getBias(), indices[1])));
  return p.finish(total);
}

Value InterleaveOp::buildElement(ElementBuilder &b, ValueRange indices) {
  SmallVector<Value> from(indices);
  for (auto [i, stride] : llvm::enumerate(getStrides())) {
    Value position = b.add(indices[i + 2], b.constant(getPads()[i])), size = b.constant(stride);
    from[1] = b.add(b.mul(from[1], size), b.mod(position, size));
    from[i + 2] = b.floorDiv(position, size);
  }
  return b.load(getInput(), from);
}

Value PoolOp::buildElement(ElementBuilder &b, ValueRange indices) {
  int64_t spatial = int64_t(indices.size()) - 2;
  Type element = elementType(getInput());
  Products p(b, element);
  bool isMax = getKind() == PoolKind::max, isFloat = isa<FloatType>(p.storage);
  SmallVector<Value> extents, at;
  for (int64_t size : getKernel())
    extents.push_back(b.constant(size));
  Value start = p.zero();
  if (isMax) {
    unsigned bits = p.sum.getIntOrFloatBitWidth();
    if (isFloat)
      start = b.scalar(p.sum, -std::numeric_limits<double>::infinity());
    else
      start = arith::ConstantOp::create(b.b, b.loc,
                                        b.b.getIntegerAttr(p.sum, element.isUnsignedInteger()
                                                                      ? APInt::getZero(bits)
                                                                      : APInt::getSignedMinValue(bits)));
  }
  SmallVector<Value> totals =
      loopWindow(b, extents, at, {start, b.constant(0)}, [&](ValueRange carried) -> SmallVector<Value> {
        SmallVector<Value> x = {indices[0], indices[1]};
        Value inside, padded;
        for (int64_t i = 0; i < spatial; ++i) {
          Value position =
              b.add(b.mul(indices[i + 2], b.constant(getStrides()[i])),
                    b.sub(b.mul(at[i], b.constant(getDilations()[i])), b.constant(getPads()[i])));
          Value size = b.dim(getInput(), i + 2);
          inside = both(b, inside, within(b, position, size));
          // What ceil_mode adds beyond the padding is never counted.
          padded = both(b, padded, b.less(position, b.add(size, b.constant(getPads()[i + spatial]))));
          x.push_back(position);
        }
        Value counted = getCountIncludePad() ? padded : inside;
        Value count =
            arith::SelectOp::create(b.b, b.loc, counted, b.add(carried[1], b.constant(1)), carried[1]);
        Value total = onlyIf(b, inside, carried[0], [&]() -> SmallVector<Value> {
          Value value = p.widen(b.load(getInput(), x));
          if (!isMax)
            return {p.add(carried[0], value)};
          if (isFloat)
            return {arith::MaximumFOp::create(b.b, b.loc, carried[0], value).getResult()};
          return {element.isUnsignedInteger()
                      ? arith::MaxUIOp::create(b.b, b.loc, carried[0], value).getResult()
                      : arith::MaxSIOp::create(b.b, b.loc, carried[0], value).getResult()};
        })[0];
        return {total, count};
      });
  if (isMax)
    return p.finish(totals[0]);
  Value count = arith::IndexCastOp::create(b.b, b.loc, b.b.getI64Type(), b.maximum(totals[1], b.constant(1)));
  return p.finish(
      arith::DivFOp::create(b.b, b.loc, totals[0], arith::SIToFPOp::create(b.b, b.loc, p.sum, count)));
}

DimExpr ConvOp::getFlops(Shapes &shapes) {
  DimExpr window = 2;
  std::vector<DimExpr> weight = shapes.dims(getWeight());
  for (const DimExpr &size : llvm::drop_begin(weight))
    window = window * size;
  return shapes.numElements(getResult()) * window;
}
