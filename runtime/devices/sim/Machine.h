// The state of a running kernel: a launch, its groups (clusters; a lone block is one of size 1), blocks,
// warps, and the parts of a warp that have diverged.
#ifndef HONE_RUNTIME_DEVICES_SIM_MACHINE_H
#define HONE_RUNTIME_DEVICES_SIM_MACHINE_H
#include "runtime/devices/sim/Async.h"
#include "runtime/devices/sim/Memory.h"
#include "runtime/devices/sim/Program.h"
#include "runtime/devices/sim/Proxy.h"
#include "runtime/devices/sim/Sim.h"
#include <atomic>
#include <deque>
#include <random>
#include <unordered_map>

namespace hone::rt::sim {

struct Group;
struct Block;

/// Lanes of a warp at one place of the code.
struct Split {
  uint32_t pc = 0, mask = 0;
  bool waiting = false;        ///< in a Blocking op: called again when something has changed
  bool parked = false;         ///< at a collective whose other lanes are elsewhere
  uint64_t ticket = 0;         ///< of the Blocking op, 0 when it is first called
  uint64_t polled = 0;         ///< when a waiting part was last asked
  uint32_t turns = 0;          ///< used up, for fairness between parts
  std::vector<uint32_t> calls; ///< where to return to
};

struct Warp {
  Block *block = nullptr;
  Group *group = nullptr;
  std::byte *frame = nullptr, *local = nullptr;
  uint32_t index = 0;       ///< in the block
  uint32_t firstThread = 0; ///< in the group
  uint32_t valid = 0, exited = 0;
  std::vector<Split> splits;
  Split *current = nullptr;
  bool blocked = false; ///< set by a Blocking op
  bool failed = false;  ///< set by any op: the kernel must stop
  uint64_t priority = 0;
  AsyncState async;
  const Region *lastRegion = nullptr;
  // Thread fences for release and acquire through strong accesses, see Atomics.cpp.
  ClockRef fenced[32], observed[32];
  uint32_t wideFences = 0; ///< lanes whose last fence had more than the block's scope

  template <class T>
  T *at(uint32_t slot) const {
    return reinterpret_cast<T *>(frame + slot);
  }
  uint32_t alive() const { return valid & ~exited; }
  bool done() const { return alive() == 0; }
};

/// One of a block's 16 named barriers, or the cluster's.
struct BarrierState {
  uint32_t arrived = 0, expected = 0; ///< threads; expected 0: all that have not exited
  uint64_t generation = 1;
  std::shared_ptr<VectorClock> clock; ///< of those that have arrived
  ClockRef fenced, observed; ///< see Sync.h: a barrier passes on what its threads fenced and observed
  bool wide = false;
  uint32_t trues = 0, voters = 0; ///< bar.red
  struct Result {
    ClockRef clock, fenced, observed;
    bool wide = false;
    uint32_t trues = 0, voters = 0;
  } results[8]; ///< of the last generations: a warp may come back late
  void complete();
};

struct Block {
  Group *group = nullptr;
  uint32_t rank = 0, index[3] = {}, threads = 0, aliveThreads = 0;
  std::byte *shared = nullptr;
  std::vector<Warp> warps;
  BarrierState barriers[16];
  std::vector<std::vector<uint64_t>> warpgroups; ///< what each of them has issued, for agreement of its warps
  bool done() const { return aliveThreads == 0; }
};

struct Launch;

struct Group {
  Launch *launch = nullptr;
  uint32_t linear = 0;
  std::vector<Block> blocks;
  std::unique_ptr<std::byte[]> frames, locals, sharedMemory;
  std::byte *shared = nullptr; ///< of block 0; the others follow at sharedStride
  uint64_t sharedStride = 0;
  Clocks clocks;
  ProxyFences proxies;
  Shadow shadow; ///< of the shared memory of all blocks
  BarrierState clusterBarrier;
  MbarrierTable mbarriers;
  AsyncEngine engine;
  std::unordered_map<uint64_t, ClockRef> released; ///< by strong writes, by address
  std::mt19937_64 random;
  uint64_t changes = 0; ///< goes up when something happens that others may wait for
  uint64_t spins = 0;   ///< strong reads and tests since the last change
  uint64_t turns = 0, instructions = 0, warpInstructions = 0;
  bool active = false;
};

/// Strong accesses to global memory order threads of different groups.
struct GlobalSync {
  std::mutex lock;
  std::unordered_map<uint64_t, std::map<uint32_t, ClockRef>> released; ///< by address and group
};

struct Launch {
  const Program *program = nullptr;
  const SimOptions *options = nullptr;
  Memory *memory = nullptr;
  Report *report = nullptr;
  std::string kernel;
  uint32_t grid[3], block[3], cluster[3];
  uint32_t sharedBytes = 0, dynamicShared = 0;
  std::vector<uint64_t> parameters; ///< as 8-byte words, so that they are aligned
  std::atomic<bool> failed{false};
  std::atomic<uint64_t> instructions{0}, warpInstructions{0}, changes{0};
  GlobalSync sync;
  std::mutex global; ///< around accesses when races on global memory are looked for

  uint32_t threads() const { return block[0] * block[1] * block[2]; }
  uint32_t clusterSize() const { return cluster[0] * cluster[1] * cluster[2]; }
};

constexpr uint32_t everyLane = ~0u;

/// Calls `f(lane)` for the lanes of `mask`, in order.
template <class F>
inline void forLanes(uint32_t mask, F f) {
  if (mask == everyLane) {
    for (uint32_t lane = 0; lane < 32; ++lane)
      f(lane);
    return;
  }
  for (; mask; mask &= mask - 1)
    f(static_cast<uint32_t>(__builtin_ctz(mask)));
}

/// 32 bytes of 0 or 1 as a mask.
inline uint32_t maskOf(const uint8_t *predicate) {
  uint32_t mask = 0;
  for (uint32_t i = 0; i < 4; ++i) {
    uint64_t eight;
    __builtin_memcpy(&eight, predicate + 8 * i, 8);
    mask |= static_cast<uint32_t>((eight * 0x0102040810204080ull) >> 56) << (8 * i);
  }
  return mask;
}

/// Completes barriers that only threads which have exited were missing at; in Barrier.cpp.
void releaseBarriers(Block &block);

/// While wgmma ops are under way: reports registers in use by them. True: `op` was carried out here (a copy
/// of one). In Warpgroup.cpp.
bool touchAccumulators(Warp &warp, const Op &op, uint32_t mask);
/// Ends what the warp has left under way; in Copy.cpp.
void finishAsync(Warp &warp);

// Reports, in Faults.cpp.

/// What a fault that concerns one lane says.
void reportLane(Warp &warp, const Op &op, uint32_t lane, Fault fault, std::string what, std::string message,
                Space space = Space::Generic, uint64_t address = 0);
/// A clash that the shadow found; `at` is the address in `space` (shared: with the rank above bit 24).
void reportClash(Warp &warp, const Op &op, uint32_t lane, Clash clash, const Other &other, bool write,
                 Space space, uint64_t at, const Region *region);
Site siteOf(const Launch &launch, const Op &op, uint32_t group, uint32_t actor, std::string what);

} // namespace hone::rt::sim
#endif
