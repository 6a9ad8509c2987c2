// The functions of runtime/abi/Library.def: data-dependent work that loops do badly. Each gets its
// tensors and integers as the table says, takes memory only from the run's arena, and reports by `fail`.
#ifndef HONE_RUNTIME_LIBRARY_LIBRARY_H
#define HONE_RUNTIME_LIBRARY_LIBRARY_H
#include "runtime/abi/Abi.h"
#include "runtime/base/DType.h"
#include <string_view>

namespace hone::rt {

struct LibraryCall {
  HoneRuntime *runtime;
  HoneTensorRef *tensors;
  const int64_t *params;
  int32_t op;

  /// Records the message, and is what the function then returns.
  int32_t fail(const char *message) const { return runtime->fail(runtime, message, op); }
  /// "expected an index in [low, high), got value"
  int32_t failIndex(int64_t value, int64_t extent, int axis) const;
};

#define HONE_LIBRARY(name) int32_t name(const LibraryCall &call);
namespace library {
#include "runtime/abi/Library.def"
}

/// 0 = ok. Never throws.
int32_t callLibrary(HoneRuntime *runtime, int32_t function, HoneTensorRef *tensors, const int64_t *params,
                    int32_t op) noexcept;

/// Calls `body` with a value of the C++ type that stores the element type; false when there is none.
/// f16 and bf16 are Half and BFloat below.
template <typename Body>
bool withType(int64_t dtype, Body &&body);

/// Storage types of 16 bits that compare and compute as float.
struct Half {
  uint16_t bits;
  float value() const;
  static Half from(float value);
};
struct BFloat {
  uint16_t bits;
  float value() const { return __builtin_bit_cast(float, uint32_t(bits) << 16); }
  static BFloat from(float value);
};
inline float valueOf(Half h) { return h.value(); }
inline float valueOf(BFloat b) { return b.value(); }
template <typename T>
T valueOf(T v) {
  return v;
}

template <typename Body>
bool withType(int64_t dtype, Body &&body) {
  const DTypeInfo *info = findDType(dtype);
  if (!info)
    return false;
  switch (info->dtype) {
  case DType::F32:
    body(float{});
    return true;
  case DType::F64:
    body(double{});
    return true;
  case DType::F16:
    body(Half{});
    return true;
  case DType::BF16:
    body(BFloat{});
    return true;
  case DType::I8:
    body(int8_t{});
    return true;
  case DType::I16:
    body(int16_t{});
    return true;
  case DType::I32:
    body(int32_t{});
    return true;
  case DType::I64:
    body(int64_t{});
    return true;
  case DType::U8:
    body(uint8_t{});
    return true;
  case DType::U16:
    body(uint16_t{});
    return true;
  case DType::U32:
    body(uint32_t{});
    return true;
  case DType::U64:
    body(uint64_t{});
    return true;
  case DType::Bool:
    body(bool{});
    return true;
  case DType::I4:
  case DType::U4:
    return false;
  }
  return false;
}

} // namespace hone::rt
#endif
