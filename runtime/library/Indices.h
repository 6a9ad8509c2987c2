// Tensors of indices: i32 or i64; a negative one counts from the end.
#ifndef HONE_RUNTIME_LIBRARY_INDICES_H
#define HONE_RUNTIME_LIBRARY_INDICES_H
#include "runtime/library/Library.h"

namespace hone::rt {

struct Indices {
  const void *data;
  bool wide;
  int64_t operator[](int64_t i) const {
    return wide ? static_cast<const int64_t *>(data)[i] : static_cast<const int32_t *>(data)[i];
  }
};

/// False when the elements are no indices.
inline bool indicesOf(const HoneTensorRef &tensor, int64_t dtype, Indices &indices) {
  const DTypeInfo *info = findDType(dtype);
  indices = {tensor.data, info && info->dtype == DType::I64};
  return info && (info->dtype == DType::I64 || info->dtype == DType::I32);
}

/// False when out of range.
inline bool normalise(int64_t &index, int64_t extent) {
  if (index < 0)
    index += extent;
  return index >= 0 && index < extent;
}

} // namespace hone::rt
#endif
