// Single elements of any type as doubles.
#include "runtime/api/hone.h"
#include "runtime/library/Library.h"
#include <cmath>
#include <limits>

using namespace hone::rt;

static bool isFourBits(HoneDType dtype) { return dtype == HONE_I4 || dtype == HONE_U4; }

double hone_element(HoneDType dtype, const void *data, int64_t index) {
  if (isFourBits(dtype)) {
    int nibble = static_cast<const uint8_t *>(data)[index / 2] >> (index % 2 * 4) & 15;
    return dtype == HONE_I4 && nibble > 7 ? nibble - 16 : nibble;
  }
  double value = 0;
  withType(dtype, [&](auto type) {
    using T = decltype(type);
    value = static_cast<double>(valueOf(static_cast<const T *>(data)[index]));
  });
  return value;
}

template <typename T>
static T cut(double value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_integral_v<T>) {
    // 2^63 and 2^64 are exact in double, the largest integers are not.
    if (!(value > static_cast<double>(std::numeric_limits<T>::min())))
      return std::isnan(value) ? T(0) : std::numeric_limits<T>::min();
    if (value >= std::ldexp(1.0, std::numeric_limits<T>::digits))
      return std::numeric_limits<T>::max();
    return static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat>) {
    return T::from(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

void hone_set_element(HoneDType dtype, void *data, int64_t index, double value) {
  if (isFourBits(dtype)) {
    int low = dtype == HONE_I4 ? -8 : 0;
    int nibble = static_cast<int>(std::fmin(std::fmax(value, low), low + 15)) & 15;
    uint8_t &byte = static_cast<uint8_t *>(data)[index / 2];
    int shift = static_cast<int>(index % 2 * 4);
    byte = static_cast<uint8_t>((byte & ~(15 << shift)) | nibble << shift);
    return;
  }
  withType(dtype, [&](auto type) {
    using T = decltype(type);
    static_cast<T *>(data)[index] = cut<T>(value);
  });
}
