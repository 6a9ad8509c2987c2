// Blocks of a cluster: addresses in each other's shared memory. An address of rank r is (r + 1) << 24 |
// offset; the barrier of a cluster is in Barrier.cpp.
#include "runtime/devices/sim/ops/Lanes.h"

namespace hone::rt::sim {
namespace {

/// flags[3] is the bytes of an address; flags[0]: generic addresses.
template <class T>
void mapAddress(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a);
  const uint32_t *rank = w.at<uint32_t>(o.b);
  const Group &group = *w.group;
  forLanes(mask, [&](uint32_t l) {
    if (rank[l] >= group.blocks.size())
      return reportLane(w, o, l, Fault::Bounds, "executed",
                        text("rank ", rank[l], " is not in the cluster of ", group.blocks.size()));
    uint64_t offset = static_cast<uint64_t>(a[l]) & 0xffffff;
    if (o.flags[0])
      w.at<T>(o.d)[l] =
          static_cast<T>(reinterpret_cast<uint64_t>(group.shared) + rank[l] * group.sharedStride +
                         (a[l] - reinterpret_cast<uint64_t>(group.shared)) % group.sharedStride);
    else
      w.at<T>(o.d)[l] = static_cast<T>(static_cast<uint64_t>(rank[l] + 1) << 24 | offset);
  });
}
void decodeMapa(Decoding &d) {
  d.op.flags[0] = d.takeSpace(Space::Generic) != Space::SharedCluster;
  Type type = d.takeType();
  int bytes = bytesOf(type);
  if (!d.expectOperands(3, 3))
    return;
  d.op.d = d.write(size_t(0), bytes);
  d.op.a = d.read(1, bytes);
  d.op.b = d.read(2, 4);
  d.op.run = handlerFor(d, type, {{Type::U32, mapAddress<uint32_t>}, {Type::U64, mapAddress<uint64_t>}});
}

template <class T>
void rankOf(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a);
  const Group &group = *w.group;
  fill(w.at<uint32_t>(o.d), mask, [&](uint32_t l) {
    auto address = static_cast<uint64_t>(a[l]);
    if (o.flags[0])
      return static_cast<uint32_t>((address - reinterpret_cast<uint64_t>(group.shared)) / group.sharedStride);
    return address >> 24 ? static_cast<uint32_t>((address >> 24) - 1) : w.block->rank;
  });
}
void decodeGetctarank(Decoding &d) {
  d.op.flags[0] = d.takeSpace(Space::Generic) != Space::SharedCluster;
  Type type = d.takeType();
  if (!d.expectOperands(2, 2))
    return;
  d.op.d = d.write(size_t(0), 4);
  d.op.a = d.read(1, bytesOf(type));
  d.op.run = handlerFor(d, type, {{Type::U32, rankOf<uint32_t>}, {Type::U64, rankOf<uint64_t>}});
}

} // namespace

std::span<const Instruction> clusterInstructions() {
  static constexpr Instruction table[] = {{"mapa", decodeMapa}, {"getctarank", decodeGetctarank}};
  return table;
}

} // namespace hone::rt::sim
