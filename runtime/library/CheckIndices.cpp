// Indices that a kernel is about to read by: the kernel itself clamps, so that nothing reads outside.
#include "runtime/library/Indices.h"

namespace hone::rt {

int32_t library::check_indices(const LibraryCall &call) {
  Indices indices;
  if (!indicesOf(call.tensors[0], call.params[0], indices))
    return call.fail("check_indices: expected indices of i32 or i64");
  int64_t count = 1, depth = call.params[2];
  for (int64_t d = 0; d < call.params[1]; ++d)
    count *= call.tensors[0].dims[d];
  if (depth < 1)
    return call.fail("check_indices: expected at least one axis");
  for (int64_t k = 0; k < depth; ++k) {
    int64_t axis = call.params[3 + 2 * k], extent = call.params[4 + 2 * k];
    for (int64_t i = k; i < count; i += depth) {
      int64_t index = indices[i];
      if (!normalise(index, extent))
        return call.failIndex(indices[i], extent, static_cast<int>(axis));
    }
  }
  return 0;
}

} // namespace hone::rt
