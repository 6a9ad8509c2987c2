// Sets up the frames of a group's warps and fills what is known before a block runs.
#include "runtime/devices/sim/Decode.h"
#include "runtime/devices/sim/Engine.h"
#include <cstring>
#include <new>

namespace hone::rt::sim {

/// Asynchronous agents with clocks of their own: transaction barriers share them when there are more.
static constexpr uint32_t agents = 64;

static uint64_t alignUp(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

static void fillPreset(const Warp &warp, const Preset &p, uint32_t lane, uint64_t value) {
  memcpy(warp.frame + p.slot + lane * p.bytes, &value, std::min<size_t>(p.bytes, 8));
  if (p.bytes == 16)
    memset(warp.frame + p.slot + lane * 16 + 8, 0, 8);
}

static void fillConstants(const Warp &warp) {
  const Launch &launch = *warp.group->launch;
  const Program &program = *launch.program;
  for (const Preset &p : program.presets)
    for (uint32_t lane = 0; lane < 32; ++lane) {
      if (p.kind == Preset::Constant)
        fillPreset(warp, p, lane, p.value);
      else if (p.kind == Preset::Local)
        fillPreset(warp, p, lane,
                   reinterpret_cast<uint64_t>(warp.local) + lane * program.localBytes + p.value);
      else if (p.kind == Preset::Parameter)
        fillPreset(warp, p, lane, reinterpret_cast<uint64_t>(launch.parameters.data()) + p.value);
    }
}

Status prepareGroup(Group &group, Launch &launch) {
  const Program &program = *launch.program;
  uint32_t blocks = launch.clusterSize(), warps = (launch.threads() + 31) / 32;
  uint64_t frame = alignUp(program.frameBytes, 64) + 64, local = program.localBytes * 32ull;
  group.launch = &launch;
  group.sharedStride = alignUp(launch.sharedBytes, 1024) + 1024;
  auto buffer = [](uint64_t bytes) {
    return std::unique_ptr<std::byte[]>(new (std::nothrow) std::byte[bytes]);
  };
  group.frames = buffer(frame * warps * blocks + 64);
  group.locals = buffer(local * warps * blocks + 16);
  group.sharedMemory = buffer(group.sharedStride * blocks + 1024);
  if (!group.frames || !group.locals || !group.sharedMemory)
    return invalid("the simulator is out of memory: blocks of ", warps, " warps with ",
                   program.frameBytes / 128, " registers and ", launch.sharedBytes,
                   " bytes of shared memory");
  auto aligned = [](std::byte *p, uint64_t to) {
    return reinterpret_cast<std::byte *>(alignUp(reinterpret_cast<uint64_t>(p), to));
  };
  std::byte *frames = aligned(group.frames.get(), 64), *locals = aligned(group.locals.get(), 16);
  group.shared = aligned(group.sharedMemory.get(), 1024);
  memset(frames, 0, frame * warps * blocks);
  group.blocks = std::vector<Block>(blocks);
  for (uint32_t rank = 0; rank < blocks; ++rank) {
    Block &block = group.blocks[rank];
    block.group = &group;
    block.rank = rank;
    block.threads = launch.threads();
    block.shared = group.shared + rank * group.sharedStride;
    block.warps = std::vector<Warp>(warps);
    for (uint32_t i = 0; i < warps; ++i) {
      Warp &warp = block.warps[i];
      warp.block = &block;
      warp.group = &group;
      warp.index = i;
      warp.firstThread = (rank * warps + i) * 32;
      warp.frame = frames + (rank * warps + i) * frame;
      warp.local = locals + (rank * warps + i) * local;
      fillConstants(warp);
    }
  }
  return {};
}

void beginGroup(Group &group, uint32_t linear) {
  Launch &launch = *group.launch;
  const Program &program = *launch.program;
  const CheckSet &checks = launch.options->checks;
  group.linear = linear;
  group.active = true;
  group.released.clear();
  group.mbarriers.clear();
  group.engine.copies.clear();
  group.clusterBarrier = {};
  group.spins = 0;
  group.random.seed(launch.options->seed * 0x9e3779b97f4a7c15ull + linear);
  auto blocks = static_cast<uint32_t>(group.blocks.size());
  auto warps = static_cast<uint32_t>(group.blocks[0].warps.size());
  group.clocks.reset(linear, blocks * warps * 32, agents);
  group.proxies.reset(blocks * warps * 32);
  if (checks.races || checks.poison || checks.async) {
    group.shadow.reset(group.sharedStride * blocks, false);
    group.shadow.checks = {checks.races, checks.poison, checks.async};
  }
  memset(group.shared, 0xff, group.sharedStride * blocks);
  uint32_t clusters[2] = {launch.grid[0] / launch.cluster[0], launch.grid[1] / launch.cluster[1]};
  uint32_t at[3] = {linear % clusters[0], linear / clusters[0] % clusters[1],
                    linear / clusters[0] / clusters[1]};
  for (Block &block : group.blocks) {
    uint32_t within[3] = {block.rank % launch.cluster[0], block.rank / launch.cluster[0] % launch.cluster[1],
                          block.rank / launch.cluster[0] / launch.cluster[1]};
    for (int d = 0; d < 3; ++d)
      block.index[d] = at[d] * launch.cluster[d] + within[d];
    block.aliveThreads = block.threads;
    for (BarrierState &barrier : block.barriers)
      barrier = {};
    block.warpgroups.assign((block.warps.size() + 3) / 4, {});
    for (Warp &warp : block.warps) {
      uint32_t threads = std::min(32u, block.threads - warp.index * 32);
      warp.valid = threads == 32 ? everyLane : (1u << threads) - 1;
      warp.exited = 0;
      warp.failed = warp.blocked = false;
      warp.splits.assign(1, {});
      warp.splits[0].mask = warp.valid;
      warp.async = {};
      warp.lastRegion = nullptr;
      warp.priority = group.random();
      for (int lane = 0; lane < 32; ++lane)
        warp.fenced[lane] = warp.observed[lane] = nullptr;
      warp.wideFences = 0;
      for (const Preset &p : program.presets)
        if (p.kind == Preset::Special)
          for (uint32_t lane = 0; lane < 32; ++lane)
            fillPreset(warp, p, lane, specialValue(static_cast<int>(p.value), warp, lane));
    }
  }
}

} // namespace hone::rt::sim
