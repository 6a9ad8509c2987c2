// Elementwise ops: shape rule, tracked elements of shape computations, and the scalar form of each,
// which holds for vectors too. 16-bit floats are computed in f32 and rounded back.
#include "dialects/hone/Float8.h"
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }

//===-- shapes ---------------------------------------------------------------===//

/// Broadcasts all operands; the result has `element` as its element type.
static LogicalResult inferBroadcast(Operation *op, Shapes &shapes, Type element, unsigned firstTyped = 0) {
  std::vector<DimExpr> dims = shapes.dims(op->getOperand(0));
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    if (i > firstTyped && elementType(operand) != elementType(op->getOperand(firstTyped)))
      return op->emitError("expected operands of one element type, got ")
             << elementType(op->getOperand(firstTyped)) << " and " << elementType(operand);
    auto both = shapes.broadcastShapes(dims, shapes.dims(operand));
    if (failed(both))
      return op->emitError("expected operands that broadcast, got ") << op->getOperandTypes();
    dims = *both;
  }
  shapes.setResult(op->getResult(0), element, dims);
  return success();
}

/// Tracks the result's elements as `combine` of the operands', scalars broadcast.
template <typename Fn>
static void trackContents(Operation *op, Shapes &shapes, Fn &&combine) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!isa<IntegerType>(type.getElementType()) || !type.hasStaticShape() ||
      type.getNumElements() > Shapes::maxContents)
    return;
  SmallVector<std::vector<DimExpr>> known;
  for (Value operand : op->getOperands()) {
    auto contents = shapes.contents(operand);
    if (!contents || (contents->size() != 1 && int64_t(contents->size()) != type.getNumElements()))
      return;
    known.push_back(*contents);
  }
  std::vector<DimExpr> elements;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    SmallVector<DimExpr> at;
    for (auto &contents : known)
      at.push_back(contents[contents.size() == 1 ? 0 : i]);
    std::optional<DimExpr> element = combine(at);
    if (!element)
      return;
    elements.push_back(*element);
  }
  shapes.setContents(op->getResult(0), elements);
}

using Elements = ArrayRef<DimExpr>;
using Tracked = std::optional<DimExpr>;

#define HONE_INFER_PLAIN(OP)                                                                                 \
  LogicalResult OP::inferShapes(Shapes &shapes) {                                                            \
    return inferBroadcast(*this, shapes, elementType(getOperation()->getOperand(0)));                        \
  }
#define HONE_INFER_TRACKED(OP, EXPR)                                                                         \
  LogicalResult OP::inferShapes(Shapes &shapes) {                                                            \
    if (failed(inferBroadcast(*this, shapes, elementType(getOperation()->getOperand(0)))))                   \
      return failure();                                                                                      \
    trackContents(*this, shapes, [&](Elements e) -> Tracked { return EXPR; });                               \
    return success();                                                                                        \
  }
#define HONE_INFER_PREDICATE(OP)                                                                             \
  LogicalResult OP::inferShapes(Shapes &shapes) {                                                            \
    return inferBroadcast(*this, shapes, IntegerType::get(getContext(), 1));                                 \
  }

