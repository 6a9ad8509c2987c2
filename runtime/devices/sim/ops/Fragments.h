// Registers of a warp as parts of matrices, for mma and wgmma.
#ifndef HONE_RUNTIME_DEVICES_SIM_OPS_FRAGMENTS_H
#define HONE_RUNTIME_DEVICES_SIM_OPS_FRAGMENTS_H
#include "runtime/devices/sim/Machine.h"
#include "runtime/devices/sim/ops/Half.h"

namespace hone::rt::sim {

/// Calls `body` with a function that gives the element `index` of a word: one loop for each type, none with a
/// switch in it.
template <class T, class F>
inline void withElements(Type type, F body) {
  switch (type) {
  case Type::F16:
    return body([](uint32_t word, int index) {
      return static_cast<T>(fromHalf(static_cast<uint16_t>(word >> (16 * index))));
    });
  case Type::BF16:
    return body([](uint32_t word, int index) {
      return static_cast<T>(fromBfloat(static_cast<uint16_t>(word >> (16 * index))));
    });
  case Type::TF32:
    return body([](uint32_t word, int) { return static_cast<T>(std::bit_cast<float>(word & 0xffffe000)); });
  case Type::E4M3:
    return body([](uint32_t word, int index) {
      return static_cast<T>(fromE4M3(static_cast<uint8_t>(word >> (8 * index))));
    });
  case Type::E5M2:
    return body([](uint32_t word, int index) {
      return static_cast<T>(fromE5M2(static_cast<uint8_t>(word >> (8 * index))));
    });
  case Type::S8:
    return body(
        [](uint32_t word, int index) { return static_cast<T>(static_cast<int8_t>(word >> (8 * index))); });
  case Type::U8:
    return body(
        [](uint32_t word, int index) { return static_cast<T>(static_cast<uint8_t>(word >> (8 * index))); });
  case Type::S4:
    return body([](uint32_t word, int index) {
      return static_cast<T>(static_cast<int32_t>(word << (28 - 4 * index)) >> 28);
    });
  default: // u4
    return body([](uint32_t word, int index) { return static_cast<T>(word >> (4 * index) & 15); });
  }
}

/// Fragments of A and B, 8, 16 or 32 bits wide and narrower: register i of lane l = 4g + t holds row (or
/// column) g, and e consecutive elements from (i's k half) + e * t. A has rows g and g + 8 in turn
/// (of 8 rows there is one register).
template <class T>
void loadA(const Warp &w, const uint32_t *slots, uint32_t registers, Type type, int perWord, int k, T *a) {
  withElements<T>(type, [&](auto element) {
    for (uint32_t i = 0; i < registers; ++i) {
      const uint32_t *words = w.at<uint32_t>(slots[i]);
      for (uint32_t l = 0; l < 32; ++l) {
        uint32_t g = l / 4, t = l % 4, row = g + (i & 1) * 8;
        uint32_t column = static_cast<uint32_t>(perWord) * (t + (i >> 1) * 4);
        for (int e = 0; e < perWord; ++e)
          a[row * static_cast<uint32_t>(k) + column + static_cast<uint32_t>(e)] = element(words[l], e);
      }
    }
  });
}
} // namespace hone::rt::sim
#endif
