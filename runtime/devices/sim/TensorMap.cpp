// Checks and encodes tensor maps.
#include "runtime/devices/sim/TensorMap.h"
#include <cstring>

namespace hone::rt::sim {

Status encodeTensorMap(const TensorMap &map, void *bytes) {
  if (map.rank < 1 || map.rank > 5)
    return invalid("tensor map: expected a rank of 1 to 5, got ", map.rank);
  if (map.elementBytes != 1 && map.elementBytes != 2 && map.elementBytes != 4 && map.elementBytes != 8)
    return invalid("tensor map: expected elements of 1, 2, 4 or 8 bytes, got ", map.elementBytes);
  if (map.address % 16)
    return invalid("tensor map: expected an address that is a multiple of 16");
  if (map.swizzleBytes != 0 && map.swizzleBytes != 32 && map.swizzleBytes != 64 && map.swizzleBytes != 128)
    return invalid("tensor map: expected a swizzle of 0, 32, 64 or 128 bytes, got ", map.swizzleBytes);
  EncodedMap out{};
  out.magic = tensorMapMagic;
  out.address = map.address;
  out.elementBytes = static_cast<uint32_t>(map.elementBytes);
  out.rank = static_cast<uint32_t>(map.rank);
  out.swizzle = static_cast<uint32_t>(map.swizzleBytes);
  for (int d = 0; d < map.rank; ++d) {
    if (map.sizes[d] < 1 || map.sizes[d] > 0xffffffffull)
      return invalid("tensor map: expected sizes of 1 to 2^32, got ", map.sizes[d], " in dimension ", d);
    if (map.box[d] < 1 || map.box[d] > 256)
      return invalid("tensor map: expected a box of 1 to 256 elements, got ", map.box[d], " in dimension ",
                     d);
    out.sizes[d] = static_cast<uint32_t>(map.sizes[d]);
    out.box[d] = map.box[d];
    if (d + 1 < map.rank) {
      if (map.strides[d] % 16 || map.strides[d] >= 1ull << 40)
        return invalid("tensor map: expected strides that are multiples of 16 below 2^40, got ",
                       map.strides[d]);
      out.strides[d] = map.strides[d];
    }
  }
  uint64_t inner = uint64_t(map.box[0]) * static_cast<uint64_t>(map.elementBytes);
  if (inner % 16)
    return invalid("tensor map: the box's inner dimension has ", inner, " bytes, expected a multiple of 16");
  if (map.swizzleBytes && inner > static_cast<uint64_t>(map.swizzleBytes))
    return invalid("tensor map: the box's inner dimension has ", inner, " bytes, more than the swizzle of ",
                   map.swizzleBytes);
  memset(bytes, 0, 128);
  memcpy(bytes, &out, sizeof out);
  return {};
}

} // namespace hone::rt::sim
