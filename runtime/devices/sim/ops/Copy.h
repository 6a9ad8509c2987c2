// What the families of asynchronous copies share.
#ifndef HONE_RUNTIME_DEVICES_SIM_OPS_COPY_H
#define HONE_RUNTIME_DEVICES_SIM_OPS_COPY_H
#include "runtime/devices/sim/Decode.h"
#include "runtime/devices/sim/Machine.h"

namespace hone::rt::sim {

/// The lane's cp.async copies of groups below `groups` are there, and count as its own writes.
void landCopies(Warp &warp, uint32_t lane, uint32_t groups);

/// cp.async.bulk and cp.reduce.async.bulk, in Bulk.cpp.
void decodeBulk(Decoding &d);
/// cp.async.mbarrier.arrive, in Mbarrier.cpp.
void decodeCopyArrive(Decoding &d);

/// The async proxy reads for a lane: what wrote before has to be ordered, and ordinary stores to have gone
/// through a proxy fence.
void readByProxy(Warp &warp, const Op &op, uint32_t lane, uint64_t at, uint64_t bytes);
/// The lane's bulk stores of groups below `groups` have been carried out and read no more.
void finishStores(Warp &warp, uint32_t lane, uint32_t groups);

/// The barrier at an offset of the group's shared memory; null and a report when none was initialized there.
Mbarrier *findMbarrier(Warp &warp, const Op &op, uint32_t lane, uint64_t offset);
/// Bytes that a copy has brought; ends the phase when nothing is missing.
void completeBytes(Group &group, uint64_t offset, uint64_t bytes);
/// Arrivals, with the knowledge of the thread unless it is relaxed.
void arriveAt(Warp &warp, const Op &op, uint32_t lane, Mbarrier &barrier, uint32_t count);

} // namespace hone::rt::sim
#endif
