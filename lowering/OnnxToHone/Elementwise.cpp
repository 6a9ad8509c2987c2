// Elementwise operators; what hone has no op for is written with those that it has.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

template <typename Op>
static void unary(Node &n) {
  n.out(0, n.like<Op>(n.in(0)));
}

/// Opset 6 and older: `broadcast` with an `axis` that says where the second operand's dimensions lie.
static Value aligned(Node &n, Value x, Value y) {
  if (n.opset >= 7 || !n.integer("broadcast", 0) || !n.hasAttribute("axis"))
    return y;
  int64_t axis = n.axis(n.integer("axis", 0), n.rank(x)), trailing = n.rank(x) - axis - n.rank(y);
  SmallVector<int64_t> axes;
  for (int64_t i = 0; i < trailing; ++i)
    axes.push_back(n.rank(y) + i);
  return axes.empty() ? y : n.unsqueeze(y, axes);
}

template <typename Op>
static void binary(Node &n) {
  n.out(0, n.like<Op>(n.in(0), aligned(n, n.in(0), n.in(1))));
}
template <CmpKind kind>
static void comparison(Node &n) {
  n.out(0, n.compare(kind, n.in(0), aligned(n, n.in(0), n.in(1))));
}
template <typename Op>
static void variadic(Node &n) {
  Value result = n.in(0);
  for (int i = 1; i < n.inputs(); ++i)
    result = n.like<Op>(result, n.in(i));
  n.out(0, result);
}

static Value number(Node &n, double value) { return n.constant(Node::element(n.in(0)), value); }
static Value clampTo(Node &n, Value x, Value low, Value high) {
  if (low)
    x = n.like<MaxOp>(x, low);
  return high ? n.like<MinOp>(x, high) : x;
}

