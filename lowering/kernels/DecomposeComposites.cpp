// Composite ops as primitives, for targets whose families do not take them: right everywhere, and the
// reference that fused kernels are compared with.
#include "dialects/hone/HoneDialect.h"
#include "lowering/kernels/KernelFamily.h"
#include "lowering/kernels/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace hone {
#define GEN_PASS_DEF_DECOMPOSECOMPOSITES
#include "lowering/kernels/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

/// Builds typed hone ops at one place.
struct At {
  OpBuilder b;
  Location loc;
  Shapes &shapes;
  Attribute device;

  At(Operation *at, Shapes &shapes)
      : b(at), loc(at->getLoc()), shapes(shapes), device(at->getAttr("hone.device")) {}
  static Type element(Value v) { return cast<RankedTensorType>(v.getType()).getElementType(); }

  template <typename Op, typename... Args>
  Value make(Type elementType, Args &&...args) {
    auto op = Op::create(b, loc, UnrankedTensorType::get(elementType), std::forward<Args>(args)...);
    // Parts run where the whole was placed.
    if (device && isa<ElementOpInterface>(op.getOperation()) && !isa<ConstantOp>(op.getOperation()))
      op->setAttr("hone.device", device);
    (void)shapes.infer(op);
    return op->getResult(0);
  }
  template <typename Op, typename... Args>
  Value like(Value x, Args &&...args) {
    return make<Op>(element(x), x, std::forward<Args>(args)...);
  }
  Value integers(ArrayRef<int64_t> values) {
    return make<ConstantOp>(
        b.getI64Type(),
        DenseIntElementsAttr::get(RankedTensorType::get({int64_t(values.size())}, b.getI64Type()), values));
  }
  Value number(Type type, double value) {
    Attribute attribute = isa<FloatType>(type) ? Attribute(b.getFloatAttr(type, value))
                                               : Attribute(b.getIntegerAttr(type, int64_t(value)));
    return make<ConstantOp>(type, DenseElementsAttr::get(RankedTensorType::get({}, type), attribute));
  }
  Value reshape(Value x, ArrayRef<int64_t> sizes) { return like<ReshapeOp>(x, integers(sizes), false); }
  Value transpose(Value x, ArrayRef<int64_t> perm) { return like<TransposeOp>(x, perm); }
  Value split(Value x, int64_t heads) { return transpose(reshape(x, {0, 0, heads, -1}), {0, 2, 1, 3}); }
  Value slice(Value x, int64_t axis, int64_t from, int64_t to) {
    return like<SliceOp>(x, integers({from}), integers({to}), integers({1}), ArrayRef<int64_t>{axis});
  }
  /// A dimension as an i64 scalar.
  Value size(Value x, int64_t axis) {
    Value one = make<ShapeOp>(b.getI64Type(), x, b.getI64IntegerAttr(axis), b.getI64IntegerAttr(axis + 1));
    return like<SqueezeOp>(one, ArrayRef<int64_t>{0});
  }
  Value range(Value count) {
    return make<RangeOp>(b.getI64Type(), number(b.getI64Type(), 0), count, number(b.getI64Type(), 1));
  }
  Value compare(CmpKind kind, Value x, Value y) { return make<CmpOp>(b.getI1Type(), kind, x, y); }
  Value select(Value c, Value x, Value y) { return make<SelectOp>(element(x), c, x, y); }
  Value asI64(Value x) {
    return element(x).isInteger(64) ? x : make<CastOp>(b.getI64Type(), x, TypeAttr::get(b.getI64Type()));
  }
  /// [B, N, P + count, H], the past and `count` new rows, with a row's new ones right behind as much of its
  /// past as `lengths` [B] leaves it, and zeros behind those.
  Value closeGaps(Value x, Value lengths, Value count) {
    Type i64 = b.getI64Type();
    lengths = like<UnsqueezeOp>(asI64(lengths), ArrayRef<int64_t>{1, 2, 3});
    Value total = size(x, 2), last = like<SubOp>(total, number(i64, 1));
    Value past = like<MaxOp>(like<SubOp>(like<MinOp>(lengths, total), count), number(i64, 0));
    Value t = like<UnsqueezeOp>(range(total), ArrayRef<int64_t>{1});
    Value fresh = like<AddOp>(like<SubOp>(t, past), like<SubOp>(total, count));
    Value from = select(compare(CmpKind::lt, t, past), t, like<MinOp>(fresh, last));
    Value shape = make<ShapeOp>(i64, x, b.getI64IntegerAttr(0), b.getI64IntegerAttr(4));
    Value rows = like<GatherElementsOp>(x, like<ExpandOp>(from, shape), int64_t(2));
    return select(compare(CmpKind::lt, t, like<AddOp>(past, count)), rows, number(element(x), 0));
  }
  Value repeatHeads(Value x, int64_t times) {
    if (times == 1)
      return x;
    auto type = cast<RankedTensorType>(x.getType());
    Value wide = like<ExpandOp>(like<UnsqueezeOp>(x, ArrayRef<int64_t>{2}), integers({1, 1, times, 1, 1}));
    Value dims = make<ConcatOp>(
        b.getI64Type(),
        ValueRange{make<ShapeOp>(b.getI64Type(), x, b.getI64IntegerAttr(0), b.getI64IntegerAttr(1)),
                   integers({type.getDimSize(1) * times}),
                   make<ShapeOp>(b.getI64Type(), x, b.getI64IntegerAttr(2), b.getI64IntegerAttr(4))},
        int64_t(0));
    return like<ReshapeOp>(wide, dims, true);
  }
};

