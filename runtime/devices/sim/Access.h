// From the addresses of lanes to bytes of the host, with every check on the way.
#ifndef HONE_RUNTIME_DEVICES_SIM_ACCESS_H
#define HONE_RUNTIME_DEVICES_SIM_ACCESS_H
#include "runtime/devices/sim/Machine.h"

namespace hone::rt::sim {

enum class Use : uint8_t { Read, Write, Update };

struct AccessMode {
  Use use = Use::Read;
  bool strong = false;
};

/// op.a plus op.imm of all lanes; op.flags[3] is the bytes of the address register.
void addressesOf(const Warp &warp, const Op &op, uint64_t *addresses);

/// Finds the `bytes` bytes of each lane and checks bounds, alignment, initialization and order. Returns the
/// lanes whose access is possible; the others were reported.
uint32_t resolve(Warp &warp, const Op &op, uint32_t mask, Space space, const uint64_t *addresses,
                 uint32_t bytes, AccessMode mode, std::byte **to);

/// Offset in the group's shared memory of an address in `space` (Shared, SharedCluster, or Generic when it
/// points into shared memory); false when it is none, or `bytes` there are not inside one block's memory.
bool sharedOffset(const Warp &warp, Space space, uint64_t address, uint64_t bytes, uint64_t &offset);

/// An access by one lane to the group's shared memory at `offset`, checked by the shadow.
void checkShared(Warp &warp, const Op &op, uint32_t lane, uint64_t offset, uint64_t bytes, AccessMode mode,
                 ShadowCell::State to = ShadowCell::Ready, bool async = false);
/// The same for global memory: `region` holds the bytes.
void checkGlobal(Warp &warp, const Op &op, uint32_t lane, const Region &region, uint64_t address,
                 uint64_t bytes, AccessMode mode);

/// Reports an address that is nowhere, or not wholly inside an allocation.
void reportBounds(Warp &warp, const Op &op, uint32_t lane, Space space, uint64_t address, uint64_t bytes,
                  Use use);

} // namespace hone::rt::sim
#endif
