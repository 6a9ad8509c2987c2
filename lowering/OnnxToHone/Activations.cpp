// Activation functions that are written with other hone ops.
#include "lowering/OnnxToHone/Activations.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static Value clampUnit(Node &n, Value x) { return n.min(n.max(x, n.number(x, 0)), n.number(x, 1)); }
static Value negative(Node &n, Value x) { return n.compare(CmpKind::lt, x, n.number(x, 0)); }
/// alpha * (e^x - 1) of the negative part only: no overflow in the branch that is not taken.
static Value expm1Scaled(Node &n, Value x, double alpha) {
  return n.mul(n.number(x, alpha), n.sub(n.like<ExpOp>(n.min(x, n.number(x, 0))), n.number(x, 1)));
}

static Value leaky(Node &n, Value x, double alpha) {
  return n.select(negative(n, x), n.mul(x, n.number(x, alpha)), x);
}
static Value hardSigmoidOf(Node &n, Value x, double alpha, double beta) {
  return clampUnit(n, n.add(n.mul(x, n.number(x, alpha)), n.number(x, beta)));
}

Value activated(Node &n, Value x, StringRef name, ArrayRef<float> parameters) {
  auto parameter = [&](size_t i, double otherwise) {
    return i < parameters.size() ? double(parameters[i]) : otherwise;
  };
  if (!x || name.empty())
    return x;
  if (name == "Relu")
    return n.like<ReluOp>(x);
  if (name == "Tanh")
    return n.like<TanhOp>(x);
  if (name == "Sigmoid")
    return n.like<SigmoidOp>(x);
  if (name == "LeakyRelu")
    return leaky(n, x, parameter(0, 0.01));
  if (name == "HardSigmoid")
    return hardSigmoidOf(n, x, parameter(0, 0.2), parameter(1, 0.5));
  if (name == "Clip")
    return n.min(n.max(x, n.number(x, parameter(0, -3.4e38))), n.number(x, parameter(1, 3.4e38)));
  return n.fail("the activation '" + name + "' is not built");
}

static void leakyRelu(Node &n) { n.out(0, leaky(n, n.in(0), n.real("alpha", 0.01))); }
static void prelu(Node &n) {
  Value x = n.in(0), slope = n.in(1);
  if (n.opset < 7 && n.rank(slope) == 1 && n.size(slope, 0) != 1 && n.rank(x) > 2) // one number a channel
    slope = n.unsqueeze(slope, axesFrom(1, n.rank(x) - 1));
  n.out(0, n.select(negative(n, x), n.mul(x, slope), x));
}
static void elu(Node &n) {
  Value x = n.in(0);
  n.out(0, n.select(negative(n, x), expm1Scaled(n, x, n.real("alpha", 1)), x));
}
static void selu(Node &n) {
  Value x = n.in(0);
  Value y = n.select(n.compare(CmpKind::gt, x, n.number(x, 0)), x,
                     expm1Scaled(n, x, n.real("alpha", 1.67326319217681884765625)));
  n.out(0, n.mul(y, n.number(x, n.real("gamma", 1.05070102214813232421875))));
}
static void celu(Node &n) {
  Value x = n.in(0);
  double alpha = n.real("alpha", 1);
  Value low = expm1Scaled(n, n.div(x, n.number(x, alpha)), alpha);
  n.out(0, n.add(n.max(x, n.number(x, 0)), n.min(low, n.number(x, 0))));
}
static void hardSigmoid(Node &n) {
  n.out(0, hardSigmoidOf(n, n.in(0), n.real("alpha", 0.2), n.real("beta", 0.5)));
}
static void hardSwish(Node &n) {
  Value x = n.in(0);
  n.out(0, n.mul(x, clampUnit(n, n.add(n.div(x, n.number(x, 6)), n.number(x, 0.5)))));
}
static void softsign(Node &n) {
  Value x = n.in(0);
  n.out(0, n.div(x, n.add(n.number(x, 1), n.like<AbsOp>(x))));
}
static void thresholdedRelu(Node &n) {
  Value x = n.in(0);
  n.out(0, n.select(n.compare(CmpKind::gt, x, n.number(x, n.real("alpha", 1))), x, n.number(x, 0)));
}
static void shrink(Node &n) {
  Value x = n.in(0);
  double lambda = n.real("lambd", 0.5), bias = n.real("bias", 0);
  Value low =
      n.select(n.compare(CmpKind::lt, x, n.number(x, -lambda)), n.add(x, n.number(x, bias)), n.number(x, 0));
  n.out(0, n.select(n.compare(CmpKind::gt, x, n.number(x, lambda)), n.sub(x, n.number(x, bias)), low));
}
static void mish(Node &n) {
  Value x = n.in(0);
  n.out(0, n.mul(x, n.like<TanhOp>(n.like<SoftplusOp>(x))));
}
static Value swishOf(Node &n, Value x, double alpha) {
  return alpha == 1 ? n.like<SiluOp>(x) : n.mul(x, n.like<SigmoidOp>(n.mul(x, n.number(x, alpha))));
}
static void swish(Node &n) { n.out(0, swishOf(n, n.in(0), n.real("alpha", 1))); }
static void quickGelu(Node &n) { n.out(0, swishOf(n, n.in(0), n.real("alpha", 1.702))); }
static void swiglu(Node &n) { n.out(0, n.mul(swishOf(n, n.in(0), n.real("alpha", 1)), n.in(1))); }
static void gelu(Node &n) {
  std::string kind = n.text("approximate", "none");
  if (kind != "none" && kind != "tanh")
    n.fail("expected 'none' or 'tanh' as approximation, got '" + kind + "'");
  n.out(0, n.like<GeluOp>(n.in(0), kind == "tanh"));
}
static void biasGelu(Node &n) { n.out(0, n.like<GeluOp>(n.add(n.in(0), n.in(1)), false)); }
static void fastGelu(Node &n) {
  n.out(0, n.like<GeluOp>(n.has(1) ? n.add(n.in(0), n.in(1)) : n.in(0), true));
}

ArrayRef<OpRow> activationRows() {
  static const OpRow rows[] = {
      {"", "LeakyRelu", 1, leakyRelu},
      {"", "PRelu", 1, prelu, 2, 2},
      {"", "Elu", 1, elu},
      {"", "Selu", 1, selu},
      {"", "Celu", 12, celu},
      {"", "HardSigmoid", 1, hardSigmoid},
      {"", "HardSwish", 14, hardSwish},
      {"", "Softsign", 1, softsign},
      {"", "ThresholdedRelu", 10, thresholdedRelu},
      {"", "Shrink", 9, shrink},
      {"", "Mish", 18, mish},
      {"", "Swish", 24, swish},
      {"", "SwiGLU", 28, swiglu, 2, 2},
      {"", "Gelu", 20, gelu},
      {"com.microsoft", "Gelu", 1, gelu},
      {"com.microsoft", "BiasGelu", 1, biasGelu, 2, 2},
      {"com.microsoft", "FastGelu", 1, fastGelu, 1, 2},
      {"com.microsoft", "QuickGelu", 1, quickGelu},
  };
  return rows;
}

} // namespace hone
