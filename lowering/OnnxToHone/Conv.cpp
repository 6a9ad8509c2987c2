// Convolution and pooling; automatic padding becomes explicit.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

struct Window {
  std::vector<int64_t> kernel, strides, dilations, pads;
};

static bool window(Node &n, Value x, std::vector<int64_t> kernel, Window &w) {
  size_t spatial = n.rank(x) - 2;
  w.kernel = kernel;
  w.strides = n.integers("strides", std::vector<int64_t>(spatial, 1));
  w.dilations = n.integers("dilations", std::vector<int64_t>(spatial, 1));
  w.pads = n.integers("pads", std::vector<int64_t>(2 * spatial, 0));
  std::string automatic = n.text("auto_pad", "NOTSET");
  if (automatic == "VALID")
    w.pads.assign(2 * spatial, 0);
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    w.pads.assign(2 * spatial, 0);
    for (size_t i = 0; i < spatial; ++i) {
      int64_t size = n.size(x, i + 2);
      int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
      if (ShapedType::isDynamic(size) && w.strides[i] != 1) {
        n.fail("automatic padding of a strided window over a size that only the run knows is not built");
        return false;
      }
      int64_t total = ShapedType::isDynamic(size) ? reach - 1
                                                  : std::max<int64_t>(((size + w.strides[i] - 1) / w.strides[i] - 1) * w.strides[i] + reach - size, 0);
      w.pads[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      w.pads[i + spatial] = total - w.pads[i];
    }
  }
  return true;
}

static std::vector<int64_t> kernelOf(Node &n, Value weight) {
  std::vector<int64_t> kernel;
  for (int64_t i = 2; i < n.rank(weight); ++i)
    kernel.push_back(n.size(weight, i));
  return kernel;
}

static void conv(Node &n) {
  Window w;
  Value x = n.in(0), weight = n.in(1);
  if (n.rank(x) < 3 || !window(n, x, kernelOf(n, weight), w)) {
    n.fail("expected an input of rank 3 or more");
    return;
  }
  n.out(0, n.like<ConvOp>(x, weight, n.has(2) ? n.in(2) : Value(), w.strides, w.pads, w.dilations, n.integer("group", 1)));
}

static void convTranspose(Node &n) {
  Window w;
  Value x = n.in(0), weight = n.in(1);
  size_t spatial = n.rank(x) - 2;
  std::string automatic = n.text("auto_pad", "NOTSET");
  std::vector<int64_t> extra = n.integers("output_padding", std::vector<int64_t>(spatial, 0)), wanted = n.integers("output_shape");
  w.kernel = kernelOf(n, weight);
  w.strides = n.integers("strides", std::vector<int64_t>(spatial, 1));
  w.dilations = n.integers("dilations", std::vector<int64_t>(spatial, 1));
  w.pads = n.integers("pads", std::vector<int64_t>(2 * spatial, 0));
  bool isSame = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  for (size_t i = 0; i < spatial && (isSame || !wanted.empty()); ++i) {
    int64_t size = n.size(x, i + 2);
    if (ShapedType::isDynamic(size) && !wanted.empty()) {
      n.fail("an output shape for a size that only the run knows is not built");
      return;
    }
    int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
    // out = (in - 1) * stride + extra + reach - pads
    int64_t total = wanted.empty() ? std::max<int64_t>(extra[i] + reach - w.strides[i], 0)
                                   : std::max<int64_t>((size - 1) * w.strides[i] + extra[i] + reach - wanted[wanted.size() - spatial + i], 0);
    bool moreBefore = automatic == "SAME_LOWER" || automatic == "NOTSET";
    w.pads[i] = moreBefore && automatic == "SAME_LOWER" ? total - total / 2 : total / 2;
    w.pads[i + spatial] = total - w.pads[i];
  }
  n.out(0, n.like<ConvTransposeOp>(x, weight, n.has(2) ? n.in(2) : Value(), w.strides, w.pads, w.dilations, extra, n.integer("group", 1)));
}

template <PoolKind kind>
static void pool(Node &n) {
  Window w;
  Value x = n.in(0);
  if (n.wants(1)) {
    n.fail("the indices output is not built");
    return;
  }
  if (!window(n, x, n.integers("kernel_shape"), w))
    return;
  n.out(0, n.make<PoolOp>(Node::element(x), kind, x, w.kernel, w.strides, w.pads, w.dilations, bool(n.integer("ceil_mode", 0)),
                          bool(n.integer("count_include_pad", 0))));
}

template <ReduceKind kind>
static void globalPool(Node &n) {
  SmallVector<int64_t> axes;
  for (int64_t i = 2; i < n.rank(n.in(0)); ++i)
    axes.push_back(i);
  n.out(0, n.reduce(kind, n.in(0), axes, true));
}

ArrayRef<OpRow> convRows() {
  static const OpRow rows[] = {
      {"", "Conv", 1, conv}, {"", "ConvTranspose", 1, convTranspose}, {"", "MaxPool", 1, pool<PoolKind::max>},
      {"", "AveragePool", 1, pool<PoolKind::average>}, {"", "GlobalAveragePool", 1, globalPool<ReduceKind::mean>},
      {"", "GlobalMaxPool", 1, globalPool<ReduceKind::max>},
  };
  return rows;
}

} // namespace hone
