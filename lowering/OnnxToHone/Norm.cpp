// Normalisations, standard and com.microsoft.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static llvm::APFloat epsilonOf(Node &n, double otherwise) { return llvm::APFloat(float(n.real("epsilon", otherwise))); }

/// Normalises over all dimensions from `axis` on, as one row.
template <typename Body>
static Value overRows(Node &n, Value x, int64_t axis, Body &&body) {
  int64_t rank = n.rank(x);
  if (axis == rank - 1)
    return body(x, [](Value v) { return v; });
  Value dims = n.make<ShapeOp>(n.b.getI64Type(), x, n.b.getI64IntegerAttr(0), IntegerAttr());
  std::vector<int64_t> sizes(axis, 0);
  sizes.push_back(-1);
  Value y = body(n.reshape(x, sizes), [&](Value v) { return v ? n.reshape(v, {-1}) : v; });
  return y ? n.like<ReshapeOp>(y, dims, true) : y;
}

static void layerNorm(Node &n) {
  Value x = n.in(0);
  if (n.wants(1) || n.wants(2)) {
    n.fail("the mean and deviation outputs are not built");
    return;
  }
  n.out(0, overRows(n, x, n.axis(n.integer("axis", -1), n.rank(x)), [&](Value row, auto flat) {
          return n.like<LayerNormOp>(row, flat(n.in(1)), flat(n.in(2)), epsilonOf(n, 1e-5));
        }));
}
static void rmsNorm(Node &n) {
  Value x = n.in(0);
  if (n.wants(1)) {
    n.fail("the deviation output is not built");
    return;
  }
  n.out(0, overRows(n, x, n.axis(n.integer("axis", -1), n.rank(x)),
                    [&](Value row, auto flat) { return n.like<RmsNormOp>(row, flat(n.in(1)), epsilonOf(n, 1e-5)); }));
}
/// Outputs: normalized, mean, deviation, sum.
static void skipNorm(Node &n, Value sum, Value normalized) {
  if (n.wants(1) || n.wants(2)) {
    n.fail("the mean and deviation outputs are not built");
    return;
  }
  n.out(0, normalized);
  n.out(3, sum);
}
static void skipLayerNorm(Node &n) {
  Value sum = n.add(n.in(0), n.in(1));
  if (n.has(4))
    sum = n.add(sum, n.in(4));
  skipNorm(n, sum, n.like<LayerNormOp>(sum, n.in(2), n.has(3) ? n.in(3) : Value(), epsilonOf(n, 1e-12)));
}
static void skipSimplifiedLayerNorm(Node &n) {
  Value sum = n.add(n.in(0), n.in(1));
  if (n.has(3))
    sum = n.add(sum, n.in(3));
  skipNorm(n, sum, n.like<RmsNormOp>(sum, n.in(2), epsilonOf(n, 1e-12)));
}
static void embedLayerNorm(Node &n) {
  Value ids = n.in(0);
  auto look = [&](Value table, Value at) { return n.like<GatherOp>(table, at, int64_t(0)); };
  Value sum = look(n.in(2), ids), positions = n.has(8) ? n.in(8) : Value();
  if (positions) {
    sum = n.add(sum, look(n.in(3), positions));
  } else {
    Value length = n.make<ShapeOp>(n.b.getI64Type(), ids, n.b.getI64IntegerAttr(1), n.b.getI64IntegerAttr(2));
    Type i64 = n.b.getI64Type();
    Value range = n.make<RangeOp>(i64, n.constant(i64, 0), n.squeeze(length, {0}), n.constant(i64, 1));
    sum = n.add(sum, look(n.in(3), range));
  }
  if (n.has(1) && n.has(4))
    sum = n.add(sum, look(n.in(4), n.in(1)));
  n.out(0, n.like<LayerNormOp>(sum, n.in(5), n.in(6), epsilonOf(n, 1e-12)));
  n.out(2, sum);
  if (n.wants(1)) {
    // The number of ones in each row of the mask; zeros without one.
    Type i32 = n.b.getI32Type();
    if (n.has(7))
      n.out(1, n.reduce(ReduceKind::sum, n.cast(n.in(7), i32), {1}, false));
    else
      n.out(1, n.make<FillOp>(i32, n.make<ShapeOp>(n.b.getI64Type(), ids, n.b.getI64IntegerAttr(0), n.b.getI64IntegerAttr(1)), n.constant(i32, 0)));
  }
}

