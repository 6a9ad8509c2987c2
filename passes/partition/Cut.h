// Which of two places runs each task, so that the whole costs least: a minimum cut, and a search by branch
// and bound where the device's memory is too small for what the cut would like. Knows nothing of MLIR.
#ifndef HONE_PASSES_PARTITION_CUT_H
#define HONE_PASSES_PARTITION_CUT_H
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace hone {

enum class Place : int8_t { host = 0, device = 1 };

/// Costs are whole numbers in a unit of the caller's (the compiler: nanoseconds).
struct CutProblem {
  struct Task {
    std::array<int64_t, 2> cost; ///< by place
    std::optional<Place> pinned;
  };
  /// What a task makes: copied once to the other place if somebody there reads it.
  struct Datum {
    int producer;
    std::vector<int> readers;
    int64_t transfer;
  };
  /// What is there before the run: takes memory of the device once if a task there reads it.
  struct Stored {
    std::vector<int> readers;
    int64_t bytes;
  };
  static constexpr int64_t unlimited = std::numeric_limits<int64_t>::max();

  std::vector<Task> tasks;
  std::vector<Datum> data;
  std::vector<Stored> stored;
  int64_t memory = unlimited; ///< bytes of the device for what is stored

  int64_t costOf(const std::vector<Place> &places) const;
  int64_t bytesOf(const std::vector<Place> &places) const; ///< on the device
};

struct Cut {
  std::vector<Place> places;
  int64_t cost = 0;
  int64_t bound = 0; ///< no cut costs less; equal to `cost` when this one is a best one
};

/// A best cut. Where memory limits it, after `mostSteps` minimum cuts the best one so far, with what is known
/// of a better one. Nothing when pinned tasks alone need more memory than there is.
std::optional<Cut> findCut(const CutProblem &problem, int mostSteps = 2000);

} // namespace hone
#endif