HONE_INFER_PLAIN(SignOp)
HONE_INFER_PLAIN(FloorOp)
HONE_INFER_PLAIN(CeilOp)
HONE_INFER_PLAIN(RoundOp)
HONE_INFER_PLAIN(SqrtOp)
HONE_INFER_PLAIN(RsqrtOp)
HONE_INFER_PLAIN(ReciprocalOp)
HONE_INFER_PLAIN(ExpOp)
HONE_INFER_PLAIN(LogOp)
HONE_INFER_PLAIN(SinOp)
HONE_INFER_PLAIN(CosOp)
HONE_INFER_PLAIN(TanOp)
HONE_INFER_PLAIN(AsinOp)
HONE_INFER_PLAIN(AcosOp)
HONE_INFER_PLAIN(AtanOp)
HONE_INFER_PLAIN(SinhOp)
HONE_INFER_PLAIN(CoshOp)
HONE_INFER_PLAIN(AsinhOp)
HONE_INFER_PLAIN(AcoshOp)
HONE_INFER_PLAIN(AtanhOp)
HONE_INFER_PLAIN(ErfOp)
HONE_INFER_PLAIN(TanhOp)
HONE_INFER_PLAIN(SigmoidOp)
HONE_INFER_PLAIN(SoftplusOp)
HONE_INFER_PLAIN(ReluOp)
HONE_INFER_PLAIN(SiluOp)
HONE_INFER_PLAIN(GeluOp)
HONE_INFER_PLAIN(XorOp)
HONE_INFER_PLAIN(ShlOp)
HONE_INFER_PLAIN(ShrOp)
HONE_INFER_PREDICATE(IsNanOp)
HONE_INFER_PREDICATE(IsInfOp)
HONE_INFER_TRACKED(AbsOp, shapes.isNonNegative(e[0]) ? Tracked(e[0]) : std::nullopt)
HONE_INFER_TRACKED(NegOp, DimExpr(0) - e[0])
HONE_INFER_TRACKED(AddOp, e[0] + e[1])
HONE_INFER_TRACKED(SubOp, e[0] - e[1])
HONE_INFER_TRACKED(MulOp, e[0] * e[1])
// Truncation and flooring agree where nothing is negative.
HONE_INFER_TRACKED(DivOp, e[1].constant().value_or(0) > 0 && shapes.isNonNegative(e[0])
                              ? Tracked(shapes.floorDiv(e[0], e[1]))
                              : std::nullopt)
HONE_INFER_TRACKED(ModOp, e[1].constant().value_or(0) > 0 && shapes.isNonNegative(e[0])
                              ? Tracked(shapes.mod(e[0], e[1]))
                              : std::nullopt)
HONE_INFER_TRACKED(MinOp, shapes.min(e[0], e[1]))
HONE_INFER_TRACKED(MaxOp, shapes.max(e[0], e[1]))
HONE_INFER_TRACKED(NotOp, elementType(getInput()).isInteger(1) ? Tracked(DimExpr(1) - e[0]) : std::nullopt)
HONE_INFER_TRACKED(AndOp, elementType(getLhs()).isInteger(1) ? Tracked(e[0] * e[1]) : std::nullopt)
HONE_INFER_TRACKED(OrOp,
                   elementType(getLhs()).isInteger(1) ? Tracked(e[0] + e[1] - e[0] * e[1]) : std::nullopt)

LogicalResult PowOp::inferShapes(Shapes &shapes) {
  // The exponent may be of another type.
  auto dims = shapes.broadcastShapes(shapes.dims(getLhs()), shapes.dims(getRhs()));
  if (failed(dims))
    return emitError("expected operands that broadcast, got ") << getOperandTypes();
  shapes.setResult(cast<OpResult>(getResult()), elementType(getLhs()), *dims);
  return success();
}

LogicalResult CmpOp::inferShapes(Shapes &shapes) {
  if (failed(inferBroadcast(*this, shapes, IntegerType::get(getContext(), 1))))
    return failure();
  trackContents(*this, shapes, [&](Elements e) -> Tracked {
    DimExpr one(1);
    switch (getKind()) {
    case CmpKind::eq:
      return shapes.equal(e[0], e[1]);
    case CmpKind::ne:
      return one - shapes.equal(e[0], e[1]);
    case CmpKind::lt:
      return shapes.less(e[0], e[1]);
    case CmpKind::le:
      return one - shapes.less(e[1], e[0]);
    case CmpKind::gt:
      return shapes.less(e[1], e[0]);
    case CmpKind::ge:
      return one - shapes.less(e[0], e[1]);
    }
    return std::nullopt;
  });
  return success();
}

