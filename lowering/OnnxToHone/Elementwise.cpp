// Elementwise operators that hone has an op for, with the broadcasting of old opsets.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

template <typename Op>
static void unary(Node &n) {
  n.out(0, n.like<Op>(n.in(0)));
}
template <typename Op>
static void predicate(Node &n) {
  n.out(0, n.make<Op>(n.b.getI1Type(), n.in(0)));
}

/// Opset 6 and older: `broadcast` with an `axis` that says where the second operand's dimensions lie.
static Value aligned(Node &n, Value x, Value y) {
  if (n.opset >= 7 || !n.integer("broadcast", 0) || !n.hasAttribute("axis") || n.rank(x) == 0)
    return y;
  int64_t axis = n.axis(n.integer("axis", 0), n.rank(x)), trailing = n.rank(x) - axis - n.rank(y);
  return n.unsqueeze(y, axesFrom(n.rank(y), n.rank(y) + trailing));
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
static Value chain(Node &n) {
  Value result = n.in(0);
  for (int i = 1; i < n.inputs(); ++i)
    result = n.like<Op>(result, n.in(i));
  return result;
}
template <typename Op>
static void variadic(Node &n) {
  n.out(0, chain<Op>(n));
}
static void mean(Node &n) {
  Value sum = chain<AddOp>(n);
  n.out(0, n.inputs() == 1 ? sum : n.div(sum, n.number(sum, n.inputs())));
}
static void pow(Node &n) { n.out(0, n.like<PowOp>(n.in(0), aligned(n, n.in(0), n.in(1)))); }

static Value clampTo(Node &n, Value x, Value low, Value high) {
  if (low)
    x = n.max(x, low);
  return high ? n.min(x, high) : x;
}
static void clip6(Node &n) {
  Value x = n.in(0);
  n.out(0, clampTo(n, x, n.hasAttribute("min") ? n.number(x, n.real("min", 0)) : Value(),
                   n.hasAttribute("max") ? n.number(x, n.real("max", 0)) : Value()));
}
static void clip11(Node &n) { n.out(0, clampTo(n, n.in(0), n.in(1), n.in(2))); }

static void castTo(Node &n) {
  auto *to = n.attribute("to");
  Type type;
  if (to && to->type() == onnx::AttributeProto::STRING) { // until opset 6 the type has a name
    onnx::TensorProto::DataType number;
    if (onnx::TensorProto::DataType_Parse(to->s(), &number))
      type = n.typeNumber(number);
    else
      n.fail("element type '" + to->s() + "' is not known");
  } else {
    int64_t number = n.required("to");
    type = n.failed ? Type() : n.typeNumber(number);
  }
  n.out(0, n.cast(n.in(0), type));
}
static void bitCast(Node &n) {
  Type to = n.typeNumber(n.required("to"));
  n.out(0, to ? n.make<BitcastOp>(to, n.in(0), TypeAttr::get(to)) : Value());
}
static void castLike(Node &n) { n.out(0, n.cast(n.in(0), Node::element(n.in(1)))); }
static void identity(Node &n) { n.out(0, n.in(0)); }
static void isInf(Node &n) {
  n.out(0, n.make<IsInfOp>(n.b.getI1Type(), n.in(0), bool(n.integer("detect_negative", 1)),
                           bool(n.integer("detect_positive", 1))));
}
static void mod(Node &n) { n.out(0, n.like<ModOp>(n.in(0), n.in(1), bool(n.integer("fmod", 0)))); }
static void where(Node &n) { n.out(0, n.select(n.in(0), n.in(1), n.in(2))); }
static void bitShift(Node &n) {
  n.out(0, n.text("direction", "LEFT") == "LEFT" ? n.like<ShlOp>(n.in(0), n.in(1))
                                                 : n.like<ShrOp>(n.in(0), n.in(1)));
}
/// At inference nothing is dropped.
static void dropout(Node &n) {
  Value x = n.in(0);
  if (n.has(2)) {
    std::vector<int64_t> training = n.known(2, "training mode");
    auto ratio = n.has(1) ? n.in(1).getDefiningOp<ConstantOp>() : ConstantOp();
    auto zero = ratio ? dyn_cast<DenseFPElementsAttr>(ratio.getValue()) : DenseFPElementsAttr();
    if (!n.failed && training.size() == 1 && training[0] && !(zero && (*zero.begin()).isZero())) {
      n.fail("training mode is not built");
      return;
    }
  }
  n.out(0, x);
  if (n.wants(1)) {
    Type mask = n.opset < 10 ? Node::element(x) : Type(n.b.getI1Type());
    n.out(1, n.fill(n.dims(x), n.constant(mask, 1)));
  }
}

ArrayRef<OpRow> elementwiseRows() {
  static const OpRow rows[] = {
      {"", "Abs", 1, unary<AbsOp>},
      {"", "Neg", 1, unary<NegOp>},
      {"", "Sign", 9, unary<SignOp>},
      {"", "Floor", 1, unary<FloorOp>},
      {"", "Ceil", 1, unary<CeilOp>},
      {"", "Round", 11, unary<RoundOp>},
      {"", "Sqrt", 1, unary<SqrtOp>},
      {"", "Reciprocal", 1, unary<ReciprocalOp>},
      {"", "Exp", 1, unary<ExpOp>},
      {"", "Log", 1, unary<LogOp>},
      {"", "Sin", 7, unary<SinOp>},
      {"", "Cos", 7, unary<CosOp>},
      {"", "Tan", 7, unary<TanOp>},
      {"", "Asin", 7, unary<AsinOp>},
      {"", "Acos", 7, unary<AcosOp>},
      {"", "Atan", 7, unary<AtanOp>},
      {"", "Sinh", 9, unary<SinhOp>},
      {"", "Cosh", 9, unary<CoshOp>},
      {"", "Asinh", 9, unary<AsinhOp>},
      {"", "Acosh", 9, unary<AcoshOp>},
      {"", "Atanh", 9, unary<AtanhOp>},
      {"", "Erf", 9, unary<ErfOp>},
      {"", "Tanh", 1, unary<TanhOp>},
      {"", "Sigmoid", 1, unary<SigmoidOp>},
      {"", "Softplus", 1, unary<SoftplusOp>},
      {"", "Relu", 1, unary<ReluOp>},
      {"", "Not", 1, unary<NotOp>},
      {"", "BitwiseNot", 18, unary<NotOp>},
      {"", "IsNaN", 9, predicate<IsNanOp>},
      {"", "IsInf", 10, isInf},
      {"", "Add", 1, binary<AddOp>, 2, 2},
      {"", "Sub", 1, binary<SubOp>, 2, 2},
      {"", "Mul", 1, binary<MulOp>, 2, 2},
      {"", "Div", 1, binary<DivOp>, 2, 2},
      {"", "Pow", 1, pow, 2, 2},
      {"", "And", 1, binary<AndOp>, 2, 2},
      {"", "Or", 1, binary<OrOp>, 2, 2},
      {"", "Xor", 1, binary<XorOp>, 2, 2},
      {"", "BitwiseAnd", 18, binary<AndOp>, 2, 2},
      {"", "BitwiseOr", 18, binary<OrOp>, 2, 2},
      {"", "BitwiseXor", 18, binary<XorOp>, 2, 2},
      {"", "BitShift", 11, bitShift, 2, 2},
      {"", "Mod", 10, mod, 2, 2},
      {"", "Equal", 1, comparison<CmpKind::eq>, 2, 2},
      {"", "Less", 1, comparison<CmpKind::lt>, 2, 2},
      {"", "Greater", 1, comparison<CmpKind::gt>, 2, 2},
      {"", "LessOrEqual", 12, comparison<CmpKind::le>, 2, 2},
      {"", "GreaterOrEqual", 12, comparison<CmpKind::ge>, 2, 2},
      {"", "Min", 1, variadic<MinOp>, 1, anyNumber},
      {"", "Max", 1, variadic<MaxOp>, 1, anyNumber},
      {"", "Sum", 1, variadic<AddOp>, 1, anyNumber},
      {"", "Mean", 1, mean, 1, anyNumber},
      {"", "Where", 9, where, 3, 3},
      {"", "Clip", 1, clip6},
      {"", "Clip", 11, clip11, 1, 3},
      {"", "Cast", 1, castTo},
      {"", "BitCast", 26, bitCast},
      {"", "CastLike", 15, castLike, 2, 2},
      {"", "Identity", 1, identity},
      {"", "Dropout", 1, dropout},
      {"", "Dropout", 12, dropout, 1, 3},
  };
  return rows;
}

} // namespace hone
