// The tensor maps that bulk copies read: 128 bytes of the simulator's own, filled from what
// cuTensorMapEncodeTiled takes.
#ifndef HONE_RUNTIME_DEVICES_SIM_TENSORMAP_H
#define HONE_RUNTIME_DEVICES_SIM_TENSORMAP_H
#include "runtime/devices/Device.h"

namespace hone::rt::sim {

struct EncodedMap {
  uint64_t magic, address;
  uint32_t elementBytes, rank, swizzle, reserved;
  uint64_t strides[4];
  uint32_t sizes[5], box[5];
  uint64_t tail;
};
static_assert(sizeof(EncodedMap) == 112);
constexpr uint64_t tensorMapMagic = 0x70616d2d656e6f68; // "hone-map"

/// Refuses what the hardware does not take: strides that are no multiple of 16, boxes over 256 or too wide
/// for the swizzle.
Status encodeTensorMap(const TensorMap &map, void *bytes);

} // namespace hone::rt::sim
#endif
