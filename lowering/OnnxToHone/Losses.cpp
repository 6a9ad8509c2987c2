// The loss functions of the standard, as gathers and reductions. Gradients and optimizers are left out.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// -weight[target] * logProbability[target], reduced as the node asks. logProbability [N, C, ...], target [N,
/// ...].
static Value nll(Node &n, Value logProbability, Value target, Value weight) {
  target = n.cast(target, n.b.getI64Type());
  Value isCounted;
  if (n.hasAttribute("ignore_index")) {
    isCounted = n.compare(CmpKind::ne, target, n.i64(n.integer("ignore_index", 0)));
    target = n.select(isCounted, target, n.i64(0));
  }
  Value picked =
      n.squeeze(n.like<GatherElementsOp>(logProbability, n.unsqueeze(target, {1}), uint64_t(1)), {1});
  Value loss = n.like<NegOp>(picked), share;
  if (weight)
    share = n.gather(weight, target, 0);
  if (isCounted)
    share = n.select(isCounted, share ? share : n.number(loss, 1), n.number(loss, 0));
  if (share)
    loss = n.mul(loss, share);
  std::string reduction = n.text("reduction", "mean");
  if (reduction == "none" || n.failed)
    return loss;
  SmallVector<int64_t> all = axesFrom(0, n.rank(loss));
  if (reduction == "sum" || (reduction == "mean" && !share))
    return n.reduce(reduction == "sum" ? ReduceKind::sum : ReduceKind::mean, loss, all, false);
  if (reduction != "mean")
    return n.fail("expected a reduction 'none', 'sum' or 'mean', got '" + reduction + "'");
  return n.div(n.reduce(ReduceKind::sum, loss, all, false), n.reduce(ReduceKind::sum, share, all, false));
}
static void negativeLogLikelihood(Node &n) { n.out(0, nll(n, n.in(0), n.in(1), n.in(2))); }
static void softmaxCrossEntropy(Node &n) {
  Value logProbability = n.like<SoftmaxOp>(n.in(0), uint64_t(n.axis(1, n.rank(n.in(0)))), true);
  n.out(0, nll(n, logProbability, n.in(1), n.in(2)));
  n.out(1, logProbability);
}

ArrayRef<OpRow> lossRows() {
  static const OpRow rows[] = {
      {"", "NegativeLogLikelihoodLoss", 12, negativeLogLikelihood, 2, 3},
      {"", "SoftmaxCrossEntropyLoss", 12, softmaxCrossEntropy, 2, 3},
  };
  return rows;
}

} // namespace hone