void decompose(AttentionOp op, Shapes &shapes) {
  At n(op, shapes);
  Type element = n.element(op.getQuery());
  int64_t heads = op.getHeads(), kvHeads = op.getKvHeads();
  Value q = n.split(op.getQuery(), heads), k = n.split(op.getKey(), kvHeads),
        v = n.split(op.getValue(), kvHeads);
  if (op.getPastKey()) {
    Value count = n.size(k, 2);
    k = n.make<ConcatOp>(element, ValueRange{op.getPastKey(), k}, int64_t(2));
    v = n.make<ConcatOp>(element, ValueRange{op.getPastValue(), v}, int64_t(2));
    if (op.getLengths()) {
      k = n.closeGaps(k, op.getLengths(), count);
      v = n.closeGaps(v, op.getLengths(), count);
    }
  }
  Value presentKey = k, presentValue = v;
  k = n.repeatHeads(k, heads / kvHeads);
  v = n.repeatHeads(v, heads / kvHeads);
  Value scores = n.like<MatmulOp>(q, k, false, true, int64_t(0));
  scores = n.like<MulOp>(scores, n.number(element, op.getScale().convertToDouble()));
  if (double cap = op.getSoftcap().convertToDouble(); cap > 0)
    scores =
        n.like<MulOp>(n.like<TanhOp>(n.like<DivOp>(scores, n.number(element, cap))), n.number(element, cap));
  Value keep;
  auto require = [&](Value condition) {
    keep = keep ? n.make<AndOp>(n.b.getI1Type(), keep, condition) : condition;
  };
  Type i64 = n.b.getI64Type();
  if (op.getMask()) {
    if (n.element(op.getMask()).isInteger(1))
      require(op.getMask());
    else
      scores = n.like<AddOp>(scores, op.getMask());
  }
  Value total = n.size(presentKey, 2), keys = n.range(total);
  Value lengths = total; // [B, 1, 1, 1] or a scalar
  if (op.getLengths()) {
    lengths = n.like<UnsqueezeOp>(n.asI64(op.getLengths()), ArrayRef<int64_t>{1, 2, 3});
    require(n.compare(CmpKind::lt, keys, lengths));
  }
  if (op.getCausal()) {
    // Rows shorter than the prompt start at the beginning.
    Value count = n.size(op.getQuery(), 1);
    Value first = n.like<MaxOp>(n.like<SubOp>(lengths, count), n.number(i64, 0));
    Value limit = n.like<AddOp>(first, n.like<UnsqueezeOp>(n.range(count), ArrayRef<int64_t>{1}));
    require(n.compare(CmpKind::le, keys, limit));
    if (int64_t window = int64_t(op.getWindow()); window > 0)
      require(n.compare(CmpKind::gt, keys, n.like<SubOp>(limit, n.number(i64, window))));
  }
  if (keep)
    scores = n.select(keep, scores, n.number(element, -std::numeric_limits<double>::infinity()));
  Value weights = n.like<SoftmaxOp>(scores, int64_t(3), false);
  // A row without keys is 0 / 0.
  if (keep || op.getMask())
    weights = n.select(n.make<IsNanOp>(n.b.getI1Type(), weights), n.number(element, 0), weights);
  Value output = n.reshape(n.transpose(n.like<MatmulOp>(weights, v, false, false, int64_t(0)), {0, 2, 1, 3}),
                           {0, 0, -1});
  op.getOutput().replaceAllUsesWith(output);
  if (!op.getPresents().empty()) {
    op.getPresents()[0].replaceAllUsesWith(presentKey);
    op.getPresents()[1].replaceAllUsesWith(presentValue);
  }
  op.erase();
}