LogicalResult SelectOp::inferShapes(Shapes &shapes) {
  if (!elementType(getCondition()).isInteger(1))
    return emitError("expected a condition of i1, got ") << elementType(getCondition());
  if (failed(inferBroadcast(*this, shapes, elementType(getLhs()), /*firstTyped=*/1)))
    return failure();
  trackContents(*this, shapes, [&](Elements e) -> Tracked { return shapes.select(e[0], e[1], e[2]); });
  return success();
}

LogicalResult BitcastOp::inferShapes(Shapes &shapes) {
  auto bits = [](Type type) { return type.isInteger(1) ? 8 : type.getIntOrFloatBitWidth(); };
  if (bits(elementType(getInput())) != bits(getTo()))
    return emitError("expected element types of one width, got ")
           << elementType(getInput()) << " and " << getTo();
  return inferBroadcast(*this, shapes, getTo());
}
LogicalResult CastOp::inferShapes(Shapes &shapes) {
  shapes.setResult(cast<OpResult>(getResult()), getTo(), shapes.dims(getInput()));
  auto from = dyn_cast<IntegerType>(elementType(getInput())), to = dyn_cast<IntegerType>(getTo());
  if (from && to)
    trackContents(*this, shapes, [&](Elements e) -> Tracked {
      if (!to.isInteger(1))
        return to.getWidth() >= 32 ? Tracked(e[0]) : std::nullopt;
      return DimExpr(1) - shapes.equal(e[0], DimExpr(0));
    });
  return success();
}

//===-- scalar forms -----------------------------------------------------------===//

namespace {
/// Builds arithmetic on scalars or vectors of one type; 16-bit floats enter as f32.
struct Arithmetic {
  OpBuilder &b;
  Location loc;

  static Type withElement(Type like, Type element) {
    auto vector = dyn_cast<VectorType>(like);
    return vector ? Type(vector.clone(element)) : element;
  }
  Type like(Value x, Type element) { return withElement(x.getType(), element); }
  static bool isHalf(Type type) {
    return getElementTypeOrSelf(type).isF16() || getElementTypeOrSelf(type).isBF16();
  }

  Value number(Value x, double value) {
    Type element = getElementTypeOrSelf(x.getType());
    TypedAttr attribute = isa<FloatType>(element) ? TypedAttr(b.getFloatAttr(element, value))
                                                  : TypedAttr(b.getIntegerAttr(element, int64_t(value)));
    if (auto vector = dyn_cast<VectorType>(x.getType()))
      attribute = DenseElementsAttr::get(vector, Attribute(attribute));
    return arith::ConstantOp::create(b, loc, attribute);
  }
  Value integer(Value x, const APInt &value) {
    TypedAttr attribute = b.getIntegerAttr(getElementTypeOrSelf(x.getType()), value);
    if (auto vector = dyn_cast<VectorType>(x.getType()))
      attribute = DenseElementsAttr::get(vector, Attribute(attribute));
    return arith::ConstantOp::create(b, loc, attribute);
  }
  Value widen(Value x) {
    return isHalf(x.getType()) ? arith::ExtFOp::create(b, loc, like(x, b.getF32Type()), x).getResult() : x;
  }
  Value narrow(Value x, Type type) {
    return x.getType() == type ? x : arith::TruncFOp::create(b, loc, type, x).getResult();
  }
  template <typename Op>
  Value op(Value x, Value y) {
    return Op::create(b, loc, x, y);
  }
  Value add(Value x, Value y) { return op<arith::AddFOp>(x, y); }
  Value sub(Value x, Value y) { return op<arith::SubFOp>(x, y); }
  Value mul(Value x, Value y) { return op<arith::MulFOp>(x, y); }
  Value div(Value x, Value y) { return op<arith::DivFOp>(x, y); }
  Value select(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
  Value cmp(arith::CmpFPredicate p, Value x, Value y) { return arith::CmpFOp::create(b, loc, p, x, y); }
  Value cmp(arith::CmpIPredicate p, Value x, Value y) { return arith::CmpIOp::create(b, loc, p, x, y); }
  Value exp(Value x) { return math::ExpOp::create(b, loc, x); }
  Value sigmoid(Value x) {
    Value one = number(x, 1);
    return div(one, add(one, exp(arith::NegFOp::create(b, loc, x))));
  }
};
} // namespace

/// Runs `body` on float operands, 16-bit ones as f32.
template <typename Fn>
static Value inFloat(OpBuilder &b, Location loc, ValueRange operands, Fn &&body) {
  Arithmetic a{b, loc};
  SmallVector<Value> wide(llvm::map_range(operands, [&](Value x) { return a.widen(x); }));
  Value result = body(a, ArrayRef<Value>(wide));
  if (!isa<FloatType>(getElementTypeOrSelf(result.getType())))
    return result;
  return a.narrow(result, operands[0].getType());
}

#define HONE_ELEMENT(OP)                                                                                     \
  Value OP::buildElement(ElementBuilder &b, ValueRange indices) { return buildFromScalar(*this, b, indices); }

static Value buildFromScalar(ElementwiseOpInterface op, ElementBuilder &b, ValueRange indices) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(b.loadBroadcast(operand, op->getResult(0), indices));
  return op.buildScalar(b.b, b.loc, operands);
}

