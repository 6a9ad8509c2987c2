// Reductions, softmax and their relatives.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// Axes from the attribute or the second input; all when there are none (unless noop_with_empty_axes).
static bool reduceAxes(Node &n, std::vector<int64_t> &axes) {
  axes = n.has(1) ? n.known(1, "axes") : n.integers("axes");
  if (axes.empty()) {
    if (n.integer("noop_with_empty_axes", 0))
      return false;
    for (int64_t i = 0; i < n.rank(n.in(0)); ++i)
      axes.push_back(i);
  }
  for (int64_t &axis : axes)
    axis = n.axis(axis, n.rank(n.in(0)));
  llvm::sort(axes);
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return true;
}

template <ReduceKind kind>
static void reduce(Node &n) {
  std::vector<int64_t> axes;
  bool some = reduceAxes(n, axes);
  if (some)
    n.out(0, n.reduce(kind, n.in(0), axes, n.integer("keepdims", 1)));
  else if (kind == ReduceKind::sum_square)
    n.out(0, n.mul(n.in(0), n.in(0)));
  else
    n.out(0, kind == ReduceKind::l1 ? n.like<AbsOp>(n.in(0)) : n.in(0));
}
static void reduceL2(Node &n) {
  std::vector<int64_t> axes;
  if (reduceAxes(n, axes))
    n.out(0, n.cast(n.like<SqrtOp>(n.cast(n.reduce(ReduceKind::sum_square, n.in(0), axes, n.integer("keepdims", 1)),
                                          isa<FloatType>(Node::element(n.in(0))) ? Node::element(n.in(0)) : n.b.getF32Type())),
                    Node::element(n.in(0))));
  else
    n.out(0, n.like<AbsOp>(n.in(0)));
}
static void reduceLogSum(Node &n) {
  std::vector<int64_t> axes;
  bool some = reduceAxes(n, axes);
  n.out(0, n.like<LogOp>(some ? n.reduce(ReduceKind::sum, n.in(0), axes, n.integer("keepdims", 1)) : n.in(0)));
}
static void reduceLogSumExp(Node &n) {
  Value x = n.in(0);
  std::vector<int64_t> axes;
  if (!reduceAxes(n, axes)) {
    n.out(0, x);
    return;
  }
  // Shifted by the largest, which is finite or not added at all.
  Value top = n.reduce(ReduceKind::max, x, axes, true), zero = n.constant(Node::element(x), 0);
  top = n.select(n.make<IsInfOp>(n.b.getI1Type(), top, true, true), zero, top);
  Value sum = n.add(n.like<LogOp>(n.reduce(ReduceKind::sum, n.like<ExpOp>(n.sub(x, top)), axes, true)), top);
  n.out(0, n.integer("keepdims", 1) ? sum : n.squeeze(sum, axes));
}
template <bool isMin>
static void argReduce(Node &n) {
  Value x = n.in(0);
  n.out(0, n.make<ArgReduceOp>(n.b.getI64Type(), x, n.axis(n.integer("axis", 0), n.rank(x)), bool(n.integer("keepdims", 1)), isMin,
                               bool(n.integer("select_last_index", 0))));
}
static void cumSum(Node &n) {
  std::vector<int64_t> axis = n.known(1, "axis");
  if (!n.failed)
    n.out(0, n.like<CumSumOp>(n.in(0), n.axis(axis[0], n.rank(n.in(0))), bool(n.integer("exclusive", 0)), bool(n.integer("reverse", 0)), false));
}
/// Until opset 12 softmax works on a matrix of what lies in front of `axis` and what follows.
template <bool isLog>
static void softmax1(Node &n) {
  Value x = n.in(0);
  int64_t rank = n.rank(x), axis = n.axis(n.integer("axis", 1), rank);
  if (axis == rank - 1) {
    n.out(0, n.like<SoftmaxOp>(x, axis, isLog));
    return;
  }
  Value dims = n.make<ShapeOp>(n.b.getI64Type(), x, n.b.getI64IntegerAttr(0), IntegerAttr());
  std::vector<int64_t> flat(axis, 0);
  flat.push_back(-1);
  Value y = n.like<SoftmaxOp>(n.reshape(x, flat), axis, isLog);
  n.out(0, n.like<ReshapeOp>(y, dims, true));
}
template <bool isLog>
static void softmax13(Node &n) {
  n.out(0, n.like<SoftmaxOp>(n.in(0), n.axis(n.integer("axis", -1), n.rank(n.in(0))), isLog));
}

ArrayRef<OpRow> reduceRows() {
  static const OpRow rows[] = {
      {"", "ReduceSum", 1, reduce<ReduceKind::sum>}, {"", "ReduceMean", 1, reduce<ReduceKind::mean>}, {"", "ReduceMax", 1, reduce<ReduceKind::max>},
      {"", "ReduceMin", 1, reduce<ReduceKind::min>}, {"", "ReduceProd", 1, reduce<ReduceKind::prod>}, {"", "ReduceL1", 1, reduce<ReduceKind::l1>},
      {"", "ReduceSumSquare", 1, reduce<ReduceKind::sum_square>}, {"", "ReduceL2", 1, reduceL2}, {"", "ReduceLogSum", 1, reduceLogSum},
      {"", "ReduceLogSumExp", 1, reduceLogSumExp}, {"", "ArgMax", 1, argReduce<false>}, {"", "ArgMin", 1, argReduce<true>},
      {"", "CumSum", 11, cumSum}, {"", "Softmax", 1, softmax1<false>}, {"", "Softmax", 13, softmax13<false>},
      {"", "LogSoftmax", 1, softmax1<true>}, {"", "LogSoftmax", 13, softmax13<true>},
  };
  return rows;
}

} // namespace hone
