// Conversions between f32 and the narrow floating-point types, by bits and without branches where it pays.
#ifndef HONE_RUNTIME_DEVICES_SIM_OPS_HALF_H
#define HONE_RUNTIME_DEVICES_SIM_OPS_HALF_H
#include <bit>
#include <cmath>
#include <cstdint>

namespace hone::rt::sim {

inline float fromHalf(uint16_t h) {
  uint32_t magnitude = static_cast<uint32_t>(h & 0x7fff) << 13, sign = static_cast<uint32_t>(h & 0x8000)
                                                                       << 16;
  // 2^112 moves the exponent; it makes subnormals normal on the way.
  float scaled = std::bit_cast<float>(magnitude) * 0x1p112f;
  uint32_t bits = magnitude >= (0x7c00u << 13) ? magnitude | 0x7f800000 : std::bit_cast<uint32_t>(scaled);
  return std::bit_cast<float>(bits | sign);
}

/// Round to nearest even.
inline uint16_t toHalf(float f) {
  uint32_t bits = std::bit_cast<uint32_t>(f), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  // Subnormal results: an addition aligns the bits and rounds.
  uint32_t small = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000;
  uint32_t normal = (magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13;
  uint32_t out = magnitude < 0x38800000 ? small : normal;
  out = magnitude >= 0x477ff000 ? 0x7c00 : out;
  out = magnitude > 0x7f800000 ? 0x7fff : out;
  return static_cast<uint16_t>(out | (magnitude > 0x7f800000 ? 0 : sign));
}
inline uint16_t toHalfZero(float f) {
  uint16_t nearest = toHalf(f);
  if (std::isnan(f))
    return nearest;
  if (std::fabs(fromHalf(nearest)) > std::fabs(f))
    --nearest;
  return nearest;
}

inline float fromBfloat(uint16_t h) { return std::bit_cast<float>(static_cast<uint32_t>(h) << 16); }
inline uint16_t toBfloat(float f) {
  uint32_t bits = std::bit_cast<uint32_t>(f);
  uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return static_cast<uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? 0x7fff : rounded);
}
inline uint16_t toBfloatZero(float f) {
  return static_cast<uint16_t>(std::isnan(f) ? 0x7fff : std::bit_cast<uint32_t>(f) >> 16);
}

/// Rounds to a format with `mantissa` bits and smallest exponent `lowest`, saturating at `most`.
inline double roundTo(double value, int mantissa, int lowest, double most) {
  if (value == 0 || std::isnan(value))
    return value;
  int exponent;
  std::frexp(value, &exponent); // value = 0.5..1 * 2^exponent
  int unit = std::max(exponent - 1, lowest) - mantissa;
  double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
  return std::fabs(rounded) > most ? std::copysign(most, value) : rounded;
}

/// fp8: conversions to it saturate to the largest finite value, as cvt's .satfinite says.
inline uint8_t toE4M3(float f) {
  if (std::isnan(f))
    return 0x7f;
  double v = roundTo(f, 3, -6, 448);
  auto sign = static_cast<uint8_t>(std::signbit(f) ? 0x80 : 0);
  double magnitude = std::fabs(v);
  if (magnitude == 0)
    return sign;
  int exponent = std::max(std::ilogb(magnitude), -6);
  auto units = static_cast<int>(std::ldexp(magnitude, 3 - exponent)); // 8..15, less for subnormals
  return static_cast<uint8_t>(sign | (units < 8 ? units : (exponent + 7) << 3 | (units - 8)));
}
inline float fromE4M3(uint8_t b) {
  int exponent = b >> 3 & 15, mantissa = b & 7;
  if ((b & 0x7f) == 0x7f)
    return std::bit_cast<float>(0x7fffffffu);
  float v = exponent ? std::ldexp(static_cast<float>(8 + mantissa), exponent - 10)
                     : std::ldexp(static_cast<float>(mantissa), -9);
  return b & 0x80 ? -v : v;
}
inline uint8_t toE5M2(float f) {
  if (std::isnan(f))
    return 0x7f;
  double v = roundTo(f, 2, -14, 57344);
  return static_cast<uint8_t>(toHalf(static_cast<float>(v == 0 ? std::copysign(0.0, f) : v)) >> 8);
}
inline float fromE5M2(uint8_t b) { return fromHalf(static_cast<uint16_t>(b << 8)); }

/// The ten upper bits of the mantissa, to nearest with ties away, as cvt.rna.tf32 does.
inline uint32_t toTf32(uint32_t bits) {
  return (bits & 0x7f800000) == 0x7f800000 ? bits : (bits + 0x1000) & 0xffffe000;
}

// The types as the handlers' templates see them: storage and conversions.
struct F16 {
  using Bits = uint16_t;
  static float get(Bits b) { return fromHalf(b); }
  static Bits put(float f) { return toHalf(f); }
};
struct BF16 {
  using Bits = uint16_t;
  static float get(Bits b) { return fromBfloat(b); }
  static Bits put(float f) { return toBfloat(f); }
};

} // namespace hone::rt::sim
#endif