/// Unary and n-ary float functions: `a` the arithmetic, `x` the operands.
#define HONE_FLOAT(OP, EXPR)                                                                                 \
  HONE_ELEMENT(OP)                                                                                           \
  Value OP::buildScalar(OpBuilder &b, Location loc, ValueRange operands) {                                   \
    return inFloat(b, loc, operands, [&](Arithmetic &a, ArrayRef<Value> x) -> Value { return EXPR; });       \
  }
#define HONE_MATH(OP, MATH) HONE_FLOAT(OP, math::MATH::create(b, loc, x[0]))

HONE_MATH(SqrtOp, SqrtOp)
HONE_MATH(ExpOp, ExpOp)
HONE_MATH(LogOp, LogOp)
HONE_MATH(SinOp, SinOp)
HONE_MATH(CosOp, CosOp)
HONE_MATH(TanOp, TanOp)
HONE_MATH(AsinOp, AsinOp)
HONE_MATH(AcosOp, AcosOp)
HONE_MATH(AtanOp, AtanOp)
HONE_MATH(SinhOp, SinhOp)
HONE_MATH(CoshOp, CoshOp)
HONE_MATH(AsinhOp, AsinhOp)
HONE_MATH(AcoshOp, AcoshOp)
HONE_MATH(AtanhOp, AtanhOp)
HONE_MATH(ErfOp, ErfOp)
HONE_MATH(TanhOp, TanhOp)
HONE_FLOAT(RsqrtOp, a.div(a.number(x[0], 1), math::SqrtOp::create(b, loc, x[0])))
HONE_FLOAT(SigmoidOp, a.sigmoid(x[0]))
HONE_FLOAT(SiluOp, a.mul(x[0], a.sigmoid(x[0])))
// max(x, 0) + log(1 + e^-|x|) does not overflow.
HONE_FLOAT(SoftplusOp,
           a.add(a.op<arith::MaximumFOp>(x[0], a.number(x[0], 0)),
                 math::Log1pOp::create(
                     b, loc, a.exp(arith::NegFOp::create(b, loc, math::AbsFOp::create(b, loc, x[0]))))))

static Value gelu(Arithmetic &a, Value x, bool tanh) {
  Value one = a.number(x, 1), half = a.mul(x, a.number(x, 0.5));
  if (!tanh)
    return a.mul(half, a.add(one, math::ErfOp::create(a.b, a.loc, a.mul(x, a.number(x, M_SQRT1_2)))));
  Value cube = a.mul(a.mul(x, x), x);
  Value inner = a.mul(a.number(x, std::sqrt(2 / M_PI)), a.add(x, a.mul(a.number(x, 0.044715), cube)));
  return a.mul(half, a.add(one, math::TanhOp::create(a.b, a.loc, inner)));
}
HONE_FLOAT(GeluOp, gelu(a, x[0], getTanh()))