/// A vector of channels as [C, 1, 1...] for an input of this rank.
static Value perChannel(Node &n, Value v, int64_t rank) {
  SmallVector<int64_t> axes;
  for (int64_t i = 2; i < rank; ++i)
    axes.push_back(i - 1);
  return axes.empty() ? v : n.unsqueeze(v, axes);
}
static void batchNorm(Node &n) {
  Value x = n.in(0);
  if (n.integer("training_mode", 0) || (n.opset < 7 && !n.integer("is_test", 0) && n.outputs() > 1)) {
    n.fail("training mode is not built");
    return;
  }
  Type element = Node::element(n.in(1));
  Value root = n.like<SqrtOp>(n.add(n.in(4), n.constant(Node::element(n.in(4)), n.real("epsilon", 1e-5))));
  Value scale = n.div(n.in(1), n.cast(root, element)), shift = n.sub(n.in(2), n.mul(n.cast(n.in(3), element), scale));
  scale = n.cast(scale, Node::element(x));
  shift = n.cast(shift, Node::element(x));
  n.out(0, n.add(n.mul(x, perChannel(n, scale, n.rank(x))), perChannel(n, shift, n.rank(x))));
}
/// (x - mean) / sqrt(var + epsilon) over `axes`, kept.
static Value standardize(Node &n, Value x, ArrayRef<int64_t> axes, double epsilon) {
  Value centered = n.sub(x, n.reduce(ReduceKind::mean, x, axes, true));
  Value variance = n.reduce(ReduceKind::mean, n.mul(centered, centered), axes, true);
  return n.div(centered, n.like<SqrtOp>(n.add(variance, n.constant(Node::element(x), epsilon))));
}
static void instanceNorm(Node &n) {
  Value x = n.in(0);
  SmallVector<int64_t> axes;
  for (int64_t i = 2; i < n.rank(x); ++i)
    axes.push_back(i);
  Value y = standardize(n, x, axes, n.real("epsilon", 1e-5));
  n.out(0, n.add(n.mul(y, perChannel(n, n.in(1), n.rank(x))), perChannel(n, n.in(2), n.rank(x))));
}
static void groupNorm(Node &n) {
  Value x = n.in(0);
  int64_t groups = n.integer("num_groups", 1);
  Value dims = n.make<ShapeOp>(n.b.getI64Type(), x, n.b.getI64IntegerAttr(0), IntegerAttr());
  Value y = n.like<ReshapeOp>(standardize(n, n.reshape(x, {0, groups, -1}), {2}, n.real("epsilon", 1e-5)), dims, true);
  Value scale = n.in(1), bias = n.in(2);
  if (n.opset < 21 && n.size(scale, 0) == groups && n.size(x, 1) != groups) { // one number a group
    int64_t each = n.size(x, 1) / groups;
    auto spread = [&](Value v) { return n.reshape(n.like<ExpandOp>(n.unsqueeze(v, {1}), n.integerTensor({groups, each})), {-1}); };
    scale = spread(scale);
    bias = spread(bias);
  }
  n.out(0, n.add(n.mul(y, perChannel(n, scale, n.rank(x))), perChannel(n, bias, n.rank(x))));
}

ArrayRef<OpRow> normRows() {
  static const OpRow rows[] = {
      {"", "LayerNormalization", 1, layerNorm}, {"", "RMSNormalization", 23, rmsNorm}, {"", "SimplifiedLayerNormalization", 1, rmsNorm},
      {"com.microsoft", "SimplifiedLayerNormalization", 1, rmsNorm}, {"com.microsoft", "SkipLayerNormalization", 1, skipLayerNorm},
      {"com.microsoft", "SkipSimplifiedLayerNormalization", 1, skipSimplifiedLayerNorm},
      {"com.microsoft", "EmbedLayerNormalization", 1, embedLayerNorm}, {"", "BatchNormalization", 1, batchNorm},
      {"", "InstanceNormalization", 1, instanceNorm}, {"", "GroupNormalization", 18, groupNorm},
  };
  return rows;
}

} // namespace hone
