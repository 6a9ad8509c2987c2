// Facts about element types, from runtime/abi/DType.def.
#ifndef HONE_RUNTIME_BASE_DTYPE_H
#define HONE_RUNTIME_BASE_DTYPE_H
#include <cstdint>
#include <optional>
#include <string_view>

namespace hone::rt {

enum class DType : int32_t {
#define HONE_DTYPE(id, name, bits, npy) id,
#include "runtime/abi/DType.def"
};

struct DTypeInfo {
  DType dtype;
  const char *name;
  int bits;
  const char *npy; ///< descr of the .npy format; "" when it has none
};

/// Null when `number` is no HoneDType.
const DTypeInfo *findDType(int64_t number);
const DTypeInfo *findDType(std::string_view name);
inline const DTypeInfo &infoOf(DType dtype) { return *findDType(static_cast<int64_t>(dtype)); }

/// Product of the dims; nothing when one is negative or the product or its bytes overflow.
std::optional<int64_t> elementCount(const int64_t *dims, int rank);
/// Bytes of a dense tensor; elements of 4 bits are two a byte.
std::optional<int64_t> byteCount(DType dtype, const int64_t *dims, int rank);

} // namespace hone::rt
#endif