/// Float or integer by the operand's element type.
#define HONE_BOTH(OP, FLOAT_EXPR, INT_EXPR)                                                                  \
  HONE_ELEMENT(OP)                                                                                           \
  Value OP::buildScalar(OpBuilder &b, Location loc, ValueRange operands) {                                   \
    [[maybe_unused]] bool isUnsigned = elementType(getOperation()->getOperand(0)).isUnsignedInteger();       \
    if (isa<FloatType>(getElementTypeOrSelf(operands[0].getType())))                                         \
      return inFloat(b, loc, operands,                                                                       \
                     [&](Arithmetic &a, ArrayRef<Value> x) -> Value { return FLOAT_EXPR; });                 \
    Arithmetic a{b, loc};                                                                                    \
    ValueRange x = operands;                                                                                 \
    return INT_EXPR;                                                                                         \
  }

static Value signOf(Arithmetic &a, Value x, bool isUnsigned) {
  Value zero = a.number(x, 0), one = a.number(x, 1);
  if (isa<FloatType>(getElementTypeOrSelf(x.getType()))) {
    Value negative = a.select(a.cmp(arith::CmpFPredicate::OLT, x, zero), a.number(x, -1), x);
    Value signed_ = a.select(a.cmp(arith::CmpFPredicate::OGT, x, zero), one, negative);
    return a.select(a.cmp(arith::CmpFPredicate::OEQ, x, zero), zero, signed_);
  }
  auto positive = isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt;
  Value rest = isUnsigned ? zero : a.select(a.cmp(arith::CmpIPredicate::slt, x, zero), a.number(x, -1), zero);
  return a.select(a.cmp(positive, x, zero), one, rest);
}

/// Integer division that can't trap: by 0 gives 0, the smallest number by -1 itself.
static Value divide(Arithmetic &a, Value x, Value y, bool isUnsigned) {
  Value zero = a.number(y, 0), one = a.number(y, 1);
  Value byZero = a.cmp(arith::CmpIPredicate::eq, y, zero);
  Value safe = a.select(byZero, one, y);
  if (isUnsigned)
    return a.select(byZero, zero, a.op<arith::DivUIOp>(x, safe));
  Value negates = a.cmp(arith::CmpIPredicate::eq, y, a.number(y, -1));
  Value quotient = a.op<arith::DivSIOp>(x, a.select(negates, one, safe));
  return a.select(byZero, zero, a.select(negates, a.op<arith::SubIOp>(zero, x), quotient));
}

static Value remainder(Arithmetic &a, Value x, Value y, bool isUnsigned, bool fmod) {
  if (isa<FloatType>(getElementTypeOrSelf(x.getType()))) {
    Value r = a.op<arith::RemFOp>(x, y), zero = a.number(x, 0);
    if (fmod)
      return r;
    // The sign of y: a remainder of the other sign moves by y.
    Value differs = a.cmp(arith::CmpFPredicate::OLT, a.mul(r, y), zero);
    return a.select(differs, a.add(r, y), r);
  }
  Value q = divide(a, x, y, isUnsigned);
  Value r = a.op<arith::SubIOp>(x, a.op<arith::MulIOp>(q, y)), zero = a.number(x, 0);
  if (fmod || isUnsigned)
    return r;
  Value signs = a.cmp(arith::CmpIPredicate::slt, a.op<arith::XOrIOp>(r, y), zero);
  Value nonzero = a.cmp(arith::CmpIPredicate::ne, r, zero);
  return a.select(a.op<arith::AndIOp>(signs, nonzero), a.op<arith::AddIOp>(r, y), r);
}

HONE_BOTH(AbsOp, math::AbsFOp::create(b, loc, x[0]),
          isUnsigned ? x[0] : math::AbsIOp::create(b, loc, x[0]).getResult())
