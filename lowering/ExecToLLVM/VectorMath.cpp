// Coefficients are fitted for the least relative error in f32; multiplications and additions are fused.
#include "lowering/ExecToLLVM/VectorMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <limits>

using namespace mlir;

namespace hone {

Value VectorMath::number(Value like, double value) {
  TypedAttr attribute = b.getFloatAttr(getElementTypeOrSelf(like.getType()), value);
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    attribute = DenseElementsAttr::get(vector, Attribute(attribute));
  return arith::ConstantOp::create(b, loc, attribute);
}

Value VectorMath::integer(Value like, int64_t value) {
  TypedAttr attribute = b.getI32IntegerAttr(int32_t(value));
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    attribute = DenseElementsAttr::get(vector.clone(b.getI32Type()), Attribute(attribute));
  return arith::ConstantOp::create(b, loc, attribute);
}

Value VectorMath::asBits(Value x) { return arith::BitcastOp::create(b, loc, integer(x, 0).getType(), x); }
Value VectorMath::asFloat(Value bits, Value like) {
  return arith::BitcastOp::create(b, loc, like.getType(), bits);
}
Value VectorMath::fma(Value x, Value y, Value sum) { return math::FmaOp::create(b, loc, x, y, sum); }

Value VectorMath::polynomial(Value x, ArrayRef<double> coefficients) {
  Value sum = number(x, coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, number(x, coefficient));
  return sum;
}

// Comparing and selecting this way is one instruction, and keeps NaN.
Value VectorMath::atMost(Value x, double bound) {
  Value limit = number(x, bound);
  return arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, limit, x),
                                 limit, x);
}
Value VectorMath::atLeast(Value x, double bound) {
  Value limit = number(x, bound);
  return arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, limit, x),
                                 limit, x);
}

bool VectorMath::isRegister(Value x) {
  auto vector = dyn_cast<VectorType>(x.getType());
  return avx512 && vector && vector.getRank() == 1 && vector.getNumElements() == 16;
}

/// x * 2^floor(n)
Value VectorMath::scale(Value x, Value n) {
  Value all = arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(-1)),
        current = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(4)); // the rounding that is set
  return LLVM::CallIntrinsicOp::create(b, loc, x.getType(),
                                       b.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
                                       ValueRange{x, n, number(x, 0), all, current})
      .getResult(0);
}

static const double log2e = 1.4426950408889634;
// Adding 1.5 * 2^23 rounds to an integer, and leaves it in the low bits.
static const double rounding = 0x1.8p23;

/// 2^n * 2^r with x log2(e) = n + r, |r| <= 1/2; the product in two parts keeps r exact.
Value VectorMath::exp(Value x) {
  // Beyond these the result is infinite or 0 already.
  x = atMost(atLeast(x, -104), 89);
  const double high = float(log2e), low = log2e - high;
  Value rounded = fma(x, number(x, high), number(x, rounding));
  Value n = arith::SubFOp::create(b, loc, rounded, number(x, rounding));
  Value r = fma(x, number(x, high), arith::NegFOp::create(b, loc, n));
  r = fma(x, number(x, low), r);
  Value power = polynomial(r, {1, 6.931471825e-01, 2.402264774e-01, 5.550332367e-02, 9.618436918e-03,
                               1.339887502e-03, 1.535336050e-04});
  if (isRegister(x))
    return scale(power, n);
  // Two factors: neither overflows, and results may be denormal.
  Value exponent = arith::SubIOp::create(b, loc, asBits(rounded), integer(x, 0x4b400000));
  Value half = arith::ShRSIOp::create(b, loc, exponent, integer(x, 1));
  auto scaleBy = [&](Value e) {
    Value bits =
        arith::ShLIOp::create(b, loc, arith::AddIOp::create(b, loc, e, integer(x, 127)), integer(x, 23));
    power = arith::MulFOp::create(b, loc, power, asFloat(bits, x));
  };
  scaleBy(half);
  scaleBy(arith::SubIOp::create(b, loc, exponent, half));
  return power;
}

