// Runs a launch: groups of blocks on all cores, the warps of a group one after the other in the order of the
// schedule.
#ifndef HONE_RUNTIME_DEVICES_SIM_ENGINE_H
#define HONE_RUNTIME_DEVICES_SIM_ENGINE_H
#include "runtime/devices/sim/Machine.h"

namespace hone::rt::sim {

/// Returns when the grid has finished or has failed; what went wrong in the kernel is in the launch's report.
Status execute(Launch &launch);

/// Runs a warp until it blocks, has finished, or `budget` instructions are over. False: nothing could be
/// executed.
bool runWarp(Warp &warp, uint64_t budget);

/// Prepares a group's memory once, for all groups that this host thread runs in it.
Status prepareGroup(Group &group, Launch &launch);
/// Begins the group `linear` of the grid.
void beginGroup(Group &group, uint32_t linear);

} // namespace hone::rt::sim
#endif
