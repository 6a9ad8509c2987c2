// How far from zero the elements of a tensor reach, by different ideas of what may be cut off.
#ifndef HONE_PASSES_COMPRESS_MATH_RANGES_H
#define HONE_PASSES_COMPRESS_MATH_RANGES_H
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace hone {

/// Sizes beyond which elements are cut off, for a tensor that is rounded to signed numbers of 8 bits with
/// one scale.
struct Ranges {
  float largest = 0;    ///< nothing is cut off
  float percentile = 0; ///< 99.99 % of the elements stay
  float entropy = 0; ///< the rounded elements' distribution is nearest to the elements' (least KL divergence)
  float mse = 0;     ///< the least sum of squared errors of rounding and cutting together
};

/// A way to choose a range. All of them are in `rangeKinds`: what files and options call them.
struct RangeKind {
  llvm::StringRef name;
  float Ranges::*value;
};
inline constexpr RangeKind rangeKinds[] = {{"minmax", &Ranges::largest},
                                           {"percentile", &Ranges::percentile},
                                           {"entropy", &Ranges::entropy},
                                           {"mse", &Ranges::mse}};
/// The kind of that name; null when there is none.
inline const RangeKind *findRangeKind(llvm::StringRef name) {
  for (const RangeKind &kind : rangeKinds)
    if (kind.name == name)
      return &kind;
  return nullptr;
}

/// The ranges of all elements of some arrays, from a histogram of their sizes with 2048 bins. None when an
/// element is not finite; all 0 when there is no element but zeros.
std::optional<Ranges> rangesOf(llvm::ArrayRef<llvm::ArrayRef<float>> parts);

} // namespace hone
#endif