HONE_BOTH(NegOp, arith::NegFOp::create(b, loc, x[0]), a.op<arith::SubIOp>(a.number(x[0], 0), x[0]))
HONE_BOTH(SignOp, signOf(a, x[0], false), signOf(a, x[0], isUnsigned))
HONE_BOTH(FloorOp, math::FloorOp::create(b, loc, x[0]), x[0])
HONE_BOTH(CeilOp, math::CeilOp::create(b, loc, x[0]), x[0])
HONE_BOTH(RoundOp, math::RoundEvenOp::create(b, loc, x[0]), x[0])
HONE_BOTH(ReciprocalOp, a.div(a.number(x[0], 1), x[0]), divide(a, a.number(x[0], 1), x[0], isUnsigned))
HONE_BOTH(AddOp, a.add(x[0], x[1]), a.op<arith::AddIOp>(x[0], x[1]))
HONE_BOTH(SubOp, a.sub(x[0], x[1]), a.op<arith::SubIOp>(x[0], x[1]))
HONE_BOTH(MulOp, a.mul(x[0], x[1]), a.op<arith::MulIOp>(x[0], x[1]))
HONE_BOTH(DivOp, a.div(x[0], x[1]), divide(a, x[0], x[1], isUnsigned))
HONE_BOTH(ModOp, remainder(a, x[0], x[1], false, getFmod()), remainder(a, x[0], x[1], isUnsigned, getFmod()))
HONE_BOTH(MinOp, a.op<arith::MinimumFOp>(x[0], x[1]),
          isUnsigned || elementType(getLhs()).isInteger(1) ? a.op<arith::MinUIOp>(x[0], x[1])
                                                           : a.op<arith::MinSIOp>(x[0], x[1]))
HONE_BOTH(MaxOp, a.op<arith::MaximumFOp>(x[0], x[1]),
          isUnsigned || elementType(getLhs()).isInteger(1) ? a.op<arith::MaxUIOp>(x[0], x[1])
                                                           : a.op<arith::MaxSIOp>(x[0], x[1]))
HONE_BOTH(ReluOp, a.op<arith::MaximumFOp>(x[0], a.number(x[0], 0)),
          isUnsigned ? x[0] : a.op<arith::MaxSIOp>(x[0], a.number(x[0], 0)))

#define HONE_INTEGER(OP, EXPR)                                                                               \
  HONE_ELEMENT(OP)                                                                                           \
  Value OP::buildScalar(OpBuilder &b, Location loc, ValueRange x) {                                          \
    Arithmetic a{b, loc};                                                                                    \
    return EXPR;                                                                                             \
  }

static Value shift(Arithmetic &a, Value x, Value by, Value shifted) {
  Value width = a.number(by, getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth());
  return a.select(a.cmp(arith::CmpIPredicate::ult, by, width), shifted, a.number(x, 0));
}
static Value withinWidth(Arithmetic &a, Value by) {
  return a.op<arith::AndIOp>(by,
                             a.number(by, getElementTypeOrSelf(by.getType()).getIntOrFloatBitWidth() - 1));
}

HONE_INTEGER(AndOp, a.op<arith::AndIOp>(x[0], x[1]))
HONE_INTEGER(OrOp, a.op<arith::OrIOp>(x[0], x[1]))
HONE_INTEGER(XorOp, a.op<arith::XOrIOp>(x[0], x[1]))
HONE_INTEGER(NotOp,
             a.op<arith::XOrIOp>(x[0], a.integer(x[0], APInt::getAllOnes(getElementTypeOrSelf(x[0].getType())
                                                                             .getIntOrFloatBitWidth()))))
