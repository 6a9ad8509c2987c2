// Scatter in the order of the updates, so that later ones win. Every index is checked; a negative
// one counts from the end.
#include "runtime/library/Indices.h"
#include <cstring>

namespace hone::rt {

namespace {

enum Kind { set, add, multiply, minimum, maximum }; // ScatterKind of the hone dialect

template <typename T>
T combine(T a, T b, int64_t kind) {
  auto compute = [kind](auto x, auto y) -> decltype(x) {
    using V = decltype(x);
    // Unsigned sums wrap; signed ones must wrap as well instead of being undefined.
    if constexpr (std::is_same_v<V, bool>) {
      return kind == add || kind == maximum ? x || y : kind == set ? y : x && y;
    } else if constexpr (std::is_integral_v<V>) {
      switch (kind) {
      case add:
        return static_cast<V>(static_cast<uint64_t>(x) + static_cast<uint64_t>(y));
      case multiply:
        return static_cast<V>(static_cast<uint64_t>(x) * static_cast<uint64_t>(y));
      case minimum:
        return y < x ? y : x;
      case maximum:
        return y > x ? y : x;
      default:
        return y;
      }
    } else {
      switch (kind) {
      case add:
        return x + y;
      case multiply:
        return x * y;
      case minimum:
        return y < x || y != y ? y : x; // NaN stays
      case maximum:
        return y > x || y != y ? y : x;
      default:
        return y;
      }
    }
  };
  if (kind == set)
    return b;
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat>)
    return T::from(compute(a.value(), b.value()));
  else
    return compute(a, b);
}

int64_t product(const int64_t *dims, int from, int to) {
  int64_t count = 1;
  for (int i = from; i < to; ++i)
    count *= dims[i];
  return count;
}

template <typename T>
int32_t scatterElements(const LibraryCall &call, Indices indices, T) {
  int rank = static_cast<int>(call.params[2]), axis = static_cast<int>(call.params[3]);
  int64_t kind = call.params[4];
  const int64_t *dims = call.tensors[0].dims, *given = call.tensors[1].dims;
  T *result = static_cast<T *>(call.tensors[0].data);
  const T *updates = static_cast<const T *>(call.tensors[2].data);
  int64_t strides[HONE_MAX_RANK], at[HONE_MAX_RANK] = {};
  for (int d = rank - 1; d >= 0; --d)
    strides[d] = d == rank - 1 ? 1 : strides[d + 1] * dims[d + 1];
  for (int d = 0; d < rank; ++d) {
    if (given[d] > dims[d] && d != axis)
      return call.fail("scatter: the indices are larger than the data");
    if (given[d] != call.tensors[2].dims[d])
      return call.fail("scatter: the shapes of indices and updates differ");
  }
  int64_t count = product(given, 0, rank);
  for (int64_t i = 0; i < count; ++i) {
    int64_t index = indices[i];
    if (!normalise(index, dims[axis]))
      return call.failIndex(indices[i], dims[axis], axis);
    int64_t to = 0;
    for (int d = 0; d < rank; ++d)
      to += (d == axis ? index : at[d]) * strides[d];
    result[to] = combine(result[to], updates[i], kind);
    for (int d = rank - 1; d >= 0 && ++at[d] == given[d]; --d)
      at[d] = 0;
  }
  return 0;
}

template <typename T>
int32_t scatterNd(const LibraryCall &call, Indices indices, T) {
  int rank = static_cast<int>(call.params[2]), indexRank = static_cast<int>(call.params[3]);
  int64_t kind = call.params[4];
  const int64_t *dims = call.tensors[0].dims, *given = call.tensors[1].dims;
  int64_t depth = given[indexRank - 1];
  if (depth > rank)
    return call.fail("scatter: the index tuples are longer than the rank of the data");
  int64_t tuples = product(given, 0, indexRank - 1), slice = product(dims, static_cast<int>(depth), rank);
  int updateRank = indexRank - 1 + rank - static_cast<int>(depth);
  if (updateRank <= HONE_MAX_RANK && product(call.tensors[2].dims, 0, updateRank) != tuples * slice)
    return call.fail("scatter: the size of the updates does not fit the indices");
  T *result = static_cast<T *>(call.tensors[0].data);
  const T *updates = static_cast<const T *>(call.tensors[2].data);
  for (int64_t t = 0; t < tuples; ++t) {
    int64_t to = 0;
    for (int d = 0; d < depth; ++d) {
      int64_t index = indices[t * depth + d];
      if (!normalise(index, dims[d]))
        return call.failIndex(indices[t * depth + d], dims[d], d);
      to = to * dims[d] + index;
    }
    T *target = result + to * slice;
    const T *source = updates + t * slice;
    if (kind == set)
      memmove(target, source, static_cast<size_t>(slice) * sizeof(T));
    else
      for (int64_t i = 0; i < slice; ++i)
        target[i] = combine(target[i], source[i], kind);
  }
  return 0;
}

bool rankFits(int64_t rank) { return rank >= 1 && rank <= HONE_MAX_RANK; }

} // namespace

int32_t library::scatter_elements(const LibraryCall &call) {
  Indices indices;
  if (!indicesOf(call.tensors[1], call.params[1], indices))
    return call.fail("scatter: expected indices of i32 or i64");
  if (!rankFits(call.params[2]) || call.params[3] < 0 || call.params[3] >= call.params[2])
    return call.fail("scatter: no such axis");
  int32_t answer = 0;
  auto run = [&](auto type) { answer = scatterElements(call, indices, type); };
  return withType(call.params[0], run) ? answer : call.fail("scatter: element type is not supported");
}

int32_t library::scatter_nd(const LibraryCall &call) {
  Indices indices;
  if (!indicesOf(call.tensors[1], call.params[1], indices))
    return call.fail("scatter: expected indices of i32 or i64");
  if (!rankFits(call.params[2]) || !rankFits(call.params[3]))
    return call.fail("scatter: no such rank");
  int32_t answer = 0;
  auto run = [&](auto type) { answer = scatterNd(call, indices, type); };
  return withType(call.params[0], run) ? answer : call.fail("scatter: element type is not supported");
}

} // namespace hone::rt