Value VectorMath::expNotPositive(Value x) {
  if (isRegister(x)) {
    // r in [0, 1); of minus infinity it is 0.
    Value y = arith::MulFOp::create(b, loc, x, number(x, log2e));
    Value floor = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(9)),
          all = arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(-1)),
          current = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(4));
    Value r = LLVM::CallIntrinsicOp::create(b, loc, x.getType(),
                                            b.getStringAttr("llvm.x86.avx512.mask.reduce.ps.512"),
                                            ValueRange{y, floor, number(x, 0), all, current})
                  .getResult(0);
    return scale(polynomial(r, {1, 6.931512952e-01, 2.401644439e-01, 5.579991266e-02, 9.017029777e-03,
                                1.867130282e-03}),
                 y);
  }
  Value rounded = fma(x, number(x, log2e), number(x, rounding));
  Value n = arith::SubFOp::create(b, loc, rounded, number(x, rounding));
  Value r = fma(x, number(x, log2e), arith::NegFOp::create(b, loc, n));
  Value power =
      polynomial(r, {1, 6.931470037e-01, 2.402224243e-01, 5.550733581e-02, 9.671512991e-03, 1.326472382e-03});
  Value bits = arith::AddIOp::create(b, loc, arith::ShLIOp::create(b, loc, asBits(rounded), integer(x, 23)),
                                     integer(x, 0x3f800000));
  power = arith::MulFOp::create(b, loc, power, asFloat(bits, x));
  Value isTiny = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, number(x, -87));
  return arith::SelectOp::create(b, loc, isTiny, number(x, 0), power);
}

/// e * log(2) + log(1 + f) with x = 2^e * (1 + f), 1 + f in [sqrt(1/2), sqrt(2)).
Value VectorMath::log(Value x) {
  using F = arith::CmpFPredicate;
  auto compare = [&](F predicate, double bound) -> Value {
    return arith::CmpFOp::create(b, loc, predicate, x, number(x, bound));
  };
  Value isSmall = compare(F::OLT, 0x1p-126);
  Value scaled =
      arith::SelectOp::create(b, loc, isSmall, arith::MulFOp::create(b, loc, x, number(x, 0x1p23)), x);
  Value root = integer(x, 0x3f3504f3);
  Value bits = arith::SubIOp::create(b, loc, asBits(scaled), root);
  Value e =
      arith::SIToFPOp::create(b, loc, x.getType(), arith::ShRSIOp::create(b, loc, bits, integer(x, 23)));
  e = arith::AddFOp::create(b, loc, e,
                            arith::SelectOp::create(b, loc, isSmall, number(x, -23), number(x, 0)));
  Value mantissa =
      arith::AddIOp::create(b, loc, arith::AndIOp::create(b, loc, bits, integer(x, 0x7fffff)), root);
  Value f = arith::SubFOp::create(b, loc, asFloat(mantissa, x), number(x, 1));
  Value square = arith::MulFOp::create(b, loc, f, f);
  Value rest = polynomial(f, {3.333333135e-01, -2.500082254e-01, 2.000122666e-01, -1.662335545e-01,
                              1.420176774e-01, -1.316021085e-01, 1.276151687e-01, -7.634347677e-02});
  // log(2) in two parts: e times the first is exact.
  Value y = fma(rest, arith::MulFOp::create(b, loc, f, square),
                arith::MulFOp::create(b, loc, e, number(x, -2.12194440e-4)));
  y = arith::AddFOp::create(b, loc, f, fma(square, number(x, -0.5), y));
  y = fma(e, number(x, 0.693359375), y);
  const double infinity = std::numeric_limits<double>::infinity();
  y = arith::SelectOp::create(b, loc, compare(F::OEQ, infinity), x, y);
  y = arith::SelectOp::create(b, loc, compare(F::OEQ, 0), number(x, -infinity), y);
  return arith::SelectOp::create(b, loc, compare(F::OGE, 0), y,
                                 number(x, std::numeric_limits<double>::quiet_NaN()));
}

/// x P(x^2) / Q(x^2) within `bound`, where the function is 1 in f32.
Value VectorMath::oddQuotient(Value x, double bound, ArrayRef<double> numerator,
                              ArrayRef<double> denominator) {
  x = atMost(atLeast(x, -bound), bound);
  Value square = arith::MulFOp::create(b, loc, x, x);
  Value top = arith::MulFOp::create(b, loc, x, polynomial(square, numerator));
  Value quotient = arith::DivFOp::create(b, loc, top, polynomial(square, denominator));
  return atMost(atLeast(quotient, -1), 1);
}

Value VectorMath::tanh(Value x) {
  return oddQuotient(x, 9.01, {1, 1.338037252e-01, 3.494812641e-03, 2.059629878e-05, 1.333688182e-08},
                     {1, 4.671368897e-01, 2.587403357e-02, 3.284365812e-04, 7.769297099e-07});
}

Value VectorMath::erf(Value x) {
  return oddQuotient(
      x, 3.92,
      {1.128379107e+00, 1.904074401e-01, 5.274885893e-02, 3.765660338e-03, 2.848839504e-04, 2.050083367e-06},
      {1, 5.020769238e-01, 1.141095236e-01, 1.496930327e-02, 1.162546454e-03, 3.809173722e-05});
}

} // namespace hone
