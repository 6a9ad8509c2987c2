// Convolution and pooling; automatic padding becomes explicit.
#include "lowering/OnnxToHone/Activations.h"
#include "lowering/OnnxToHone/OpTable.h"
#include "lowering/OnnxToHone/Window.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static std::string automaticPadding(Node &n) {
  std::string mode = n.text("auto_pad", "NOTSET");
  if (mode != "NOTSET" && mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER")
    n.fail("expected auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, got '" + mode + "'");
  return mode;
}

bool takeWindow(Node &n, Value x, ArrayRef<int64_t> kernel, Window &w) {
  int64_t spatial = n.rank(x) - 2;
  w.kernel.assign(kernel.begin(), kernel.end());
  w.strides = n.integers("strides", std::vector<int64_t>(std::max<int64_t>(spatial, 0), 1));
  w.dilations = n.integers("dilations", std::vector<int64_t>(std::max<int64_t>(spatial, 0), 1));
  w.pads = n.integers("pads", std::vector<int64_t>(2 * std::max<int64_t>(spatial, 0), 0));
  auto counts = [&](const std::vector<int64_t> &v, int64_t each) {
    return int64_t(v.size()) == each * spatial;
  };
  if (spatial < 1 || !counts(w.kernel, 1) || !counts(w.strides, 1) || !counts(w.dilations, 1) ||
      !counts(w.pads, 2)) {
    n.fail("expected an input [batch, channels, ...] and a kernel, strides, dilations and twice as many pads "
           "for its other dimensions");
    return false;
  }
  constexpr int64_t limit = int64_t(1) << 31;
  for (auto *values : {&w.kernel, &w.strides, &w.dilations, &w.pads})
    for (int64_t value : *values)
      if (value >= limit || value <= -limit || (values != &w.pads && value < 1)) {
        n.fail("expected kernel sizes, strides and dilations of at least 1, got " + Twine(value));
        return false;
      }
  std::string automatic = automaticPadding(n);
  if (automatic == "VALID")
    w.pads.assign(2 * spatial, 0);
  if (automatic != "SAME_UPPER" && automatic != "SAME_LOWER")
    return true;
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1, stride = w.strides[i], size = n.size(x, i + 2);
    if (ShapedType::isDynamic(size) && stride != 1)
      size = n.knownSize(x, i + 2, "strided dimensions that are padded automatically");
    int64_t total = ShapedType::isDynamic(size)
                        ? reach - 1
                        : std::max<int64_t>(((size + stride - 1) / stride - 1) * stride + reach - size, 0);
    w.pads[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
    w.pads[i + spatial] = total - w.pads[i];
  }
  return !n.failed;
}

std::vector<int64_t> kernelOf(Node &n, Value weight) {
  std::vector<int64_t> kernel;
  for (int64_t i = 2; i < n.rank(weight); ++i)
    kernel.push_back(n.knownSize(weight, i, "a weight"));
  if (n.hasAttribute("kernel_shape") && n.integers("kernel_shape") != kernel)
    n.fail("expected a kernel_shape that is the weight's");
  return kernel;
}

Value convolve(Node &n, Value x, Value weight, Value bias) {
  Window w;
  if (!takeWindow(n, x, kernelOf(n, weight), w))
    return {};
  return n.like<ConvOp>(x, weight, bias, w.strides, w.pads, w.dilations, uint64_t(n.integer("group", 1)));
}
static void conv(Node &n) { n.out(0, convolve(n, n.in(0), n.in(1), n.in(2))); }

/// com.microsoft: a sum with Z and an activation behind the convolution.
static void fusedConv(Node &n) {
  Value y = convolve(n, n.in(0), n.in(1), n.in(2));
  if (y && n.has(3))
    y = n.add(y, n.in(3));
  n.out(0, activated(n, y, n.text("activation", ""), n.reals("activation_params")));
}