/// One time step: gates in the order i, o, f, c.
std::pair<Value, Value> step(At &n, Value x, Value h, Value c, Value w, Value r, Value bias, int64_t hidden) {
  Value gates = n.like<AddOp>(n.like<AddOp>(n.like<MatmulOp>(x, w, false, true, int64_t(0)),
                                            n.like<MatmulOp>(h, r, false, true, int64_t(0))),
                              bias);
  auto gate = [&](int64_t i) { return n.slice(gates, 1, i * hidden, (i + 1) * hidden); };
  Value in = n.like<SigmoidOp>(gate(0)), out = n.like<SigmoidOp>(gate(1)),
        forget = n.like<SigmoidOp>(gate(2)), cell = n.like<TanhOp>(gate(3));
  Value next = n.like<AddOp>(n.like<MulOp>(forget, c), n.like<MulOp>(in, cell));
  return {n.like<MulOp>(out, n.like<TanhOp>(next)), next};
}

LogicalResult decompose(LstmOp op, Shapes &shapes) {
  At n(op, shapes);
  auto type = cast<RankedTensorType>(op.getInput().getType());
  int64_t steps = type.getDimSize(0), hidden = cast<RankedTensorType>(op.getR().getType()).getDimSize(1);
  if (ShapedType::isDynamic(hidden))
    return op.emitError("expected a known hidden size");
  Value bias = n.like<AddOp>(n.slice(op.getBias(), 0, 0, 4 * hidden),
                             n.slice(op.getBias(), 0, 4 * hidden, 8 * hidden));
  Value h = op.getHidden(), c = op.getCell(), outputs;
  if (!ShapedType::isDynamic(steps) && steps <= 4) {
    SmallVector<Value> all(steps);
    for (int64_t i = 0; i < steps; ++i) {
      int64_t t = op.getReverse() ? steps - 1 - i : i;
      Value x = n.like<SqueezeOp>(n.slice(op.getInput(), 0, t, t + 1), ArrayRef<int64_t>{0});
      std::tie(h, c) = step(n, x, h, c, op.getW(), op.getR(), bias, hidden);
      all[t] = n.like<UnsqueezeOp>(h, ArrayRef<int64_t>{0});
    }
    outputs = steps == 1 ? all[0] : n.make<ConcatOp>(n.element(h), all, int64_t(0));
  } else {
    Type open = UnrankedTensorType::get(n.element(h));
    Value count = n.size(op.getInput(), 0);
    auto loop = LoopOp::create(n.b, n.loc, TypeRange{open, open, open}, count, Value(), ValueRange{h, c});
    Type i64 = n.b.getI64Type();
    {
      OpBuilder::InsertionGuard guard(n.b);
      Block *body = n.b.createBlock(&loop.getBody(), {},
                                    {RankedTensorType::get({}, i64),
                                     RankedTensorType::get({}, n.b.getI1Type()), h.getType(), c.getType()},
                                    SmallVector<Location>(4, n.loc));
      Value t = body->getArgument(0);
      if (op.getReverse())
        t = n.like<SubOp>(n.like<SubOp>(count, n.number(i64, 1)), t);
      Value x = n.like<GatherOp>(op.getInput(), t, int64_t(0));
      auto [nextH, nextC] =
          step(n, x, body->getArgument(2), body->getArgument(3), op.getW(), op.getR(), bias, hidden);
      YieldOp::create(n.b, n.loc, ValueRange{n.number(n.b.getI1Type(), 1), nextH, nextC, nextH});
    }
    if (failed(shapes.infer(loop)))
      return failure();
    h = loop.getResult(0);
    c = loop.getResult(1);
    outputs = loop.getResult(2);
    if (op.getReverse())
      outputs = n.like<SliceOp>(outputs, n.integers({-1}), n.integers({INT64_MIN}), n.integers({-1}),
                                ArrayRef<int64_t>{0});
  }
  op.getOutput().replaceAllUsesWith(outputs);
  op.getLastHidden().replaceAllUsesWith(h);
  op.getLastCell().replaceAllUsesWith(c);
  op.erase();
  return success();
}

