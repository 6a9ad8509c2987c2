// The grid: host threads take groups of blocks and run them, mostly one at a time. A group that waits for
// memory which another writes makes room for further ones, up to the number that may be resident. Nobody can
// go on: that is a deadlock.
#include "runtime/devices/sim/Engine.h"
#include <algorithm>
#include <chrono>
#include <thread>

namespace hone::rt::sim {
namespace {

/// Instructions of a warp before the next one of its block has its turn.
constexpr uint64_t warpTurn = 20000;
/// Strong reads without any change before a group lets others run, and before it counts as stuck.
constexpr uint64_t patience = 2000, stuckAfter = 2000000;

class Runner {
public:
  Runner(Launch &launch, std::atomic<uint32_t> &next, uint32_t groups, std::atomic<uint32_t> &idle,
         uint32_t runners)
      : launch(launch), next(next), groups(groups), idle(idle), runners(runners) {}
  Status status;

  void run() {
    auto most = static_cast<size_t>(
        std::max(1u, static_cast<uint32_t>(launch.options->resident) / launch.clusterSize()));
    bool grow = true;
    while (!launch.failed && status.ok()) {
      if ((grow || active() == 0) && active() < most)
        begin();
      grow = false;
      if (active() == 0)
        return;
      bool progress = false, spinning = true;
      for (auto &group : residents) {
        if (!group->active)
          continue;
        uint64_t changes = group->changes;
        progress |= turn(*group);
        spinning &= group->active && group->spins > patience;
        if (group->changes != changes)
          launch.changes.fetch_add(1, std::memory_order_relaxed);
        if (launch.failed)
          return;
      }
      if (progress && !spinning) {
        waits = 0;
        continue;
      }
      grow = true;
      // All blocks of this thread wait: for a block that is not resident yet, or for one of another host
      // thread.
      bool more = next.load() < groups && active() < most;
      if (!more && !waitForOthers(progress))
        return;
    }
  }

private:
  size_t active() const {
    return static_cast<size_t>(
        std::count_if(residents.begin(), residents.end(), [](const auto &g) { return g->active; }));
  }

  void begin() {
    uint32_t linear = next.fetch_add(1);
    if (linear >= groups)
      return;
    auto free = std::find_if(residents.begin(), residents.end(), [](const auto &g) { return !g->active; });
    if (free == residents.end()) {
      auto group = std::make_unique<Group>();
      if (status = prepareGroup(*group, launch); !status.ok()) {
        launch.failed = true;
        return;
      }
      residents.push_back(std::move(group));
      free = std::prev(residents.end());
    }
    beginGroup(**free, linear);
  }

  /// Everything that can run in the group until all of it waits, or it spins. False: nothing could be
  /// executed.
  bool turn(Group &group) {
    bool any = false;
    uint64_t seen = group.changes;
    group.spins = std::min(group.spins, patience);
    for (;;) {
      bool progress = false;
      for (Warp *warp : order(group)) {
        if (!warp->done() && runWarp(*warp, budget(group))) {
          progress = true;
          if (launch.options->randomSchedule)
            break; // the one with the highest priority goes on
        }
        if (warp->failed) {
          launch.failed = true;
          return true;
        }
      }
      ++group.turns;
      if (launch.options->instructionLimit && group.instructions > launch.options->instructionLimit) {
        stuck(group,
              text("the kernel has executed more than ", launch.options->instructionLimit, " instructions"));
        return true;
      }
      progress |= deliver(group, !progress);
      any |= progress;
      if (std::all_of(group.blocks.begin(), group.blocks.end(), [](const Block &b) { return b.done(); })) {
        finish(group);
        return true;
      }
      if (group.changes != seen)
        group.spins = 0;
      seen = group.changes;
      if (!progress || group.spins > patience)
        return any;
    }
  }

  uint64_t budget(Group &group) const {
    return launch.options->randomSchedule ? 1 + group.random() % 400 : warpTurn;
  }

  std::vector<Warp *> order(Group &group) {
    std::vector<Warp *> warps;
    for (Block &block : group.blocks)
      for (Warp &warp : block.warps)
        warps.push_back(&warp);
    if (launch.options->randomSchedule) {
      // Priorities change rarely, so that a warp gets far ahead of the others: what a missing barrier needs
      // to show.
      if (group.random() % 8 == 0)
        warps[group.random() % warps.size()]->priority = group.random();
      std::sort(warps.begin(), warps.end(),
                [](const Warp *a, const Warp *b) { return a->priority > b->priority; });
    }
    return warps;
  }

  /// Carries out bulk copies whose time has come; all that is left when nothing else can go on.
  bool deliver(Group &group, bool force) {
    std::vector<BulkCopy> &copies = group.engine.copies;
    bool any = false;
    for (size_t i = 0; i < copies.size();) {
      if (copies[i].due > group.turns && !force) {
        ++i;
        continue;
      }
      auto run = std::move(copies[i].run);
      copies.erase(copies.begin() + static_cast<ptrdiff_t>(i));
      run();
      ++group.changes;
      any = true;
      if (force)
        break;
    }
    return any;
  }

