// Math functions on a GPU without a library: the host's polynomials for f32, instructions for what has them,
// and exp, log and powers in f64 arithmetic where f32 does not do. What is left is named, so that its kernel
// stays on the host.
#include "lowering/ExecToLLVM/VectorMath.h"
#include "lowering/KernelToCuda/CudaFamily.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace hone {

namespace {

/// Functions that the NVPTX backend writes as a few instructions, for every float type.
bool hasInstruction(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp,
             math::IsInfOp, math::IsNaNOp, math::IsNormalOp, math::RoundEvenOp, math::RoundOp, math::SqrtOp,
             math::TruncOp>(op);
}

/// f64 arithmetic on scalars.
struct Double {
  OpBuilder &b;
  Location loc;

  Value number(double value) { return arith::ConstantOp::create(b, loc, b.getF64FloatAttr(value)); }
  Value bits(int64_t value) { return arith::ConstantIntOp::create(b, loc, b.getI64Type(), value); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) { return math::FmaOp::create(b, loc, x, y, z); }
  Value select(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
  Value is(arith::CmpFPredicate kind, Value x, Value y) { return arith::CmpFOp::create(b, loc, kind, x, y); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
  Value isEqual(Value x, double y) { return is(arith::CmpFPredicate::OEQ, x, number(y)); }
  Value asBits(Value x) { return arith::BitcastOp::create(b, loc, b.getI64Type(), x); }
  Value asDouble(Value x) { return arith::BitcastOp::create(b, loc, b.getF64Type(), x); }
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// log2 of a positive finite number: exponent, and a series of the mantissa in [sqrt(1/2), sqrt(2)).
  Value log2(Value x) {
    // Subnormals are made normal first.
    Value isSmall = is(arith::CmpFPredicate::OLT, x, number(0x1p-1022));
    x = select(isSmall, mul(x, number(0x1p54)), x);
    Value raw = asBits(x);
    Value exponent = arith::SubIOp::create(b, loc, arith::ShRUIOp::create(b, loc, raw, bits(52)), bits(1023));
    Value mantissa = asDouble(arith::OrIOp::create(
        b, loc, arith::AndIOp::create(b, loc, raw, bits((int64_t(1) << 52) - 1)), bits(int64_t(1023) << 52)));
    Value isLarge = is(arith::CmpFPredicate::OGT, mantissa, number(1.4142135623730951));
    mantissa = select(isLarge, mul(mantissa, number(0.5)), mantissa);
    Value whole = arith::SIToFPOp::create(b, loc, b.getF64Type(), exponent);
    whole = add(whole, select(isLarge, number(1), number(0)));
    whole = sub(whole, select(isSmall, number(54), number(0)));
    // ln m = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1), |s| < 0.172
    Value s = div(sub(mantissa, number(1)), add(mantissa, number(1))), square = mul(s, s);
    Value series = number(1.0 / 19);
    for (int n = 17; n >= 1; n -= 2)
      series = fma(series, square, number(1.0 / n));
    return fma(mul(s, series), number(2.8853900817779268), whole); // 2 / ln 2
  }

  /// 2^x, 0 or infinity beyond the range of f64.
  Value exp2(Value x) {
    Value clamped =
        arith::MinNumFOp::create(b, loc, arith::MaxNumFOp::create(b, loc, x, number(-1100)), number(1100));
    Value whole = math::RoundEvenOp::create(b, loc, clamped);
    Value r = mul(sub(clamped, whole), number(0.69314718055994531));
    Value series = number(1);
    for (int n = 14; n >= 1; --n)
      series = fma(series, mul(r, number(1.0 / n)), number(1));
    // In two steps: one factor can't be as large or small as the result.
    Value n = arith::FPToSIOp::create(b, loc, b.getI64Type(), whole);
    Value half = arith::ShRSIOp::create(b, loc, n, bits(1)), rest = arith::SubIOp::create(b, loc, n, half);
    auto power = [&](Value exponent) {
      return asDouble(
          arith::ShLIOp::create(b, loc, arith::AddIOp::create(b, loc, exponent, bits(1023)), bits(52)));
    };
    Value result = mul(mul(series, power(half)), power(rest));
    return select(is(arith::CmpFPredicate::UNO, x, x), x, result);
  }

  Value exp(Value x) { return exp2(mul(x, number(1.4426950408889634))); }

  Value log(Value x) {
    Value result = mul(log2(x), number(0.69314718055994531));
    result = select(isEqual(x, infinity), x, result);
    result = select(isEqual(x, 0), number(-infinity), result);
    // Of negative numbers and NaN.
    Value isBad = is(arith::CmpFPredicate::ULT, x, number(0));
    return select(isBad, number(std::numeric_limits<double>::quiet_NaN()), result);
  }

  /// As C's pow.
  Value pow(Value x, Value y) {
    Value size = math::AbsFOp::create(b, loc, x);
    Value result = exp2(mul(y, log2(size)));
    Value isPositive = is(arith::CmpFPredicate::OGT, y, number(0));
    result = select(isEqual(size, 0), select(isPositive, number(0), number(infinity)), result);
    result = select(isEqual(size, infinity), select(isPositive, number(infinity), number(0)), result);
    // Negative numbers have powers of whole numbers only; odd ones keep the sign.
    Value half = mul(y, number(0.5));
    Value isWhole = is(arith::CmpFPredicate::OEQ, y, math::FloorOp::create(b, loc, y));
    Value isOdd = both(isWhole, is(arith::CmpFPredicate::UNE, half, math::FloorOp::create(b, loc, half)));
    Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, asBits(x), bits(0));
    result = select(both(isNegative, isOdd), arith::NegFOp::create(b, loc, result), result);
    Value isFinite = is(arith::CmpFPredicate::OLT, size, number(infinity));
    Value isUndefined = both(both(is(arith::CmpFPredicate::OLT, x, number(0)), isFinite),
                             is(arith::CmpFPredicate::UNE, y, math::FloorOp::create(b, loc, y)));
    result = select(isUndefined, number(std::numeric_limits<double>::quiet_NaN()), result);
    Value isNan = is(arith::CmpFPredicate::UNO, x, y);
    result = select(isNan, add(x, y), result);
    Value isUnit = both(isEqual(size, 1), isEqual(math::AbsFOp::create(b, loc, y), infinity));
    Value isOne =
        arith::OrIOp::create(b, loc, arith::OrIOp::create(b, loc, isEqual(x, 1), isEqual(y, 0)), isUnit);
    return select(isOne, number(1), result);
  }
};

/// Writes `Op` on f32 as the host does.
template <typename Op>
struct AsOnHost : OpRewritePattern<Op> {
  using Function = Value (VectorMath::*)(Value);
  AsOnHost(MLIRContext *context, Function function) : OpRewritePattern<Op>(context), function(function) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &b) const override {
    if (!op.getType().isF32())
      return b.notifyMatchFailure(op, "expected an f32");
    VectorMath math(b, op.getLoc(), /*avx512=*/false);
    b.replaceOp(op, (math.*function)(op.getOperand()));
    return success();
  }
  Function function;
};

/// Writes `Op` in f64; on other types, where f32 loses too much, between conversions.
template <typename Op>
struct InDouble : OpRewritePattern<Op> {
  InDouble(MLIRContext *context, bool alsoNarrow, Value (*make)(Double &, ValueRange))
      : OpRewritePattern<Op>(context), alsoNarrow(alsoNarrow), make(make) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &b) const override {
    Type type = op.getType();
    if (!isa<FloatType>(type) || (!type.isF64() && !alsoNarrow))
      return b.notifyMatchFailure(op, "expected a scalar that f32 does not do for");
    Double wide{b, op.getLoc()};
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(type.isF64()
                             ? operand
                             : arith::ExtFOp::create(b, op.getLoc(), b.getF64Type(), operand).getResult());
    Value result = make(wide, operands);
    if (!type.isF64())
      result = arith::TruncFOp::create(b, op.getLoc(), type, result);
    b.replaceOp(op, result);
    return success();
  }
  bool alsoNarrow;
  Value (*make)(Double &, ValueRange);
};

} // namespace