/// Statistics are f32, f64 for f64: the input as that type, and back.
Value widen(At &n, Value x) {
  Type type = n.element(x);
  return type.isF16() || type.isBF16() ? n.make<CastOp>(n.b.getF32Type(), x, TypeAttr::get(n.b.getF32Type()))
                                       : x;
}
Value narrow(At &n, Value x, Type type) {
  return n.element(x) == type ? x : n.make<CastOp>(type, x, TypeAttr::get(type));
}
Value reduce(At &n, ReduceKind kind, Value x, int64_t axis) {
  return n.make<ReduceOp>(n.element(x), kind, x, ArrayRef<int64_t>{axis}, true);
}

Value decompose(SoftmaxOp op, Shapes &shapes) {
  At n(op, shapes);
  int64_t axis = op.getAxis();
  Value x = widen(n, op.getInput());
  Value shifted = n.like<SubOp>(x, reduce(n, ReduceKind::max, x, axis)), powers = n.like<ExpOp>(shifted);
  Value total = reduce(n, ReduceKind::sum, powers, axis);
  return narrow(n, op.getLog() ? n.like<SubOp>(shifted, n.like<LogOp>(total)) : n.like<DivOp>(powers, total),
                n.element(op.getInput()));
}

/// x / sqrt(mean(x^2) + epsilon) * scale (+ bias) over the last dimension.
Value normalize(At &n, Value x, const APFloat &epsilon, Value scale, Value bias, Type type) {
  int64_t axis = cast<RankedTensorType>(x.getType()).getRank() - 1;
  Value mean = reduce(n, ReduceKind::mean, n.like<MulOp>(x, x), axis);
  Value root = n.like<SqrtOp>(n.like<AddOp>(mean, n.number(n.element(x), epsilon.convertToDouble())));
  Value y = n.like<MulOp>(n.like<DivOp>(x, root), widen(n, scale));
  return narrow(n, bias ? n.like<AddOp>(y, widen(n, bias)) : y, type);
}
Value decompose(LayerNormOp op, Shapes &shapes) {
  At n(op, shapes);
  Value x = widen(n, op.getInput());
  int64_t axis = cast<RankedTensorType>(x.getType()).getRank() - 1;
  Value centered = n.like<SubOp>(x, reduce(n, ReduceKind::mean, x, axis));
  return normalize(n, centered, op.getEpsilon(), op.getScale(), op.getBias(), n.element(op.getInput()));
}
Value decompose(RmsNormOp op, Shapes &shapes) {
  At n(op, shapes);
  return normalize(n, widen(n, op.getInput()), op.getEpsilon(), op.getScale(), {}, n.element(op.getInput()));
}

struct DecomposeComposites : ::hone::impl::DecomposeCompositesBase<DecomposeComposites> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Shapes shapes;
      if (function.isExternal())
        continue;
      if (failed(shapes.inferFunction(function)))
        return signalPassFailure();
      SmallVector<Operation *> composites;
      function.walk([&](Operation *op) {
        if (isa<AttentionOp, LstmOp>(op) && !isTaken(op, shapes))
          composites.push_back(op);
      });
      for (Operation *op : composites) {
        if (auto attention = dyn_cast<AttentionOp>(op))
          decompose(attention, shapes);
        else if (failed(decompose(cast<LstmOp>(op), shapes)))
          return signalPassFailure();
      }
      // Rows last: attention leaves softmaxes behind.
      SmallVector<Operation *> rows;
      function.walk([&](Operation *op) {
        if (isa<SoftmaxOp, LayerNormOp, RmsNormOp>(op) && !isTaken(op, shapes))
          rows.push_back(op);
      });
      for (Operation *op : rows) {
        Value result = llvm::TypeSwitch<Operation *, Value>(op).Case<SoftmaxOp, LayerNormOp, RmsNormOp>(
            [&](auto row) { return decompose(row, shapes); });
        op->getResult(0).replaceAllUsesWith(result);
        op->erase();
      }
    }
  }

  static bool isTaken(Operation *op, Shapes &shapes) {
    TargetAttr target = ::hone::targetOf(op);
    return llvm::any_of(::hone::kernelFamilies(target), [&](const ::hone::KernelFamily *family) {
      return family->refusesRoot(op, shapes, target).empty();
    });
  }
};

} // namespace