  void finish(Group &group) {
    deliverAll(group);
    for (Block &block : group.blocks)
      for (Warp &warp : block.warps)
        finishAsync(warp);
    group.active = false;
    launch.instructions += std::exchange(group.instructions, 0);
    launch.warpInstructions += std::exchange(group.warpInstructions, 0);
    launch.changes.fetch_add(1, std::memory_order_relaxed);
  }
  void deliverAll(Group &group) {
    while (deliver(group, true)) {
    }
  }

  /// Nothing here can go on. Waits while other host threads may change that. False: no thread can.
  bool waitForOthers(bool spun) {
    uint64_t changes = launch.changes.load();
    idle.fetch_add(1);
    for (int i = 0; i < 2000 && changes == launch.changes.load() && !launch.failed; ++i) {
      if (idle.load() == runners && i > 50)
        break;
      std::this_thread::sleep_for(std::chrono::microseconds(i < 100 ? 20 : 500));
    }
    bool all = idle.load() == runners;
    idle.fetch_sub(1);
    if (changes != launch.changes.load() || launch.failed) {
      waits = 0;
      return !launch.failed;
    }
    // What spins may need many turns for an effect that counts as no change; what waits needs none.
    if (!all || (spun && ++waits < stuckAfter / patience / 20))
      return true;
    if (!launch.failed.exchange(true) && launch.options->checks.deadlock)
      for (auto &group : residents)
        if (group->active)
          stuck(*group, "no thread can go on");
    return false;
  }

  /// Says where every warp of the group is.
  void stuck(Group &group, const std::string &why) {
    launch.failed = true;
    struct Place {
      uint32_t threads = 0;
      Warp *warp = nullptr;
      const Split *split = nullptr;
    };
    std::map<uint32_t, Place> places;
    uint32_t exited = 0;
    for (Block &block : group.blocks)
      for (Warp &warp : block.warps) {
        exited += static_cast<uint32_t>(std::popcount(warp.exited));
        for (const Split &split : warp.splits) {
          Place &place = places[split.pc];
          place.threads += static_cast<uint32_t>(std::popcount(split.mask));
          if (!place.warp) {
            place.warp = &warp;
            place.split = &split;
          }
        }
      }
    bool parked = false;
    std::string message = why;
    for (const auto &[pc, place] : places) {
      const Op &op = launch.program->ops[pc];
      message += text("; ", place.threads, " thread", place.threads == 1 ? "" : "s",
                      place.split->parked ? " wait for the other lanes of their warp" : " wait", " at ",
                      launch.program->opcodes[op.statement], " (ptx line ", op.line, ")");
      parked |= place.split->parked;
    }
    if (exited)
      message += text("; ", exited, " have exited");
    auto first = std::find_if(places.begin(), places.end(),
                              [&](const auto &p) { return !parked || p.second.split->parked; });
    if (first == places.end())
      return;
    const Place &place = first->second;
    reportLane(*place.warp, launch.program->ops[first->first],
               static_cast<uint32_t>(std::countr_zero(place.split->mask)),
               parked ? Fault::Divergence : Fault::Deadlock, "waits", message);
  }

  Launch &launch;
  std::atomic<uint32_t> &next;
  uint32_t groups;
  std::atomic<uint32_t> &idle;
  uint32_t runners;
  std::vector<std::unique_ptr<Group>> residents;
  uint64_t waits = 0;
};

} // namespace

Status execute(Launch &launch) {
  uint32_t groups = launch.grid[0] * launch.grid[1] * launch.grid[2] / launch.clusterSize();
  int threads = launch.options->threads ? launch.options->threads
                                        : static_cast<int>(std::thread::hardware_concurrency());
  // Cells of global memory have no locks.
  if (launch.options->checks.globalRaces)
    threads = 1;
  auto runners = std::clamp(static_cast<uint32_t>(threads), 1u, groups);
  std::atomic<uint32_t> next{0}, idle{0};
  std::vector<std::unique_ptr<Runner>> all;
  for (uint32_t i = 0; i < runners; ++i)
    all.push_back(std::make_unique<Runner>(launch, next, groups, idle, runners));
  auto work = [&](uint32_t i) {
    all[i]->run();
    idle.fetch_add(1); // a thread without work cannot change anything any more
  };
  std::vector<std::thread> helpers;
  for (uint32_t i = 1; i < runners; ++i)
    helpers.emplace_back(work, i);
  work(0);
  for (std::thread &helper : helpers)
    helper.join();
  for (auto &runner : all)
    if (!runner->status.ok())
      return runner->status;
  return {};
}

} // namespace hone::rt::sim
