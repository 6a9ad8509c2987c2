// cvt: every lane goes through a wide value, a 64-bit integer or a double, and is rounded once into the
// destination. Conversions that pack two values into a register follow.
#include "runtime/devices/sim/ops/Half.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include <algorithm>
#include <cfenv>
#include <cstring>
#include <limits>

namespace hone::rt::sim {
namespace {

enum Rounding : uint8_t { Nearest, Zero, Down, Up, Away };

// Loading: a register of `flags[2]` bytes a lane, of which the type's low bits count.
template <class Register>
void loadBits(const Warp &w, const Op &o, uint64_t *bits) {
  const Register *a = w.at<Register>(o.a);
  for (int l = 0; l < 32; ++l)
    bits[l] = a[l];
}
void bitsOf(const Warp &w, const Op &o, uint64_t *bits) {
  o.flags[2] == 2   ? loadBits<uint16_t>(w, o, bits)
  : o.flags[2] == 4 ? loadBits<uint32_t>(w, o, bits)
                    : loadBits<uint64_t>(w, o, bits);
}
template <class Register>
void storeBits(const Warp &w, const Op &o, uint32_t mask, const uint64_t *bits) {
  fill(w.at<Register>(o.d), mask, [&](uint32_t l) { return static_cast<Register>(bits[l]); });
}
/// The register may be wider than the type: integers were extended by their sign.
void store(const Warp &w, const Op &o, uint32_t mask, const uint64_t *bits) {
  o.flags[3] == 2   ? storeBits<uint16_t>(w, o, mask, bits)
  : o.flags[3] == 4 ? storeBits<uint32_t>(w, o, mask, bits)
                    : storeBits<uint64_t>(w, o, mask, bits);
}

double toDouble(Type type, uint64_t bits) {
  switch (type) {
  case Type::F16:
    return fromHalf(static_cast<uint16_t>(bits));
  case Type::BF16:
    return fromBfloat(static_cast<uint16_t>(bits));
  case Type::F32:
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  default:
    return std::bit_cast<double>(bits);
  }
}

double roundInteger(double v, int rounding) {
  return rounding == Zero   ? std::trunc(v)
         : rounding == Down ? std::floor(v)
         : rounding == Up   ? std::ceil(v)
         : rounding == Away ? std::round(v)
                            : std::nearbyint(v);
}

/// A double as f32 in a given direction.
float toFloat(double v, int rounding) {
  auto f = static_cast<float>(v);
  if (rounding == Nearest || std::isnan(f) || f == v)
    return f;
  bool above = f > v;
  if (above && (rounding == Down || (rounding == Zero && v > 0)))
    return std::nextafter(f, -std::numeric_limits<float>::infinity());
  if (!above && (rounding == Up || (rounding == Zero && v < 0)))
    return std::nextafter(f, std::numeric_limits<float>::infinity());
  return f;
}

uint64_t fromDouble(Type type, double v, int rounding) {
  switch (type) {
  case Type::F16: {
    // Through f32 an odd last bit keeps what would be lost before the second rounding.
    auto f = static_cast<float>(v);
    if (f != v && !std::isnan(v) && !(std::bit_cast<uint32_t>(f) & 1))
      f = std::nextafter(f, f < v ? std::numeric_limits<float>::infinity()
                                  : -std::numeric_limits<float>::infinity());
    return rounding == Zero ? toHalfZero(f) : toHalf(f);
  }
  case Type::BF16: {
    auto f = static_cast<float>(v);
    return rounding == Zero ? toBfloatZero(f) : toBfloat(f);
  }
  case Type::F32:
    return std::bit_cast<uint32_t>(toFloat(v, rounding));
  default:
    return std::bit_cast<uint64_t>(v);
  }
}

/// Types by number in op.flags[0] and [1]; op.count: rounding; op.bytes: 1 saturate, 2 relu, 4 to an integral
/// value.
void floatToFloat(Warp &w, const Op &o, uint32_t mask) {
  auto to = static_cast<Type>(o.flags[0]), from = static_cast<Type>(o.flags[1]);
  uint64_t bits[32];
  bitsOf(w, o, bits);
  for (uint64_t &b : bits) {
    double v = toDouble(from, b);
    if (o.bytes & 4)
      v = roundInteger(v, o.count);
    if (o.bytes & 1)
      v = v > 0 ? std::min(v, 1.0) : 0;
    if (o.bytes & 2)
      v = v > 0 || v != v ? v : 0;
    b = fromDouble(to, v, o.bytes & 4 ? Nearest : o.count);
  }
  store(w, o, mask, bits);
}

void floatToInteger(Warp &w, const Op &o, uint32_t mask) {
  auto to = static_cast<Type>(o.flags[0]), from = static_cast<Type>(o.flags[1]);
  int bits = infoOf(to).bits;
  bool sign = isSigned(to);
  double least = sign ? -std::ldexp(1.0, bits - 1) : 0, most = std::ldexp(1.0, sign ? bits - 1 : bits);
  uint64_t largest = sign ? (1ull << (bits - 1)) - 1 : bits == 64 ? ~0ull : (1ull << bits) - 1;
  uint64_t values[32];
  bitsOf(w, o, values);
  for (uint64_t &b : values) {
    double v = toDouble(from, b);
    if (std::isnan(v)) { // 0, or for 64 bits the sign bit, as the hardware does
      b = bits == 64 ? 1ull << 63 : 0;
      continue;
    }
    v = roundInteger(v, o.count);
    b = v >= most    ? largest
        : v <= least ? (sign ? static_cast<uint64_t>(0) - (1ull << (bits - 1)) : 0)
        : sign       ? static_cast<uint64_t>(static_cast<int64_t>(v))
                     : static_cast<uint64_t>(v);
  }
  store(w, o, mask, values);
}

uint64_t extend(Type type, uint64_t bits) {
  int n = infoOf(type).bits;
  if (n == 64)
    return bits;
  return isSigned(type) ? static_cast<uint64_t>(static_cast<int64_t>(bits << (64 - n)) >> (64 - n))
                        : bits & ((1ull << n) - 1);
}

/// An integer rounded to a float once: f32 of 64 bits cannot go through a double.
void integerToFloat(Warp &w, const Op &o, uint32_t mask) {
  auto to = static_cast<Type>(o.flags[0]), from = static_cast<Type>(o.flags[1]);
  bool sign = isSigned(from);
  uint64_t bits[32];
  bitsOf(w, o, bits);
  static constexpr int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  for (uint64_t &b : bits) {
    uint64_t i = extend(from, b);
    if (to == Type::F64 || infoOf(from).bits <= 32) {
      double v = sign ? static_cast<double>(static_cast<int64_t>(i)) : static_cast<double>(i);
      b = fromDouble(to, v, o.count);
      continue;
    }
    std::fesetround(modes[o.count & 3]);
    volatile float f = sign ? static_cast<float>(static_cast<int64_t>(i)) : static_cast<float>(i);
    std::fesetround(FE_TONEAREST);
    b = to == Type::F32 ? std::bit_cast<uint32_t>(static_cast<float>(f)) : fromDouble(to, f, o.count);
  }
  store(w, o, mask, bits);
}

void integerToInteger(Warp &w, const Op &o, uint32_t mask) {
  auto to = static_cast<Type>(o.flags[0]), from = static_cast<Type>(o.flags[1]);
  uint64_t bits[32];
  bitsOf(w, o, bits);
  int n = infoOf(to).bits;
  for (uint64_t &b : bits) {
    b = extend(from, b);
    if (o.bytes & 1) { // saturate
      bool negative = isSigned(from) && static_cast<int64_t>(b) < 0;
      if (isSigned(to)) {
        int64_t most = n == 64 ? INT64_MAX : (int64_t(1) << (n - 1)) - 1;
        int64_t v = !negative && b > static_cast<uint64_t>(INT64_MAX) ? INT64_MAX : static_cast<int64_t>(b);
        b = static_cast<uint64_t>(std::clamp(v, -most - 1, most));
      } else {
        b = negative ? 0 : n == 64 ? b : std::min<uint64_t>(b, (1ull << n) - 1);
      }
    }
    b = extend(to, b);
  }
  store(w, o, mask, bits);
}
/// The usual widths without the detour.
template <class D, class S>
void cast(Warp &w, const Op &o, uint32_t mask) {
  const S *a = w.at<S>(o.a);
  fill(w.at<D>(o.d), mask, [&](uint32_t l) { return static_cast<D>(a[l]); });
}
template <class H>
void widen(Warp &w, const Op &o, uint32_t mask) {
  const uint16_t *a = w.at<uint16_t>(o.a);
  fill(w.at<float>(o.d), mask, [&](uint32_t l) { return H::get(a[l]); });
}
template <class H>
void narrow(Warp &w, const Op &o, uint32_t mask) {
  const float *a = w.at<float>(o.a);
  fill(w.at<uint16_t>(o.d), mask, [&](uint32_t l) { return H::put(a[l]); });
}

struct Fast {
  Type to, from;
  Handler run;
};
constexpr Fast fast[] = {{Type::U64, Type::U32, cast<uint64_t, uint32_t>},
                         {Type::S64, Type::U32, cast<uint64_t, uint32_t>},
                         {Type::S64, Type::S32, cast<int64_t, int32_t>},
                         {Type::U64, Type::S32, cast<int64_t, int32_t>},
                         {Type::U32, Type::U64, cast<uint32_t, uint64_t>},
                         {Type::S32, Type::S64, cast<uint32_t, uint64_t>},
                         {Type::U32, Type::U16, cast<uint32_t, uint16_t>},
                         {Type::S32, Type::S16, cast<int32_t, int16_t>},
                         {Type::U16, Type::U32, cast<uint16_t, uint32_t>},
                         {Type::F32, Type::S32, cast<float, int32_t>},
                         {Type::F32, Type::U32, cast<float, uint32_t>},
                         {Type::F32, Type::F16, widen<F16>},
                         {Type::F32, Type::BF16, widen<BF16>},
                         {Type::F16, Type::F32, narrow<F16>},
                         {Type::BF16, Type::F32, narrow<BF16>}};

/// Two f32 into one register of two f16, bf16 or fp8; the first operand is the upper half.
template <class Put>
void packTwo(Warp &w, const Op &o, uint32_t mask) {
  const float *a = w.at<float>(o.a), *b = w.at<float>(o.b);
  using Half = decltype(Put()(0.0f, 0));
  using Whole = std::conditional_t<sizeof(Half) == 2, uint32_t, uint16_t>;
  fill(w.at<Whole>(o.d), mask, [&](uint32_t l) {
    auto relu = [&](float v) { return o.bytes & 2 && !(v > 0) && v == v ? 0.0f : v; };
    auto hi = static_cast<Whole>(Put()(relu(a[l]), o.count)),
         lo = static_cast<Whole>(Put()(relu(b[l]), o.count));
    return static_cast<Whole>(static_cast<Whole>(hi << (8 * sizeof(Half))) | lo);
  });
}
struct PutHalf {
  uint16_t operator()(float f, int rounding) const { return rounding == Zero ? toHalfZero(f) : toHalf(f); }
};
struct PutBfloat {
  uint16_t operator()(float f, int rounding) const {
    return rounding == Zero ? toBfloatZero(f) : toBfloat(f);
  }
};
struct PutE4M3 {
  uint8_t operator()(float f, int) const { return toE4M3(f); }
};
struct PutE5M2 {
  uint8_t operator()(float f, int) const { return toE5M2(f); }
};
/// f16x2 to two fp8 and back.
template <uint8_t (*put)(float)>
void halvesToBytes(Warp &w, const Op &o, uint32_t mask) {
  const uint32_t *a = w.at<uint32_t>(o.a);
  fill(w.at<uint16_t>(o.d), mask, [&](uint32_t l) {
    return static_cast<uint16_t>(put(fromHalf(static_cast<uint16_t>(a[l] >> 16))) << 8 |
                                 put(fromHalf(static_cast<uint16_t>(a[l]))));
  });
}
template <float (*get)(uint8_t)>
void bytesToHalves(Warp &w, const Op &o, uint32_t mask) {
  const uint16_t *a = w.at<uint16_t>(o.a);
  fill(w.at<uint32_t>(o.d), mask, [&](uint32_t l) {
    auto relu = [&](float v) { return o.bytes & 2 && !(v > 0) && v == v ? 0.0f : v; };
    return static_cast<uint32_t>(toHalf(relu(get(static_cast<uint8_t>(a[l] >> 8)))) << 16 |
                                 toHalf(relu(get(static_cast<uint8_t>(a[l])))));
  });
}
void toTf32Lanes(Warp &w, const Op &o, uint32_t mask) {
  const uint32_t *a = w.at<uint32_t>(o.a);
  fill(w.at<uint32_t>(o.d), mask, [&](uint32_t l) {
    if (o.count == Away)
      return toTf32(a[l]);
    return (a[l] & 0x7f800000) == 0x7f800000 ? a[l]
           : o.count == Zero                 ? a[l] & 0xffffe000
                                             : (a[l] + 0xfff + (a[l] >> 13 & 1)) & 0xffffe000;
  });
}

struct Packed {
  Type to, from;
  int operands;
  Handler run;
};
constexpr Packed packed[] = {{Type::F16x2, Type::F32, 2, packTwo<PutHalf>},
                             {Type::BF16x2, Type::F32, 2, packTwo<PutBfloat>},
                             {Type::E4M3x2, Type::F32, 2, packTwo<PutE4M3>},
                             {Type::E5M2x2, Type::F32, 2, packTwo<PutE5M2>},
                             {Type::E4M3x2, Type::F16x2, 1, halvesToBytes<toE4M3>},
                             {Type::E5M2x2, Type::F16x2, 1, halvesToBytes<toE5M2>},
                             {Type::F16x2, Type::E4M3x2, 1, bytesToHalves<fromE4M3>},
                             {Type::F16x2, Type::E5M2x2, 1, bytesToHalves<fromE5M2>},
                             {Type::TF32, Type::F32, 1, toTf32Lanes}};

void decodeCvt(Decoding &d) {
  int rounding = d.takeOneOf({"rn", "rz", "rm", "rp", "rna"});
  int integral = d.takeOneOf({"rni", "rzi", "rmi", "rpi"});
  d.take("ftz");
  bool saturate = d.take("sat");
  d.take("satfinite"); // what the conversions to fp8 do anyway; tf32 has no infinity to lose
  bool relu = d.take("relu");
  Type to = d.takeType(), from = d.takeType();
  if (from == Type::None)
    return;
  d.op.count = static_cast<uint8_t>(integral >= 0 ? integral : rounding >= 0 ? rounding : Nearest);
  d.op.bytes = static_cast<uint8_t>((saturate ? 1 : 0) | (relu ? 2 : 0) | (integral >= 0 ? 4 : 0));
  for (const Packed &row : packed)
    if (row.to == to && row.from == from) {
      if (!d.expectOperands(static_cast<size_t>(row.operands) + 1, static_cast<size_t>(row.operands) + 1))
        return;
      d.op.d = d.write(size_t(0), bytesOf(to));
      d.op.a = d.read(1, bytesOf(from));
      if (row.operands == 2)
        d.op.b = d.read(2, bytesOf(from));
      d.op.run = row.run;
      return;
    }
  if (!d.expectOperands(2, 2))
    return;
  Slot target = d.writeAny(d.s.operands[0], std::max(bytesOf(to), 2)),
       source = d.readAny(d.s.operands[1], std::max(bytesOf(from), 2));
  if (target.at == none || source.at == none)
    return;
  if (target.bytes < bytesOf(to) || source.bytes < bytesOf(from) || target.bytes > 8 || source.bytes > 8)
    return d.fail("a register is narrower than its type");
  d.op.d = target.at;
  d.op.a = source.at;
  d.op.flags[0] = static_cast<uint8_t>(to);
  d.op.flags[1] = static_cast<uint8_t>(from);
  d.op.flags[2] = static_cast<uint8_t>(source.bytes);
  d.op.flags[3] = static_cast<uint8_t>(target.bytes);
  auto known = [](Type t) {
    return !isFloat(t) ? infoOf(t).kind != TypeClass::Predicate && infoOf(t).bits >= 8
                       : t == Type::F16 || t == Type::BF16 || t == Type::F32 || t == Type::F64;
  };
  if (!known(to) || !known(from))
    return d.fail("conversion from '.", infoOf(from).name, "' to '.", infoOf(to).name, "' is not supported");
  if (!d.op.bytes && d.op.count == Nearest && target.bytes == bytesOf(to) && source.bytes == bytesOf(from))
    for (const Fast &row : fast)
      if (row.to == to && row.from == from) {
        d.op.run = row.run;
        return;
      }
  d.op.run = isFloat(to)     ? (isFloat(from) ? floatToFloat : integerToFloat)
             : isFloat(from) ? floatToInteger
                             : integerToInteger;
}

/// cvt.pack.sat.s8.s32.b32 d, a, b, c: two integers saturated into the low part of d, c shifted up.
void packIntegers(Warp &w, const Op &o, uint32_t mask) {
  auto to = static_cast<Type>(o.flags[0]);
  int bits = infoOf(to).bits;
  int64_t most = isSigned(to) ? (int64_t(1) << (bits - 1)) - 1 : (int64_t(1) << bits) - 1,
          least = isSigned(to) ? -most - 1 : 0;
  const int32_t *a = w.at<int32_t>(o.a), *b = w.at<int32_t>(o.b);
  const uint32_t *c = o.c == none ? nullptr : w.at<uint32_t>(o.c);
  fill(w.at<uint32_t>(o.d), mask, [&](uint32_t l) {
    auto one = [&](int32_t v) {
      return static_cast<uint32_t>(std::clamp<int64_t>(v, least, most)) &
             static_cast<uint32_t>((1ull << bits) - 1);
    };
    uint32_t low = one(a[l]) << bits | one(b[l]);
    return bits == 16 ? low : low | (c ? c[l] << (2 * bits) : 0);
  });
}

void decodeCvtAny(Decoding &d) {
  if (!d.take("pack"))
    return decodeCvt(d);
  d.take("sat");
  Type to = d.takeType();
  if (d.takeType() != Type::S32 || (to != Type::S8 && to != Type::U8 && to != Type::S16 && to != Type::U16))
    return d.fail("types of this packing are not supported");
  d.take("b32");
  d.op.flags[0] = static_cast<uint8_t>(to);
  d.op.d = d.write(size_t(0), 4);
  d.op.a = d.read(1, 4);
  d.op.b = d.read(2, 4);
  if (d.count() == 4)
    d.op.c = d.read(3, 4);
  d.op.run = packIntegers;
}

} // namespace

std::span<const Instruction> convertInstructions() {
  static constexpr Instruction table[] = {{"cvt", decodeCvtAny}};
  return table;
}

} // namespace hone::rt::sim
