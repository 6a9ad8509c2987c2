// Reductions, softmax and their relatives.
#include "lowering/OnnxToHone/OpTable.h"
#include "lowering/OnnxToHone/OpenAxes.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// Axes from the attribute or the second input; all when there are none, but none with noop_with_empty_axes.
static std::vector<int64_t> reduceAxes(Node &n) {
  std::vector<int64_t> axes = n.has(1) ? n.known(1, "axes") : n.integers("axes");
  int64_t rank = n.rank(n.in(0));
  for (int64_t &axis : axes)
    axis = n.axis(axis, rank);
  if (axes.empty() && !n.integer("noop_with_empty_axes", 0))
    for (int64_t axis : axesFrom(0, rank))
      axes.push_back(axis);
  llvm::sort(axes);
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}
static bool keepsDims(Node &n) { return n.integer("keepdims", 1); }

static Value reduced(Node &n, ReduceKind kind, Value x, bool keep) {
  return hasOpenAxes(n, 1) ? reduceOpenly(n, kind, x, n.in(1), keep) : n.reduce(kind, x, reduceAxes(n), keep);
}

template <ReduceKind kind>
static void reduce(Node &n) {
  n.out(0, reduced(n, kind, n.in(0), keepsDims(n)));
}
/// Math functions of integers are those of their f32 values.
template <typename Op>
static Value viaFloat(Node &n, Value x) {
  return x && !Node::isFloat(x) ? n.cast(n.like<Op>(n.cast(x, n.b.getF32Type())), Node::element(x))
                                : n.like<Op>(x);
}
static void reduceL2(Node &n) {
  n.out(0, viaFloat<SqrtOp>(n, reduced(n, ReduceKind::sum_square, n.in(0), keepsDims(n))));
}
static void reduceLogSum(Node &n) {
  n.out(0, viaFloat<LogOp>(n, reduced(n, ReduceKind::sum, n.in(0), keepsDims(n))));
}
static void reduceLogSumExp(Node &n) {
  Value x = n.in(0);
  Type element = Node::element(x);
  if (!Node::isFloat(x))
    x = n.cast(x, n.b.getF32Type());
  // Shifted by the largest, which is finite or not added at all.
  Value top = reduced(n, ReduceKind::max, x, true);
  top = top ? n.select(n.make<IsInfOp>(n.b.getI1Type(), top, true, true), n.number(x, 0), top) : top;
  Value sum = n.add(n.like<LogOp>(reduced(n, ReduceKind::sum, n.like<ExpOp>(n.sub(x, top)), true)), top);
  if (sum && !keepsDims(n))
    sum = hasOpenAxes(n, 1) ? squeezeOpenly(n, sum, n.in(1)) : n.squeeze(sum, reduceAxes(n));
  n.out(0, n.cast(sum, element));
}
template <bool isMin>
static Value argReduce(Node &n, Value x, int64_t axis, bool keep, bool last) {
  return n.make<ArgReduceOp>(n.b.getI64Type(), x, uint64_t(axis), keep, isMin, last);
}
template <bool isMin>
static void argReduce(Node &n) {
  Value x = n.in(0);
  n.out(0, argReduce<isMin>(n, x, n.axis(n.integer("axis", 0), n.rank(x)), keepsDims(n),
                            n.integer("select_last_index", 0)));
}
template <bool isProduct>
static void running(Node &n) {
  Value x = n.in(0);
  int64_t rank = n.rank(x);
  auto along = [&](int64_t axis) {
    return n.like<CumSumOp>(x, uint64_t(axis), bool(n.integer("exclusive", 0)), bool(n.integer("reverse", 0)),
                            isProduct);
  };
  if (!hasOpenAxes(n, 1)) {
    std::vector<int64_t> axis = n.known(1, "axis");
    if (axis.size() != 1)
      n.fail("expected one axis");
    else
      n.out(0, along(n.axis(axis[0], rank)));
    return;
  }
  Value marks = namedAxes(n, n.in(1), rank), y = along(0);
  for (int64_t axis = 1; axis < rank && !n.failed; ++axis)
    y = n.select(n.pick(marks, 0, axis), along(axis), y);
  n.out(0, y);
}

//===-- softmax ------------------------------------------------------------------===//

static Value hardmax(Node &n, Value x, int64_t axis) {
  Value top = argReduce<false>(n, x, axis, true, false);
  Value at = n.unsqueeze(n.positions(x, axis), axesFrom(1, n.rank(x) - axis));
  return n.cast(n.compare(CmpKind::eq, at, top), Node::element(x));
}
enum class Kind { softmax, logSoftmax, hardmax };
template <Kind kind>
static Value along(Node &n, Value x, int64_t axis) {
  return kind == Kind::hardmax ? hardmax(n, x, axis)
                               : n.like<SoftmaxOp>(x, uint64_t(axis), kind == Kind::logSoftmax);
}
/// Until opset 12: over a matrix of what lies in front of `axis` and all from it on.
template <Kind kind>
static void softmax1(Node &n) {
  Value x = n.in(0);
  int64_t rank = n.rank(x), axis = n.axis(n.integer("axis", 1), rank);
  if (axis == rank - 1) {
    n.out(0, along<kind>(n, x, axis));
    return;
  }
  Value rows = n.reshapeTo(x, n.shapeFrom({n.product(x, 0, axis), n.product(x, axis, rank)}));
  n.out(0, n.reshapeTo(rows ? along<kind>(n, rows, 1) : rows, n.dims(x)));
}
template <Kind kind>
static void softmax13(Node &n) {
  Value x = n.in(0);
  n.out(0, along<kind>(n, x, n.axis(n.integer("axis", -1), n.rank(x))));
}

ArrayRef<OpRow> reduceRows() {
  static const OpRow rows[] = {
      {"", "ReduceSum", 1, reduce<ReduceKind::sum>, 1, 2},
      {"", "ReduceMean", 1, reduce<ReduceKind::mean>, 1, 2},
      {"", "ReduceMax", 1, reduce<ReduceKind::max>, 1, 2},
      {"", "ReduceMin", 1, reduce<ReduceKind::min>, 1, 2},
      {"", "ReduceProd", 1, reduce<ReduceKind::prod>, 1, 2},
      {"", "ReduceL1", 1, reduce<ReduceKind::l1>, 1, 2},
      {"", "ReduceSumSquare", 1, reduce<ReduceKind::sum_square>, 1, 2},
      {"", "ReduceL2", 1, reduceL2, 1, 2},
      {"", "ReduceLogSum", 1, reduceLogSum, 1, 2},
      {"", "ReduceLogSumExp", 1, reduceLogSumExp, 1, 2},
      {"", "ArgMax", 1, argReduce<false>},
      {"", "ArgMin", 1, argReduce<true>},
      {"", "CumSum", 11, running<false>, 2, 2},
      {"", "CumProd", 26, running<true>, 2, 2},
      {"", "Softmax", 1, softmax1<Kind::softmax>},
      {"", "Softmax", 13, softmax13<Kind::softmax>},
      {"", "LogSoftmax", 1, softmax1<Kind::logSoftmax>},
      {"", "LogSoftmax", 13, softmax13<Kind::logSoftmax>},
      {"", "Hardmax", 1, softmax1<Kind::hardmax>},
      {"", "Hardmax", 13, softmax13<Kind::hardmax>},
  };
  return rows;
}

} // namespace hone
