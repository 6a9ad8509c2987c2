// Every choice is made on a histogram of sizes: positive and negative elements count alike.
#include "passes/compress/math/Ranges.h"
#include <cmath>
#include <vector>

namespace hone {
namespace {

constexpr int bins = 2048, levels = 128; // of sizes; of rounded sizes, 0 to 127
constexpr double share = 0.9999;

using Histogram = std::vector<double>;

/// How many bins from zero hold the share of all elements.
int shareBins(const Histogram &counts, double total) {
  double seen = 0;
  for (int i = 0; i < bins; ++i)
    if ((seen += counts[i]) >= share * total)
      return i + 1;
  return bins;
}

/// KL divergence from the elements' distribution, what lies beyond `kept` bins added to the last one, to that
/// of `levels` numbers, each of which stands for the bins that are not empty around it. Infinite: the last
/// bin stands for elements beyond it alone.
double divergence(const Histogram &counts, int kept, double total) {
  double inside = 0, result = 0;
  for (int i = 0; i < kept; ++i)
    inside += counts[i];
  if (counts[kept - 1] == 0)
    return INFINITY;
  for (int level = 0; level < levels; ++level) {
    int from = level * kept / levels, to = (level + 1) * kept / levels, filled = 0;
    double sum = 0;
    for (int i = from; i < to; ++i)
      sum += counts[i], filled += counts[i] > 0;
    double q = filled ? sum / filled / inside : 0;
    for (int i = from; i < to; ++i)
      if (counts[i] > 0) {
        double p = (counts[i] + (i + 1 == kept ? total - inside : 0)) / total;
        result += p * std::log(p / q);
      }
  }
  return result;
}

/// Of rounding to steps of 1/127 of the first `kept` bins and cutting off the rest, in bins.
double squaredError(const Histogram &counts, double kept) {
  double step = kept / (levels - 1), sum = 0;
  for (int i = 0; i < bins; ++i) {
    double x = i + 0.5, error = x - std::min<double>(std::nearbyint(x / step), levels - 1) * step;
    sum += counts[i] * error * error;
  }
  return sum;
}

/// The number of bins, of `least`, `least + step` ... all, with the smallest cost.
template <typename Cost>
int cheapest(int least, int step, Cost cost) {
  int best = bins;
  double lowest = cost(bins);
  for (int kept = least; kept < bins; kept += step)
    if (double at = cost(kept); at < lowest)
      lowest = at, best = kept;
  return best;
}

} // namespace

std::optional<Ranges> rangesOf(llvm::ArrayRef<llvm::ArrayRef<float>> parts) {
  float largest = 0;
  double total = 0;
  for (llvm::ArrayRef<float> part : parts) {
    for (float x : part) {
      if (!std::isfinite(x))
        return std::nullopt;
      largest = std::max(largest, std::abs(x));
    }
    total += part.size();
  }
  if (largest == 0)
    return Ranges();
  Histogram counts(bins, 0);
  for (llvm::ArrayRef<float> part : parts)
    for (float x : part)
      ++counts[std::min(int(std::abs(x) / largest * bins), bins - 1)];
  auto upTo = [&](int kept) { return kept == bins ? largest : largest * float(kept) / bins; };
  return Ranges{largest, upTo(shareBins(counts, total)),
                upTo(cheapest(levels, 8, [&](int kept) { return divergence(counts, kept, total); })),
                upTo(cheapest(levels, 16, [&](int kept) { return squaredError(counts, kept); }))};
}

} // namespace hone
