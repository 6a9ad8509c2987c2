// Non-maximum suppression: boxes by falling score, each kept unless it overlaps one that was kept before.
#include "runtime/library/Library.h"
#include <algorithm>

namespace hone::rt {

namespace {

struct Box {
  float low[2], high[2];
  float area() const { return (high[0] - low[0]) * (high[1] - low[1]); }
};

Box boxAt(const float *b, bool isCentred) {
  if (isCentred)
    return {{b[0] - b[2] / 2, b[1] - b[3] / 2}, {b[0] + b[2] / 2, b[1] + b[3] / 2}};
  return {{std::min(b[0], b[2]), std::min(b[1], b[3])}, {std::max(b[0], b[2]), std::max(b[1], b[3])}};
}

bool overlaps(const Box &a, const Box &b, float most) {
  float common = 1;
  for (int i = 0; i < 2; ++i)
    common *= std::max(0.0f, std::min(a.high[i], b.high[i]) - std::max(a.low[i], b.low[i]));
  float together = a.area() + b.area() - common;
  return a.area() > 0 && b.area() > 0 && common > 0 && together > 0 && common / together > most;
}

} // namespace

int32_t library::nms(const LibraryCall &call) {
  const HoneTensorRef &boxes = call.tensors[0], &scores = call.tensors[1];
  auto *box = static_cast<const float *>(boxes.data), *score = static_cast<const float *>(scores.data);
  int64_t most = *static_cast<const int64_t *>(call.tensors[2].data);
  float overlap = *static_cast<const float *>(call.tensors[3].data),
        least = *static_cast<const float *>(call.tensors[4].data);
  auto *order = static_cast<int64_t *>(call.tensors[5].data);
  bool isCentred = call.params[0];
  int64_t batches = scores.dims[0], classes = scores.dims[1], count = scores.dims[2];
  if (!batches || !classes || !count)
    return 0;
  if (count > INT64_MAX / static_cast<int64_t>(sizeof(int64_t)))
    return call.fail("there are too many boxes");
  auto *candidates = static_cast<int64_t *>(
      call.runtime->alloc(call.runtime, count * static_cast<int64_t>(sizeof(int64_t))));
  if (!candidates)
    return 1;
  for (int64_t line = 0; line < batches * classes; ++line, score += count, order += count) {
    const float *mine = box + line / classes * count * 4;
    int64_t left = 0, kept = 0;
    for (int64_t i = 0; i < count; ++i)
      if (score[i] > least)
        candidates[left++] = i;
    std::sort(candidates, candidates + left,
              [&](int64_t a, int64_t b) { return score[a] > score[b] || (score[a] == score[b] && a < b); });
    for (int64_t i = 0; i < left && kept < most; ++i) {
      Box now = boxAt(mine + 4 * candidates[i], isCentred);
      bool isFree = std::none_of(order, order + kept, [&](int64_t other) {
        return overlaps(now, boxAt(mine + 4 * other, isCentred), overlap);
      });
      if (isFree)
        order[kept++] = candidates[i];
    }
    std::fill(order + kept, order + count, int64_t(-1));
  }
  call.runtime->release(call.runtime, candidates);
  return 0;
}

} // namespace hone::rt
