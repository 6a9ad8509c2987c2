// The .npy format of NumPy: versions 1 to 3, little endian, C order. bf16 is stored as uint16
// (or as the two-byte void of ml_dtypes when read). No structures, objects or strings.
#ifndef HONE_RUNTIME_BASE_NPY_H
#define HONE_RUNTIME_BASE_NPY_H
#include "runtime/base/DType.h"
#include "runtime/base/Status.h"
#include <memory>
#include <vector>

namespace hone::rt {

struct FreeBytes {
  void operator()(void *bytes) const { free(bytes); }
};

struct NpyArray {
  DType dtype = DType::F32; ///< U16 for what may be bf16, unless `isVoid`
  bool isVoid = false;      ///< two bytes of unknown meaning: bf16 of ml_dtypes
  std::vector<int64_t> dims;
  std::unique_ptr<uint8_t, FreeBytes> data; ///< 64-byte aligned
  int64_t bytes = 0;
};

/// Every problem is one message that starts with the path.
Result<NpyArray> readNpy(const std::string &path);
/// Whole or not at all. Types of 4 bits have no .npy form and are refused.
Status writeNpy(const std::string &path, DType dtype, const int64_t *dims, int rank, const void *data);

} // namespace hone::rt
#endif