static void convTranspose(Node &n) {
  Window w;
  Value x = n.in(0), weight = n.in(1);
  std::string automatic = automaticPadding(n);
  if (n.rank(x) < 3) {
    n.fail("expected an input [batch, channels, ...]");
    return;
  }
  size_t spatial = size_t(n.rank(x) - 2);
  bool isSame = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  std::vector<int64_t> extra = n.integers("output_padding", std::vector<int64_t>(spatial, 0)),
                       wanted = n.integers("output_shape");
  w.kernel = kernelOf(n, weight);
  w.strides = n.integers("strides", std::vector<int64_t>(spatial, 1));
  w.dilations = n.integers("dilations", std::vector<int64_t>(spatial, 1));
  w.pads = n.integers("pads", std::vector<int64_t>(2 * spatial, 0));
  if (w.kernel.size() != spatial || w.strides.size() != spatial || w.dilations.size() != spatial ||
      w.pads.size() != 2 * spatial || extra.size() != spatial ||
      (!wanted.empty() && wanted.size() < spatial)) {
    n.fail("expected a kernel, strides, dilations, output padding and twice as many pads for each spatial "
           "dimension");
    return;
  }
  if (automatic == "VALID")
    w.pads.assign(2 * spatial, 0);
  for (size_t i = 0; i < spatial && (isSame || !wanted.empty()); ++i) {
    // out = (in - 1) * stride + extra + reach - pads
    int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1, total = extra[i] + reach - w.strides[i];
    if (!wanted.empty())
      total = (n.knownSize(x, int64_t(i) + 2, "dimensions with an output shape") - 1) * w.strides[i] +
              extra[i] + reach - wanted[wanted.size() - spatial + i];
    if (total < 0) {
      extra[i] -= total;
      total = 0;
    }
    w.pads[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
    w.pads[i + spatial] = total - w.pads[i];
  }
  n.out(0, n.like<ConvTransposeOp>(x, weight, n.in(2), w.strides, w.pads, w.dilations, extra,
                                   uint64_t(n.integer("group", 1))));
}

//===-- pooling ------------------------------------------------------------------===//

static Value pooled(Node &n, PoolKind kind, Value x, const Window &w, bool includePad) {
  return x ? n.make<PoolOp>(Node::element(x), kind, x, w.kernel, w.strides, w.pads, w.dilations,
                            bool(n.integer("ceil_mode", 0)), includePad)
           : x;
}
Value averaged(Node &n, Value x) {
  Window w;
  return takeWindow(n, x, n.integers("kernel_shape"), w)
             ? pooled(n, PoolKind::average, x, w, n.integer("count_include_pad", 0))
             : Value();
}
template <PoolKind kind>
static void pool(Node &n) {
  Window w;
  if (!takeWindow(n, n.in(0), n.integers("kernel_shape"), w))
    return;
  Value y = pooled(n, kind, n.in(0), w, n.integer("count_include_pad", 0));
  n.out(0, y);
  if (y && n.wants(1))
    n.out(1, maximaOf(n, n.in(0), y, w));
}
/// (sum of |x|^p)^(1/p)
static Value lpRoot(Node &n, Value sum, double p) {
  return sum ? n.like<PowOp>(sum, n.number(sum, 1 / p)) : sum;
}
static Value lpPower(Node &n, Value x, double p) { return n.like<PowOp>(n.like<AbsOp>(x), n.number(x, p)); }
static void lpPool(Node &n) {
  Window w;
  double p = double(n.integer("p", 2)), count = 1;
  if (n.integer("ceil_mode", 0))
    n.fail("ceil_mode of this operator is not built");
  else if (takeWindow(n, n.in(0), n.integers("kernel_shape"), w)) {
    for (int64_t size : w.kernel)
      count *= double(size);
    Value mean = pooled(n, PoolKind::average, lpPower(n, n.in(0), p), w, true);
    n.out(0, mean ? lpRoot(n, n.mul(mean, n.number(mean, count)), p) : mean);
  }
}
template <ReduceKind kind>
static void globalPool(Node &n) {
  n.out(0, n.reduce(kind, n.in(0), axesFrom(2, n.rank(n.in(0))), true));
}
static void globalLpPool(Node &n) {
  double p = double(n.integer("p", 2));
  n.out(0,
        lpRoot(n, n.reduce(ReduceKind::sum, lpPower(n, n.in(0), p), axesFrom(2, n.rank(n.in(0))), true), p));
}

ArrayRef<OpRow> convRows() {
  static const OpRow rows[] = {
      {"", "Conv", 1, conv, 2, 3},
      {"com.microsoft", "FusedConv", 1, fusedConv, 2, 4},
      {"", "ConvTranspose", 1, convTranspose, 2, 3},
      {"", "MaxPool", 1, pool<PoolKind::max>},
      {"", "AveragePool", 1, pool<PoolKind::average>},
      {"", "LpPool", 2, lpPool},
      {"", "GlobalAveragePool", 1, globalPool<ReduceKind::mean>},
      {"", "GlobalMaxPool", 1, globalPool<ReduceKind::max>},
      {"", "GlobalLpPool", 2, globalLpPool},
  };
  return rows;
}

} // namespace hone
