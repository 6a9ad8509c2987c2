// The table of element types and the sizes of tensors.
#include "runtime/base/DType.h"

namespace hone::rt {

static constexpr DTypeInfo table[] = {
#define HONE_DTYPE(id, name, bits, npy) {DType::id, name, bits, npy},
#include "runtime/abi/DType.def"
};
static constexpr int64_t tableSize = sizeof(table) / sizeof(table[0]);

const DTypeInfo *findDType(int64_t number) {
  return number >= 0 && number < tableSize ? &table[number] : nullptr;
}

const DTypeInfo *findDType(std::string_view name) {
  for (const DTypeInfo &row : table)
    if (name == row.name)
      return &row;
  return nullptr;
}

std::optional<int64_t> elementCount(const int64_t *dims, int rank) {
  int64_t count = 1;
  bool overflow = false, zero = false;
  for (int i = 0; i < rank; ++i) {
    if (dims[i] < 0)
      return std::nullopt;
    if (dims[i] == 0)
      zero = true;
    else
      overflow |= __builtin_mul_overflow(count, dims[i], &count);
  }
  if (overflow)
    return std::nullopt;
  return zero ? 0 : count;
}

std::optional<int64_t> byteCount(DType dtype, const int64_t *dims, int rank) {
  std::optional<int64_t> count = elementCount(dims, rank);
  if (!count || *count > INT64_MAX / 64)
    return std::nullopt;
  return (*count * infoOf(dtype).bits + 7) / 8;
}

} // namespace hone::rt