std::string expandDeviceMath(func::FuncOp function) {
  RewritePatternSet patterns(function.getContext());
  // In terms of exp, log, sin and cos first.
  math::populateExpansionPatterns(patterns, {"sinh", "cosh", "tan", "asinh", "acosh", "atanh", "rsqrt"});
  populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
    return !llvm::is_contained({"math.sqrt", "math.rsqrt", "math.powf", "math.cbrt", "math.exp", "math.log",
                                "math.tanh", "math.erf"},
                               name);
  });
  populateMathF32ExpansionPatterns(patterns, [](StringRef name) { return name != "math.powf"; });
  MLIRContext *context = function.getContext();
  patterns.add<AsOnHost<math::ExpOp>>(context, &VectorMath::exp);
  patterns.add<AsOnHost<math::LogOp>>(context, &VectorMath::log);
  patterns.add<AsOnHost<math::TanhOp>>(context, &VectorMath::tanh);
  patterns.add<AsOnHost<math::ErfOp>>(context, &VectorMath::erf);
  patterns.add<InDouble<math::ExpOp>>(context, false, +[](Double &d, ValueRange x) { return d.exp(x[0]); });
  patterns.add<InDouble<math::LogOp>>(context, false, +[](Double &d, ValueRange x) { return d.log(x[0]); });
  patterns.add<InDouble<math::PowFOp>>(
      context, true, +[](Double &d, ValueRange x) { return d.pow(x[0], x[1]); });
  (void)applyPatternsGreedily(function, std::move(patterns));
  std::string left;
  function.walk([&](Operation *op) {
    if (left.empty() && isa<math::MathDialect>(op->getDialect()) && !hasInstruction(op))
      llvm::raw_string_ostream(left) << op->getName().stripDialect() << " of " << op->getResult(0).getType();
  });
  return left;
}

} // namespace hone