HONE_INTEGER(ShlOp, shift(a, x[0], x[1], a.op<arith::ShLIOp>(x[0], withinWidth(a, x[1]))))
HONE_INTEGER(ShrOp, shift(a, x[0], x[1],
                          elementType(getLhs()).isUnsignedInteger()
                              ? a.op<arith::ShRUIOp>(x[0], withinWidth(a, x[1]))
                              : a.op<arith::ShRSIOp>(x[0], withinWidth(a, x[1]))))
HONE_FLOAT(IsNanOp, a.cmp(arith::CmpFPredicate::UNO, x[0], x[0]))

HONE_ELEMENT(IsInfOp)
Value IsInfOp::buildScalar(OpBuilder &b, Location loc, ValueRange operands) {
  return inFloat(b, loc, operands, [&](Arithmetic &a, ArrayRef<Value> x) -> Value {
    double infinity = std::numeric_limits<double>::infinity();
    Value up = a.cmp(arith::CmpFPredicate::OEQ, x[0], a.number(x[0], infinity));
    Value down = a.cmp(arith::CmpFPredicate::OEQ, x[0], a.number(x[0], -infinity));
    if (getNegative() && getPositive())
      return a.op<arith::OrIOp>(up, down);
    if (!getNegative() && !getPositive())
      return a.op<arith::AndIOp>(up, down);
    return getPositive() ? up : down;
  });
}

HONE_ELEMENT(CmpOp)
Value CmpOp::buildScalar(OpBuilder &b, Location loc, ValueRange operands) {
  bool isUnsigned = elementType(getLhs()).isUnsignedInteger() || elementType(getLhs()).isInteger(1);
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  static const F floats[] = {F::OEQ, F::UNE, F::OLT, F::OLE, F::OGT, F::OGE};
  static const I signeds[] = {I::eq, I::ne, I::slt, I::sle, I::sgt, I::sge};
  static const I unsigneds[] = {I::eq, I::ne, I::ult, I::ule, I::ugt, I::uge};
  int kind = int(getKind());
  if (isa<FloatType>(getElementTypeOrSelf(operands[0].getType())))
    return inFloat(b, loc, operands,
                   [&](Arithmetic &a, ArrayRef<Value> x) { return a.cmp(floats[kind], x[0], x[1]); });
  return Arithmetic{b, loc}.cmp(isUnsigned ? unsigneds[kind] : signeds[kind], operands[0], operands[1]);
}

HONE_ELEMENT(SelectOp)
Value SelectOp::buildScalar(OpBuilder &b, Location loc, ValueRange operands) {
  return arith::SelectOp::create(b, loc, operands[0], operands[1], operands[2]);
}