static void mean(Node &n) {
  variadic<AddOp>(n);
  if (Value sum = n.in(0); n.inputs() > 1 && sum) {
    Value total = sum;
    for (int i = 1; i < n.inputs(); ++i)
      total = n.add(total, n.in(i));
    n.out(0, n.div(total, number(n, n.inputs())));
  }
}
static void clip6(Node &n) {
  n.out(0, clampTo(n, n.in(0), n.hasAttribute("min") ? number(n, n.real("min", 0)) : Value(),
                   n.hasAttribute("max") ? number(n, n.real("max", 0)) : Value()));
}
static void clip11(Node &n) { n.out(0, clampTo(n, n.in(0), n.in(1), n.in(2))); }
static void castTo(Node &n) {
  Type to = elementTypeOf(n.b.getContext(), int(n.integer("to", 0)));
  if (n.attribute("to") && n.attribute("to")->type() == onnx::AttributeProto::STRING) // opset 1 names the type
    to = llvm::StringSwitch<Type>(n.text("to", "")).Case("FLOAT", n.b.getF32Type()).Case("INT64", n.b.getI64Type()).Case("INT32", n.b.getI32Type()).Default({});
  if (!to)
    n.fail("element type " + Twine(n.integer("to", 0)) + " is not built");
  else
    n.out(0, n.cast(n.in(0), to));
}
static void castLike(Node &n) { n.out(0, n.cast(n.in(0), Node::element(n.in(1)))); }
static void identity(Node &n) { n.out(0, n.in(0)); }
static void leakyRelu(Node &n) {
  Value x = n.in(0), zero = number(n, 0);
  n.out(0, n.select(n.compare(CmpKind::lt, x, zero), n.mul(x, number(n, n.real("alpha", 0.01))), x));
}
static void prelu(Node &n) {
  Value x = n.in(0), slope = n.in(1);
  if (n.opset < 7 && n.rank(slope) == 1 && n.rank(x) > 2) {
    SmallVector<int64_t> axes;
    for (int64_t i = 2; i < n.rank(x); ++i)
      axes.push_back(i - 1);
    slope = n.unsqueeze(slope, axes);
  }
  n.out(0, n.select(n.compare(CmpKind::lt, x, number(n, 0)), n.mul(x, slope), x));
}
static Value expm1Scaled(Node &n, Value x, double alpha) {
  // exp of the negative part only: no overflow in the branch that is not taken.
  return n.mul(number(n, alpha), n.sub(n.like<ExpOp>(n.like<MinOp>(x, number(n, 0))), number(n, 1)));
}
static void elu(Node &n) {
  Value x = n.in(0);
  n.out(0, n.select(n.compare(CmpKind::lt, x, number(n, 0)), expm1Scaled(n, x, n.real("alpha", 1)), x));
}
static void selu(Node &n) {
  Value x = n.in(0);
  Value y = n.select(n.compare(CmpKind::gt, x, number(n, 0)), x, expm1Scaled(n, x, n.real("alpha", 1.67326319217681884765625)));
  n.out(0, n.mul(y, number(n, n.real("gamma", 1.05070102214813232421875))));
}
static void celu(Node &n) {
  Value x = n.in(0);
  double alpha = n.real("alpha", 1);
  Value negative = expm1Scaled(n, n.div(x, number(n, alpha)), alpha);
  n.out(0, n.add(n.like<MaxOp>(x, number(n, 0)), n.like<MinOp>(negative, number(n, 0))));
}
static void hardSigmoid(Node &n) {
  Value y = n.add(n.mul(n.in(0), number(n, n.real("alpha", 0.2))), number(n, n.real("beta", 0.5)));
  n.out(0, clampTo(n, y, number(n, 0), number(n, 1)));
}
static void hardSwish(Node &n) {
  Value x = n.in(0);
  Value gate = clampTo(n, n.add(n.div(x, number(n, 6)), number(n, 0.5)), number(n, 0), number(n, 1));
  n.out(0, n.mul(x, gate));
}
static void softsign(Node &n) {
  Value x = n.in(0);
  n.out(0, n.div(x, n.add(number(n, 1), n.like<AbsOp>(x))));
}
static void thresholdedRelu(Node &n) {
  Value x = n.in(0);
  n.out(0, n.select(n.compare(CmpKind::gt, x, number(n, n.real("alpha", 1))), x, number(n, 0)));
}
static void shrink(Node &n) {
  Value x = n.in(0);
  double lambd = n.real("lambd", 0.5), bias = n.real("bias", 0);
  Value low = n.select(n.compare(CmpKind::lt, x, number(n, -lambd)), n.add(x, number(n, bias)), number(n, 0));
  n.out(0, n.select(n.compare(CmpKind::gt, x, number(n, lambd)), n.sub(x, number(n, bias)), low));
}
static void mish(Node &n) {
  Value x = n.in(0);
  n.out(0, n.mul(x, n.like<TanhOp>(n.like<SoftplusOp>(x))));
}
static void swish(Node &n) {
  Value x = n.in(0);
  double alpha = n.real("alpha", 1);
  n.out(0, alpha == 1 ? n.like<SiluOp>(x) : n.mul(x, n.like<SigmoidOp>(n.mul(x, number(n, alpha)))));
}
static void quickGelu(Node &n) {
  Value x = n.in(0);
  n.out(0, n.mul(x, n.like<SigmoidOp>(n.mul(x, number(n, n.real("alpha", 1.702))))));
}
static void gelu(Node &n) { n.out(0, n.like<GeluOp>(n.in(0), n.text("approximate", "none") == "tanh")); }
static void biasGelu(Node &n) { n.out(0, n.like<GeluOp>(n.add(n.in(0), n.in(1)), false)); }
static void fastGelu(Node &n) { n.out(0, n.like<GeluOp>(n.has(1) ? n.add(n.in(0), n.in(1)) : n.in(0), true)); }
static void swiglu(Node &n) { n.out(0, n.mul(n.like<SiluOp>(n.in(0)), n.in(1))); }
static void isInf(Node &n) {
  n.out(0, n.make<IsInfOp>(n.b.getI1Type(), n.in(0), bool(n.integer("detect_negative", 1)), bool(n.integer("detect_positive", 1))));
}
static void isNan(Node &n) { n.out(0, n.make<IsNanOp>(n.b.getI1Type(), n.in(0))); }
static void mod(Node &n) { n.out(0, n.like<ModOp>(n.in(0), n.in(1), bool(n.integer("fmod", 0)))); }
static void where(Node &n) { n.out(0, n.select(n.in(0), n.in(1), n.in(2))); }
static void bitShift(Node &n) {
  n.out(0, n.text("direction", "LEFT") == "LEFT" ? n.like<ShlOp>(n.in(0), n.in(1)) : n.like<ShrOp>(n.in(0), n.in(1)));
}
static void dropout(Node &n) {
  Value x = n.in(0);
  n.out(0, x);
  if (n.wants(1)) {
    auto sizes = n.make<ShapeOp>(n.b.getI64Type(), x, int64_t(0), IntegerAttr());
    n.out(1, n.make<FillOp>(n.b.getI1Type(), sizes, n.constant(n.b.getI1Type(), 1)));
  }
}

