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

/// At a barrier: fences of those that arrive, and strong reads, count for all that it releases. What a thread
/// has fenced is in memory for all; another that the barrier puts after it may announce it, which the
/// manual's release pattern does not say but kernels (fence by all, barrier, flag by one) rely on.
void passFences(const Warp &warp, uint32_t mask, BarrierState &barrier);
void takeFences(Warp &warp, uint32_t mask, const BarrierState::Result &result);

} // namespace hone::rt::sim
#endif
