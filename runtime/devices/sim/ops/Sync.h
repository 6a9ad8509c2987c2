// Order through memory: fences, and strong reads and writes that carry it (the PTX memory model's release and
// acquire patterns).
#ifndef HONE_RUNTIME_DEVICES_SIM_OPS_SYNC_H
#define HONE_RUNTIME_DEVICES_SIM_OPS_SYNC_H
#include "runtime/devices/sim/Decode.h"
#include "runtime/devices/sim/Machine.h"

namespace hone::rt::sim {

/// How an access of memory takes part: flags of the ops of ld, st, atom and red.
enum Order : uint8_t { Weak = 0, Strong = 1, Acquire = 2, Release = 4, BlockScope = 8 };

/// Takes .weak/.relaxed/.acquire/.release/.acq_rel/.volatile and the scope; `other` when none is there.
uint8_t takeOrder(Decoding &d, uint8_t other);
/// After a strong read of, before a strong write to, the bytes at `at` by a lane.
void strongRead(Warp &warp, uint32_t lane, const std::byte *at, uint8_t order);
void strongWrite(Warp &warp, uint32_t lane, const std::byte *at, uint8_t order, bool update);
/// membar, fence: what came before is released by later strong writes; what earlier strong reads saw is
/// acquired.
void fence(Warp &warp, uint32_t mask, bool blockScope);

} // namespace hone::rt::sim
#endif