ArrayRef<OpRow> elementwiseRows() {
  static const OpRow rows[] = {
      {"", "Abs", 1, unary<AbsOp>}, {"", "Neg", 1, unary<NegOp>}, {"", "Sign", 9, unary<SignOp>}, {"", "Floor", 1, unary<FloorOp>},
      {"", "Ceil", 1, unary<CeilOp>}, {"", "Round", 11, unary<RoundOp>}, {"", "Sqrt", 1, unary<SqrtOp>},
      {"", "Reciprocal", 1, unary<ReciprocalOp>}, {"", "Exp", 1, unary<ExpOp>}, {"", "Log", 1, unary<LogOp>},
      {"", "Sin", 7, unary<SinOp>}, {"", "Cos", 7, unary<CosOp>}, {"", "Tan", 7, unary<TanOp>}, {"", "Asin", 7, unary<AsinOp>},
      {"", "Acos", 7, unary<AcosOp>}, {"", "Atan", 7, unary<AtanOp>}, {"", "Sinh", 9, unary<SinhOp>}, {"", "Cosh", 9, unary<CoshOp>},
      {"", "Asinh", 9, unary<AsinhOp>}, {"", "Acosh", 9, unary<AcoshOp>}, {"", "Atanh", 9, unary<AtanhOp>}, {"", "Erf", 9, unary<ErfOp>},
      {"", "Tanh", 1, unary<TanhOp>}, {"", "Sigmoid", 1, unary<SigmoidOp>}, {"", "Softplus", 1, unary<SoftplusOp>},
      {"", "Relu", 1, unary<ReluOp>}, {"", "Not", 1, unary<NotOp>}, {"", "BitwiseNot", 18, unary<NotOp>},
      {"", "Add", 1, binary<AddOp>}, {"", "Sub", 1, binary<SubOp>}, {"", "Mul", 1, binary<MulOp>}, {"", "Div", 1, binary<DivOp>},
      {"", "Pow", 1, binary<PowOp>}, {"", "And", 1, binary<AndOp>}, {"", "Or", 1, binary<OrOp>}, {"", "Xor", 1, binary<XorOp>},
      {"", "BitwiseAnd", 18, binary<AndOp>}, {"", "BitwiseOr", 18, binary<OrOp>}, {"", "BitwiseXor", 18, binary<XorOp>},
      {"", "BitShift", 11, bitShift}, {"", "Mod", 10, mod},
      {"", "Equal", 1, comparison<CmpKind::eq>}, {"", "Less", 1, comparison<CmpKind::lt>}, {"", "Greater", 1, comparison<CmpKind::gt>},
      {"", "LessOrEqual", 12, comparison<CmpKind::le>}, {"", "GreaterOrEqual", 12, comparison<CmpKind::ge>},
      {"", "Min", 1, variadic<MinOp>}, {"", "Max", 1, variadic<MaxOp>}, {"", "Sum", 1, variadic<AddOp>}, {"", "Mean", 1, mean},
      {"", "Where", 9, where}, {"", "Clip", 1, clip6}, {"", "Clip", 11, clip11}, {"", "Cast", 1, castTo}, {"", "CastLike", 15, castLike},
      {"", "Identity", 1, identity}, {"", "Dropout", 1, dropout}, {"", "LeakyRelu", 1, leakyRelu}, {"", "PRelu", 1, prelu},
      {"", "Elu", 1, elu}, {"", "Selu", 1, selu}, {"", "Celu", 12, celu}, {"", "HardSigmoid", 1, hardSigmoid}, {"", "HardSwish", 14, hardSwish},
      {"", "Softsign", 1, softsign}, {"", "ThresholdedRelu", 10, thresholdedRelu}, {"", "Shrink", 9, shrink}, {"", "Mish", 18, mish},
      {"", "Swish", 24, swish}, {"", "SwiGLU", 28, swiglu}, {"", "Gelu", 20, gelu}, {"", "IsInf", 10, isInf}, {"", "IsNaN", 9, isNan},
      {"com.microsoft", "Gelu", 1, gelu}, {"com.microsoft", "BiasGelu", 1, biasGelu}, {"com.microsoft", "FastGelu", 1, fastGelu},
      {"com.microsoft", "QuickGelu", 1, quickGelu},
  };
  return rows;
}

} // namespace hone