/// `x` of element type `from` (with its sign) as type `to`, whose element type with its sign is `toElement`.
static Value castElement(OpBuilder &b, Location loc, Value x, Type from, Type to, Type toElement) {
  Arithmetic a{b, loc};
  if (from == toElement)
    return x;
  if (isFloat8(from)) {
    from = b.getF32Type();
    x = widenFloat8(b, loc, x);
    if (from == toElement)
      return x;
  }
  if (isFloat8(toElement)) {
    Type f32 = b.getF32Type();
    return roundToFloat8(b, loc, castElement(b, loc, x, from, a.like(x, f32), f32));
  }
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(toElement);
  bool fromUnsigned = from.isUnsignedInteger() || from.isInteger(1);
  unsigned fromBits = getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth();
  unsigned toBits = getElementTypeOrSelf(to).getIntOrFloatBitWidth();
  if (toElement.isInteger(1)) {
    Value zero = a.number(x, 0);
    return fromFloat ? a.cmp(arith::CmpFPredicate::UNE, x, zero) : a.cmp(arith::CmpIPredicate::ne, x, zero);
  }
  if (fromFloat && toFloat) {
    if (fromBits == toBits) // f16 and bf16
      x = arith::ExtFOp::create(b, loc, a.like(x, b.getF32Type()), x);
    return fromBits < toBits ? arith::ExtFOp::create(b, loc, to, x).getResult()
                             : arith::TruncFOp::create(b, loc, to, x).getResult();
  }
  if (toFloat)
    return fromUnsigned ? arith::UIToFPOp::create(b, loc, to, x).getResult()
                        : arith::SIToFPOp::create(b, loc, to, x).getResult();
  if (fromFloat) {
    // Out of range would be undefined: clamp to the nearest number that is in range, NaN to 0.
    x = a.widen(x);
    bool isUnsigned = toElement.isUnsignedInteger();
    unsigned bits = toElement.getIntOrFloatBitWidth();
    double top = isUnsigned ? std::ldexp(1.0, bits) : std::ldexp(1.0, bits - 1);
    // The largest float below the bound.
    double high = getElementTypeOrSelf(x.getType()).isF64() ? std::nextafter(top, 0)
                                                            : double(std::nextafterf(float(top), 0));
    Value low = a.number(x, isUnsigned ? 0 : -top), isNan = a.cmp(arith::CmpFPredicate::UNO, x, x);
    Value clamped =
        a.op<arith::MinNumFOp>(a.op<arith::MaxNumFOp>(x, low), a.number(x, std::min(high, top - 1)));
    clamped = a.select(isNan, a.number(x, 0), clamped);
    return isUnsigned ? arith::FPToUIOp::create(b, loc, to, clamped).getResult()
                      : arith::FPToSIOp::create(b, loc, to, clamped).getResult();
  }
  if (fromBits == toBits)
    return x;
  if (fromBits > toBits)
    return arith::TruncIOp::create(b, loc, to, x);
  return fromUnsigned ? arith::ExtUIOp::create(b, loc, to, x).getResult()
                      : arith::ExtSIOp::create(b, loc, to, x).getResult();
}

HONE_ELEMENT(PowOp)
Value PowOp::buildScalar(OpBuilder &b, Location loc, ValueRange operands) {
  Arithmetic a{b, loc};
  Type type = operands[0].getType(), element = getElementTypeOrSelf(type);
  bool wantsF64 = element.isF64() || (isa<IntegerType>(element) && element.getIntOrFloatBitWidth() > 16);
  Type wide = Arithmetic::withElement(type, wantsF64 ? Type(b.getF64Type()) : Type(b.getF32Type()));
  Value x = castElement(b, loc, operands[0], elementType(getLhs()), wide, getElementTypeOrSelf(wide));
  Value y = castElement(b, loc, operands[1], elementType(getRhs()), wide, getElementTypeOrSelf(wide));
  Value power;
  // The commonest exponents need no function.
  DenseFPElementsAttr exponent;
  if (matchPattern(getRhs(), m_Constant(&exponent)) && exponent.isSplat() &&
      exponent.getSplatValue<APFloat>().convertToDouble() == 2)
    power = a.mul(x, x);
  else
    power = math::PowFOp::create(b, loc, x, y);
  return castElement(b, loc, power, getElementTypeOrSelf(wide), type, elementType(getLhs()));
}

HONE_ELEMENT(CastOp)
Value CastOp::buildScalar(OpBuilder &b, Location loc, ValueRange operands) {
  Type to = Arithmetic::withElement(operands[0].getType(), storageType(getTo()));
  return castElement(b, loc, operands[0], elementType(getInput()), to, getTo());
}

HONE_ELEMENT(BitcastOp)
Value BitcastOp::buildScalar(OpBuilder &b, Location loc, ValueRange operands) {
  Arithmetic a{b, loc};
  Value x = operands[0];
  // A truth value is a byte of 0 or 1 in memory.
  if (elementType(getInput()).isInteger(1))
    x = arith::ExtUIOp::create(b, loc, Arithmetic::withElement(x.getType(), b.getI8Type()), x);
  if (getTo().isInteger(1))
    return a.cmp(arith::CmpIPredicate::ne, x, a.number(x, 0));
  Type to = Arithmetic::withElement(x.getType(), storageType(getTo()));
  return x.getType() == to ? x : arith::BitcastOp::create(b, loc, to, x).getResult();
}
