// The k largest or smallest of each line, in order. Equal values keep the order of their
// indices; NaN counts as larger than every number.
#include "runtime/library/Library.h"
#include <algorithm>
#include <cmath>

namespace hone::rt {

namespace {

template <typename T>
struct Entry {
  T key;
  int64_t index;
};

template <typename T>
bool less(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::isnan(b) ? !std::isnan(a) : a < b;
  else
    return a < b;
}

template <typename Key>
struct Before {
  bool smallest;
  bool operator()(const Entry<Key> &a, const Entry<Key> &b) const {
    if (smallest ? less(a.key, b.key) : less(b.key, a.key))
      return true;
    if (smallest ? less(b.key, a.key) : less(a.key, b.key))
      return false;
    return a.index < b.index;
  }
};

template <typename T>
int32_t run(const LibraryCall &call, T) {
  using Key = decltype(valueOf(T{}));
  const HoneTensorRef &input = call.tensors[0];
  int rank = static_cast<int>(call.params[1]), axis = static_cast<int>(call.params[2]);
  int64_t k = call.params[3], extent = input.dims[axis];
  Before<Key> before{call.params[4] != 0};
  if (k < 0 || k > extent)
    return call.fail("expected k of at most the axis's size");
  int64_t outer = 1, inner = 1;
  for (int i = 0; i < axis; ++i)
    outer *= input.dims[i];
  for (int i = axis + 1; i < rank; ++i)
    inner *= input.dims[i];
  if (!outer || !inner || !k)
    return 0;
  if (extent > INT64_MAX / static_cast<int64_t>(sizeof(Entry<Key>)))
    return call.fail("the axis is too long");
  auto *line = static_cast<Entry<Key> *>(
      call.runtime->alloc(call.runtime, extent * static_cast<int64_t>(sizeof(Entry<Key>))));
  if (!line)
    return 1;
  const T *from = static_cast<const T *>(input.data);
  T *values = static_cast<T *>(call.tensors[1].data);
  int64_t *indices = static_cast<int64_t *>(call.tensors[2].data);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      const T *start = from + o * extent * inner + i;
      for (int64_t e = 0; e < extent; ++e)
        line[e] = {valueOf(start[e * inner]), e};
      if (k < extent && k > 64) { // the heap of partial_sort is slow for many
        std::nth_element(line, line + k, line + extent, before);
        std::sort(line, line + k, before);
      } else {
        std::partial_sort(line, line + k, line + extent, before);
      }
      for (int64_t e = 0; e < k; ++e) {
        int64_t to = (o * k + e) * inner + i;
        values[to] = start[line[e].index * inner];
        indices[to] = line[e].index;
      }
    }
  call.runtime->release(call.runtime, line);
  return 0;
}

} // namespace

int32_t library::topk(const LibraryCall &call) {
  int64_t rank = call.params[1], axis = call.params[2];
  if (rank < 1 || rank > HONE_MAX_RANK || axis < 0 || axis >= rank)
    return call.fail("top-k: no such axis");
  int32_t answer = 0;
  if (!withType(call.params[0], [&](auto type) { answer = run(call, type); }))
    return call.fail("top-k: element type is not supported");
  return answer;
}

} // namespace hone::rt
