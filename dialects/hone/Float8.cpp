// Exponent and mantissa of f8E4M3FN are the highest bits of those of f32, but for the bias.
#include "dialects/hone/Float8.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>

using namespace mlir;
using namespace mlir::hone;

namespace {

constexpr int64_t dropped = 23 - 3, bias = 127 - 7; // bits of the mantissa; difference of the biases

/// Numbers of i32 and f32, as scalars or in vectors of one shape.
struct Bits {
  OpBuilder &b;
  Location loc;
  Type shape; // of what they go with

  Type with(Type element) const {
    auto vector = dyn_cast<VectorType>(shape);
    return vector ? vector.clone(element) : element;
  }
  Type i32() const { return with(b.getI32Type()); }
  Type f32() const { return with(b.getF32Type()); }
  Value constant(TypedAttr value) const {
    auto vector = dyn_cast<VectorType>(with(value.getType()));
    return arith::ConstantOp::create(b, loc,
                                     vector ? DenseElementsAttr::get(vector, Attribute(value)) : value);
  }
  Value integer(int64_t value) const { return constant(b.getI32IntegerAttr(int32_t(value))); }
  Value real(float value) const { return constant(b.getF32FloatAttr(value)); }
  template <typename Op>
  Value op(Value x, Value y) const {
    return Op::create(b, loc, x, y);
  }
  Value select(Value condition, Value x, Value y) const {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }
  Value as(Type type, Value x) const { return arith::BitcastOp::create(b, loc, type, x); }
  Value is(arith::CmpIPredicate predicate, Value x, Value y) const {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  }
};

} // namespace

Value mlir::hone::widenFloat8(OpBuilder &b, Location loc, Value bytes) {
  Bits bits{b, loc, bytes.getType()};
  Value x = arith::ExtUIOp::create(b, loc, bits.i32(), bytes);
  Value magnitude = bits.op<arith::AndIOp>(x, bits.integer(0x7f));
  Value isNan = bits.is(arith::CmpIPredicate::eq, magnitude, bits.integer(0x7f));
  // Subnormal numbers are subnormal f32 too, which the product makes normal.
  Value real = bits.as(bits.f32(), bits.op<arith::ShLIOp>(magnitude, bits.integer(dropped)));
  real = bits.op<arith::MulFOp>(real, bits.real(std::ldexp(1.0f, bias)));
  real = bits.select(isNan, bits.real(std::nanf("")), real);
  Value sign = bits.op<arith::ShLIOp>(bits.op<arith::AndIOp>(x, bits.integer(0x80)), bits.integer(24));
  return bits.as(bits.f32(), bits.op<arith::OrIOp>(bits.as(bits.i32(), real), sign));
}

Value mlir::hone::roundToFloat8(OpBuilder &b, Location loc, Value x) {
  Bits bits{b, loc, x.getType()};
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  Value size = math::AbsFOp::create(b, loc, x);
  size = bits.op<arith::MinNumFOp>(size, bits.real(largestFloat8));
  // Normal: half of what is dropped is added, less a little where the last bit that stays is even.
  Value number = bits.as(bits.i32(), size);
  Value odd = bits.op<arith::AndIOp>(bits.op<arith::ShRUIOp>(number, bits.integer(dropped)), bits.integer(1));
  Value up = bits.op<arith::AddIOp>(odd, bits.integer((1 << (dropped - 1)) - 1));
  Value normal = bits.op<arith::ShRUIOp>(bits.op<arith::AddIOp>(number, up), bits.integer(dropped));
  normal = bits.op<arith::SubIOp>(normal, bits.integer(bias << 3));
  // Subnormal: behind a number whose last bit is worth 2^-9, the addition rounds.
  Value anchor = bits.real(std::ldexp(1.0f, 23 - 9));
  Value subnormal = bits.as(bits.i32(), bits.op<arith::AddFOp>(size, anchor));
  subnormal = bits.op<arith::SubIOp>(subnormal, bits.as(bits.i32(), anchor));
  Value isSmall =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, size, bits.real(std::ldexp(1.0f, -6)));
  Value code = bits.select(isNan, bits.integer(0x7f), bits.select(isSmall, subnormal, normal));
  Value sign = bits.op<arith::ShRUIOp>(bits.as(bits.i32(), x), bits.integer(24));
  code = bits.op<arith::OrIOp>(code, bits.op<arith::AndIOp>(sign, bits.integer(0x80)));
  return arith::TruncIOp::create(b, loc, bits.with(b.getI8Type()), code);
}
