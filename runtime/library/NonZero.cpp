// Where a tensor is not zero: first how many elements, so that the caller can make room, then their
// coordinates, one row a dimension.
#include "runtime/library/Library.h"
#include <algorithm>

namespace hone::rt {

namespace {

int64_t elements(const LibraryCall &call) {
  int64_t count = 1;
  for (int i = 0; i < call.params[1]; ++i)
    count *= call.tensors[0].dims[i];
  return count;
}

template <typename T>
int64_t countIn(const T *data, int64_t size) {
  return std::count_if(data, data + size, [](T v) { return valueOf(v) != 0; });
}

template <typename T>
int32_t fill(const LibraryCall &call, const T *data, int64_t size) {
  const int64_t *dims = call.tensors[0].dims;
  int rank = static_cast<int>(call.params[1]);
  int64_t *result = static_cast<int64_t *>(call.tensors[1].data), columns = call.tensors[1].dims[1];
  int64_t at[HONE_MAX_RANK] = {}, column = 0;
  for (int64_t i = 0; i < size; ++i) {
    if (valueOf(data[i]) != 0) {
      if (column == columns)
        return call.fail("non-zero: more elements than counted");
      for (int d = 0; d < rank; ++d)
        result[d * columns + column] = at[d];
      ++column;
    }
    for (int d = rank - 1; d >= 0 && ++at[d] == dims[d]; --d)
      at[d] = 0;
  }
  return 0;
}

} // namespace

int32_t library::nonzero_count(const LibraryCall &call) {
  auto count = [&](auto type) {
    *static_cast<int64_t *>(call.tensors[1].data) =
        countIn(static_cast<const decltype(type) *>(call.tensors[0].data), elements(call));
  };
  return withType(call.params[0], count) ? 0 : call.fail("non-zero: element type is not supported");
}

int32_t library::nonzero(const LibraryCall &call) {
  int32_t answer = 0;
  auto run = [&](auto type) {
    answer = fill(call, static_cast<const decltype(type) *>(call.tensors[0].data), elements(call));
  };
  return withType(call.params[0], run) ? answer : call.fail("non-zero: element type is not supported");
}

} // namespace hone::rt
