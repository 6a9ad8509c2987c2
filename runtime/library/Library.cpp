// The table of library functions, and what they share.
#include "runtime/library/Library.h"
#include <cmath>
#include <cstdio>

namespace hone::rt {

using Function = int32_t (*)(const LibraryCall &);
static constexpr Function functions[] = {
#define HONE_LIBRARY(name) library::name,
#include "runtime/abi/Library.def"
};

int32_t callLibrary(HoneRuntime *runtime, int32_t function, HoneTensorRef *tensors, const int64_t *params,
                    int32_t op) noexcept {
  LibraryCall call{runtime, tensors, params, op};
  if (function < 0 || static_cast<size_t>(function) >= sizeof(functions) / sizeof(functions[0]))
    return call.fail("the code calls a library function that this runtime lacks");
  return functions[function](call);
}

int32_t LibraryCall::failIndex(int64_t value, int64_t extent, int axis) const {
  char message[160];
  snprintf(message, sizeof message, "expected an index of axis %d in -%lld..%lld, got %lld", axis,
           static_cast<long long>(extent), static_cast<long long>(extent - 1), static_cast<long long>(value));
  return fail(message);
}

float Half::value() const {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  float magnitude = exponent == 31 ? (mantissa ? NAN : INFINITY)
                    : exponent     ? std::ldexp(float(mantissa + 1024), exponent - 25)
                                   : std::ldexp(float(mantissa), -24);
  return bits & 0x8000 ? -magnitude : magnitude;
}

Half Half::from(float value) {
  uint32_t word = __builtin_bit_cast(uint32_t, value);
  uint16_t sign = static_cast<uint16_t>(word >> 16 & 0x8000);
  float magnitude = std::fabs(value);
  if (std::isnan(value))
    return {static_cast<uint16_t>(sign | 0x7E00)};
  if (magnitude >= 65520.0f)
    return {static_cast<uint16_t>(sign | 0x7C00)};
  // Units of the last place: 2^-24 below the smallest normal number; nearbyint rounds to even.
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  int last = exponent - 11 < -24 ? -24 : exponent - 11;
  auto steps = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, -last)));
  // steps <= 2048; the exponent field counts from the first normal step, and a carry moves into it by itself.
  uint32_t bits = steps < 1024 ? steps : (static_cast<uint32_t>(last + 24) << 10) + steps;
  return {static_cast<uint16_t>(sign | bits)};
}

BFloat BFloat::from(float value) {
  uint32_t word = __builtin_bit_cast(uint32_t, value);
  if (std::isnan(value))
    return {static_cast<uint16_t>(word >> 16 | 0x40)};
  return {static_cast<uint16_t>((word + 0x7FFF + (word >> 16 & 1)) >> 16)};
}

} // namespace hone::rt
