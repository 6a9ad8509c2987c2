// Compares a buffer with what is expected.
#include "tools/hone-sim/Arguments.h"
#include <cmath>

namespace hone::simtool {

Difference compare(const Buffer &buffer, const uint8_t *got, rt::DType dtype, const uint8_t *expected,
                   int64_t count, double rtol, double atol) {
  Difference worst;
  for (int64_t i = 0; i < count; ++i) {
    double a = elementOf(buffer.dtype, got, i), b = elementOf(dtype, expected, i);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double error = std::fabs(a - b) / (atol + rtol * std::fabs(b));
    if (std::isnan(error) || std::isinf(a) || std::isinf(b))
      error = HUGE_VAL;
    if (error > worst.error) {
      worst = {error <= 1, i, a, b, error};
      if (std::isinf(error))
        return worst;
    }
  }
  return worst;
}

} // namespace hone::simtool
