// Normalisations, standard and com.microsoft.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static double epsilonOf(Node &n, double otherwise) { return n.real("epsilon", otherwise); }
static llvm::APFloat asFloat(double value) { return llvm::APFloat(float(value)); }

//===-- over the last dimensions -----------------------------------------------------===//

namespace {
/// The dimensions from `axis` on seen as one row.
struct Rows {
  Node &n;
  Value x, rows;
  int64_t axis;
  bool isPlain;

  Rows(Node &n, int64_t axis) : n(n), x(n.in(0)), axis(n.axis(axis, n.rank(x))) {
    isPlain = this->axis == n.rank(x) - 1;
    rows =
        isPlain || n.failed
            ? x
            : n.reshapeTo(x, n.shapeFrom({n.product(x, 0, this->axis), n.product(x, this->axis, n.rank(x))}));
  }
  /// A scale or bias, which may be broadcast within the row.
  Value vector(Value v) {
    if (!v || n.failed || (isPlain && n.rank(v) == 1 && n.shapes.dim(v, 0) == n.shapes.dim(x, axis)))
      return v;
    return n.reshape(n.expand(v, n.dims(x, axis)), {-1});
  }
  Value back(Value y) { return isPlain || !y ? y : n.reshapeTo(y, n.dims(x)); }
  SmallVector<int64_t> axes() { return axesFrom(axis, n.rank(x)); }
};
} // namespace

/// Outputs `meanAt` (when not negative) and `deviationAt`: the mean and 1 / sqrt(mean square + epsilon) of
/// each row.
static void statistics(Node &n, Value x, ArrayRef<int64_t> axes, double epsilon, int meanAt,
                       int deviationAt) {
  if (!n.wants(deviationAt) && (meanAt < 0 || !n.wants(meanAt)))
    return;
  Type wide = Node::element(x).isF64() ? Node::element(x) : Type(n.b.getF32Type());
  x = n.cast(x, wide);
  if (meanAt >= 0) {
    Value mean = n.reduce(ReduceKind::mean, x, axes, true);
    n.out(meanAt, mean);
    x = n.sub(x, mean);
  }
  Value square = n.reduce(ReduceKind::mean, n.mul(x, x), axes, true);
  n.out(deviationAt, n.like<RsqrtOp>(n.add(square, n.number(square, epsilon))));
}
static void layerNorm(Node &n) {
  Rows r(n, n.integer("axis", -1));
  double epsilon = epsilonOf(n, 1e-5);
  n.out(0, r.back(n.like<LayerNormOp>(r.rows, r.vector(n.in(1)), r.vector(n.in(2)), asFloat(epsilon))));
  statistics(n, r.x, r.axes(), epsilon, 1, 2);
}
static void rmsNorm(Node &n) {
  Rows r(n, n.integer("axis", -1));
  double epsilon = epsilonOf(n, 1e-5);
  n.out(0, r.back(n.like<RmsNormOp>(r.rows, r.vector(n.in(1)), asFloat(epsilon))));
  statistics(n, r.x, r.axes(), epsilon, -1, 1);
}
/// The sum that is normalized: input, skip and a bias; also output 3.
static Value skipSum(Node &n, int bias) {
  Value sum = n.add(n.in(0), n.in(1));
  if (n.has(bias))
    sum = n.add(sum, n.in(bias));
  n.out(3, sum);
  return sum;
}
static void skipLayerNorm(Node &n) {
  Value sum = skipSum(n, 4);
  double epsilon = epsilonOf(n, 1e-12);
  n.out(0, n.like<LayerNormOp>(sum, n.in(2), n.in(3), asFloat(epsilon)));
  if (sum)
    statistics(n, sum, {n.rank(sum) - 1}, epsilon, 1, 2);
}
static void skipSimplifiedLayerNorm(Node &n) {
  Value sum = skipSum(n, 3);
  double epsilon = epsilonOf(n, 1e-12);
  n.out(0, n.like<RmsNormOp>(sum, n.in(2), asFloat(epsilon)));
  if (sum)
    statistics(n, sum, {n.rank(sum) - 1}, epsilon, -1, 2);
}
/// Sum of word, position and segment embeddings, normalized.
static void embedLayerNorm(Node &n) {
  if (!n.has(2) || !n.has(3) || !n.has(5) || !n.has(6)) {
    n.fail("expected word and position embeddings, gamma and beta");
    return;
  }
  Value ids = n.in(0), positions = n.has(8) ? n.in(8) : n.positions(ids, 1);
  Value sum = n.add(n.gather(n.in(2), ids, 0), n.gather(n.in(3), positions, 0));
  if (n.has(1) && n.has(4))
    sum = n.add(sum, n.gather(n.in(4), n.in(1), 0));
  n.out(0, n.like<LayerNormOp>(sum, n.in(5), n.in(6), asFloat(epsilonOf(n, 1e-12))));
  n.out(2, sum);
  if (n.wants(1)) { // the number of ones in each row of the mask; zeros without one
    Type i32 = n.b.getI32Type();
    n.out(1, n.has(7) ? n.reduce(ReduceKind::sum, n.cast(n.in(7), i32), {1}, false)
                      : n.fill(n.dim(ids, 0), n.constant(i32, 0)));
  }
}

