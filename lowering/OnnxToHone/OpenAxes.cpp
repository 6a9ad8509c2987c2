// Axes that only the run knows: every dimension is treated, and a mark says whether it counts.
#include "lowering/OnnxToHone/OpenAxes.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

bool hasOpenAxes(Node &n, int i) {
  Value axes = n.in(i);
  return axes && n.size(axes, 0) != 0 && !n.shapes.constants(axes);
}

/// Axes as i64 [k], not negative.
static Value normalized(Node &n, Value axes, int64_t rank) {
  axes = n.cast(axes, n.b.getI64Type());
  if (n.rank(axes) == 0)
    axes = n.unsqueeze(axes, {0});
  return n.select(n.compare(CmpKind::lt, axes, n.i64(0)), n.add(axes, n.i64(rank)), axes);
}

Value namedAxes(Node &n, Value axes, int64_t rank) {
  Value all = n.unsqueeze(n.range(n.i64(rank)), {1});
  Value hit = n.cast(n.compare(CmpKind::eq, all, normalized(n, axes, rank)), n.b.getI64Type());
  return n.compare(CmpKind::ne, n.reduce(ReduceKind::sum, hit, {1}, false), n.i64(0));
}

Value withoutMarked(Node &n, Value values, Value isDropped, int64_t count) {
  // The j-th that stays is the one with j others in front of it.
  Value stays = n.like<NotOp>(isDropped);
  Value before =
      n.like<CumSumOp>(n.cast(stays, n.b.getI64Type()), uint64_t(0), /*exclusive=*/true, false, false);
  Value slots = n.unsqueeze(n.range(n.i64(count)), {1});
  Value match = n.both(n.compare(CmpKind::eq, before, slots), stays);
  return n.reduce(ReduceKind::sum, n.select(match, n.expand(values, n.dims(match)), n.i64(0)), {1}, false);
}

Value reduceOpenly(Node &n, ReduceKind kind, Value x, Value axes, bool keep) {
  int64_t rank = n.rank(x), count = n.rank(axes) == 0 ? 1 : keep ? 0 : n.knownSize(axes, 0, "axes");
  if (kind == ReduceKind::l1)
    x = n.like<AbsOp>(x);
  else if (kind == ReduceKind::sum_square)
    x = n.mul(x, x);
  if (kind == ReduceKind::l1 || kind == ReduceKind::sum_square)
    kind = ReduceKind::sum;
  Value marks = namedAxes(n, axes, rank), sizes = n.dims(x), y = x;
  if (n.rank(axes) && ShapedType::isDynamic(n.size(axes, 0)) && !n.integer("noop_with_empty_axes", 0))
    marks = n.make<OrOp>(n.b.getI1Type(), marks, n.compare(CmpKind::eq, n.extent(axes, 0), n.i64(0)));
  // Each dimension with its reduction behind it; one of the two is kept. That holds for size 0 as well.
  for (int64_t axis = 0; axis < rank && !n.failed; ++axis) {
    Value mark = n.slice(marks, 0, axis, axis + 1), size = n.dim(x, axis);
    Value start = n.select(mark, size, n.one(0)), end = n.select(mark, n.add(size, n.one(1)), size);
    y = n.like<SliceOp>(n.concat({y, n.reduce(kind, y, {axis}, true)}, axis), start, end, n.one(1),
                        ArrayRef<int64_t>{axis});
  }
  return keep ? y : n.reshapeTo(y, withoutMarked(n, sizes, marks, rank - count));
}

Value sliceOpenly(Node &n, Value x, Value starts, Value ends, Value steps, Value axes) {
  int64_t rank = n.rank(x);
  Type i64 = n.b.getI64Type();
  axes = normalized(n, axes, rank);
  auto spread = [&](Value usual, Value given) {
    return n.make<ScatterElementsOp>(i64, ScatterKind::set, usual, axes, n.cast(given, i64), uint64_t(0));
  };
  SmallVector<int64_t> zeros(rank, 0), ones(rank, 1), every = axesFrom(0, rank);
  Value step = n.integerTensor(ones);
  starts = spread(n.integerTensor(zeros), starts);
  ends = spread(n.dims(x), ends);
  return steps ? stepOpenly(n, x, starts, ends, spread(step, steps), every)
               : n.like<SliceOp>(x, starts, ends, step, every);
}

Value stepOpenly(Node &n, Value x, Value starts, Value ends, Value steps, ArrayRef<int64_t> axes) {
  Value zero = n.i64(0), one = n.i64(1);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    auto at = [&, i = int64_t(i)](Value v) { return n.cast(n.pick(v, 0, i), n.b.getI64Type()); };
    Value size = n.extent(x, axis), step = at(steps);
    Value isForward = n.compare(CmpKind::gt, step, zero), back = n.select(isForward, zero, one);
    // Positions count from the end when negative. Forward they are in [0, size], backward in [-1, size - 1].
    auto position = [&](Value p, Value least) {
      p = n.select(n.compare(CmpKind::lt, p, zero), n.add(p, size), p);
      return n.min(n.max(p, least), n.sub(size, back));
    };
    Value from = position(at(starts), zero), to = position(at(ends), n.sub(zero, back));
    Value span = n.sub(n.add(n.sub(to, from), step), n.select(isForward, one, n.i64(-1)));
    Value count = n.max(n.div(span, step), zero);
    x = n.gather(x, n.add(n.mul(n.range(count), step), from), axis);
  }
  return x;
}

Value unsqueezeOpenly(Node &n, Value x, Value axes) {
  int64_t count = n.rank(axes) == 0 ? 1 : n.knownSize(axes, 0, "axes"), rank = n.rank(x) + count;
  Value marks = namedAxes(n, axes, rank);
  Value stays = n.cast(n.like<NotOp>(marks), n.b.getI64Type());
  // A dimension's size is that of the input's with as many others in front; past the last there are ones.
  Value at = n.like<CumSumOp>(stays, uint64_t(0), /*exclusive=*/true, false, false);
  Value sizes = n.concat({n.dims(x), n.one(1)}, 0);
  return n.reshapeTo(x, n.select(marks, n.i64(1), n.gather(sizes, at, 0)));
}

Value padsOpenly(Node &n, Value pads, Value axes, int64_t rank) {
  Type i64 = n.b.getI64Type();
  axes = normalized(n, axes, rank);
  return n.make<ScatterElementsOp>(i64, ScatterKind::set, n.integerTensor(SmallVector<int64_t>(2 * rank, 0)),
                                   n.concat({axes, n.add(axes, n.i64(rank))}, 0), n.cast(pads, i64),
                                   uint64_t(0));
}

Value squeezeOpenly(Node &n, Value x, Value axes) {
  int64_t count = n.rank(axes) == 0 ? 1 : n.knownSize(axes, 0, "axes");
  return n.reshapeTo(x, withoutMarked(n, n.dims(x), namedAxes(n, axes, n.rank(x)), n.rank(x) - count));
}

} // namespace hone