//===-- over channels ------------------------------------------------------------------===//

/// A vector of channels as [C, 1, 1...] for an input of this rank.
static Value perChannel(Node &n, Value v, int64_t rank) { return n.unsqueeze(v, axesFrom(1, rank - 1)); }

static void batchNorm(Node &n) {
  Value x = n.in(0), mean = n.in(3), variance = n.in(4);
  int64_t rank = n.rank(x);
  if (n.opset < 9 && !n.integer("spatial", 1)) {
    n.fail("normalisation of each position by itself (spatial = 0) is not built");
    return;
  }
  bool training = n.opset < 14 ? n.wants(1) || n.wants(2) : n.integer("training_mode", 0);
  if (training && n.opset < 14) {
    n.fail("training mode is not built before opset 14");
    return;
  }
  Type element = Node::element(mean);
  if (training) {
    SmallVector<int64_t> axes = axesFrom(1, rank);
    axes[0] = 0;
    Value wide = n.cast(x, element), kept = n.reduce(ReduceKind::mean, wide, axes, true),
          centered = n.sub(wide, kept);
    Value newMean = n.squeeze(kept, axes),
          newVariance = n.reduce(ReduceKind::mean, n.mul(centered, centered), axes, false);
    double momentum = n.real("momentum", 0.9);
    auto running = [&](Value old, Value now) {
      return n.add(n.mul(old, n.number(old, momentum)), n.mul(now, n.number(now, 1 - momentum)));
    };
    n.out(1, running(mean, newMean));
    n.out(2, running(variance, newVariance));
    mean = newMean;
    variance = newVariance;
  }
  Value root = n.like<SqrtOp>(n.add(variance, n.number(variance, epsilonOf(n, 1e-5))));
  Value scale = n.div(n.cast(n.in(1), element), root),
        shift = n.sub(n.cast(n.in(2), element), n.mul(mean, scale));
  Type type = Node::element(x);
  n.out(0,
        n.add(n.mul(x, perChannel(n, n.cast(scale, type), rank)), perChannel(n, n.cast(shift, type), rank)));
}
/// (x - mean) / sqrt(var + epsilon) over `axes`, kept.
static Value standardize(Node &n, Value x, ArrayRef<int64_t> axes, double epsilon) {
  Value centered = n.sub(x, n.reduce(ReduceKind::mean, x, axes, true));
  Value variance = n.reduce(ReduceKind::mean, n.mul(centered, centered), axes, true);
  return n.div(centered, n.like<SqrtOp>(n.add(variance, n.number(variance, epsilon))));
}
static Value widened(Node &n, Value x) {
  return Node::element(x).getIntOrFloatBitWidth() < 32 ? n.cast(x, n.b.getF32Type()) : x;
}
static void instanceNorm(Node &n) {
  Value x = n.in(0);
  int64_t rank = n.rank(x);
  Value y = n.cast(standardize(n, widened(n, x), axesFrom(2, rank), epsilonOf(n, 1e-5)), Node::element(x));
  n.out(0, n.add(n.mul(y, perChannel(n, n.in(1), rank)), perChannel(n, n.in(2), rank)));
}
static void groupNorm(Node &n) {
  Value x = n.in(0), scale = n.in(1), bias = n.in(2);
  int64_t rank = n.rank(x), groups = n.required("num_groups");
  if (rank < 2 || groups < 1) {
    n.fail("expected groups of channels in the second dimension");
    return;
  }
  Value each = n.div(n.dim(x, 1), n.one(groups));
  Value grouped = n.reshapeTo(widened(n, x),
                              n.shapeFrom({n.dim(x, 0), n.one(groups), n.mul(each, n.product(x, 2, rank))}));
  Value y =
      n.cast(n.reshapeTo(standardize(n, grouped, {2}, epsilonOf(n, 1e-5)), n.dims(x)), Node::element(x));
  if (n.opset < 21) { // one number a group
    auto spread = [&](Value v) {
      return n.reshape(n.expand(n.unsqueeze(v, {1}), n.shapeFrom({n.one(groups), each})), {-1});
    };
    scale = spread(scale);
    bias = spread(bias);
  }
  n.out(0, n.add(n.mul(y, perChannel(n, scale, rank)), perChannel(n, bias, rank)));
}
static void meanVariance(Node &n) {
  Value x = n.in(0);
  std::vector<int64_t> axes = n.integers("axes", {0, 2, 3});
  for (int64_t &axis : axes)
    axis = n.axis(axis, n.rank(x));
  llvm::sort(axes);
  Value centered = n.sub(x, n.reduce(ReduceKind::mean, x, axes, true));
  Value deviation = n.like<SqrtOp>(n.reduce(ReduceKind::mean, n.mul(centered, centered), axes, true));
  n.out(0, n.div(centered, n.add(deviation, n.number(x, 1e-9))));
}
static void lpNorm(Node &n) {
  Value x = n.in(0);
  int64_t axis = n.axis(n.integer("axis", -1), n.rank(x)), p = n.integer("p", 2);
  Value norm = p == 1 ? n.reduce(ReduceKind::l1, x, {axis}, true)
                      : n.like<SqrtOp>(n.reduce(ReduceKind::sum_square, x, {axis}, true));
  // A row of zeros stays one.
  Value safe =
      norm ? n.select(n.compare(CmpKind::eq, norm, n.number(norm, 0)), n.number(norm, 1), norm) : norm;
  n.out(0, n.div(x, safe));
}
/// x / (bias + alpha * mean square of the neighbouring channels)^beta.
static void localResponse(Node &n) {
  Value x = n.in(0);
  int64_t size = n.required("size"), rank = n.rank(x);
  if (rank < 3 || size < 1) {
    n.fail("expected [batch, channels, ...] and a size of at least 1");
    return;
  }
  // Channels become a spatial dimension that is pooled; zeros around them count.
  Value square =
      n.reshapeTo(n.mul(x, x), n.shapeFrom({n.dim(x, 0), n.one(1), n.dim(x, 1), n.product(x, 2, rank)}));
  int64_t before = (size - 1) / 2;
  Value mean =
      square ? n.make<PoolOp>(Node::element(x), PoolKind::average, square, ArrayRef<int64_t>{size, 1},
                              ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{before, 0, size - 1 - before, 0},
                              ArrayRef<int64_t>{1, 1}, false, true)
             : square;
  Value base = n.add(n.mul(n.reshapeTo(mean, n.dims(x)), n.number(x, n.real("alpha", 0.0001))),
                     n.number(x, n.real("bias", 1)));
  n.out(0, n.div(x, n.like<PowOp>(base, n.number(x, n.real("beta", 0.75)))));
}

ArrayRef<OpRow> normRows() {
  static const OpRow rows[] = {
      {"", "LayerNormalization", 1, layerNorm, 2, 3},
      {"", "RMSNormalization", 23, rmsNorm, 2, 2},
      {"", "SimplifiedLayerNormalization", 1, rmsNorm, 2, 2},
      {"com.microsoft", "SimplifiedLayerNormalization", 1, rmsNorm, 2, 2},
      {"com.microsoft", "SkipLayerNormalization", 1, skipLayerNorm, 3, 5},
      {"com.microsoft", "SkipSimplifiedLayerNormalization", 1, skipSimplifiedLayerNorm, 3, 4},
      {"com.microsoft", "EmbedLayerNormalization", 1, embedLayerNorm, 1, 9},
      {"", "BatchNormalization", 1, batchNorm, 5, 5},
      {"", "InstanceNormalization", 1, instanceNorm, 3, 3},
      {"", "GroupNormalization", 18, groupNorm, 3, 3},
      {"", "MeanVarianceNormalization", 9, meanVariance},
      {"", "LpNormalization", 1, lpNorm},
      {"", "LRN", 1, localResponse},
  };
  return rows;
}

} // namespace hone
