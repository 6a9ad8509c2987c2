// Release and acquire: a strong write after a fence (or with .release) leaves its thread's clock at the
// address; a strong read followed by a fence (or with .acquire) joins it. Blocks only learn of each other
// when races on global memory are looked for.
#include "runtime/devices/sim/ops/Sync.h"

namespace hone::rt::sim {

uint8_t takeOrder(Decoding &d, uint8_t other) {
  uint8_t order = other;
  static constexpr std::pair<std::string_view, uint8_t> kinds[] = {{"weak", Weak},
                                                                   {"relaxed", Strong},
                                                                   {"volatile", Strong},
                                                                   {"mmio", Strong},
                                                                   {"acquire", Strong | Acquire},
                                                                   {"release", Strong | Release},
                                                                   {"acq_rel", Strong | Acquire | Release}};
  for (auto [name, kind] : kinds)
    if (d.take(name))
      order = kind;
  if (int scope = d.takeOneOf({"cta", "cluster", "gpu", "sys"}); scope == 0)
    order |= BlockScope;
  return order;
}

static ClockRef joined(const ClockRef &a, const ClockRef &b) {
  if (!a || a == b)
    return b;
  auto both = std::make_shared<VectorClock>(*a);
  both->join(*b);
  return both;
}

/// Knowledge of another group as one that this group's threads can join.
static ClockRef foreign(const Group &group, uint32_t from, const ClockRef &clock) {
  auto wrapped = std::make_shared<VectorClock>();
  wrapped->at.assign(group.clocks.actors(), 0);
  for (const auto &[g, c] : clock->others)
    if (g == group.linear)
      wrapped->at = c->at;
    else
      wrapped->others[g] = c;
  auto own = std::make_shared<VectorClock>();
  own->at = clock->at;
  if (auto at = wrapped->others.find(from); at != wrapped->others.end())
    own->join(*at->second);
  wrapped->others[from] = own;
  return wrapped;
}

static void take(Warp &warp, uint32_t lane, const ClockRef &clock, bool acquire) {
  if (acquire)
    warp.group->clocks.acquire(warp.firstThread + lane, clock);
  else
    warp.observed[lane] = joined(warp.observed[lane], clock);
}

void strongRead(Warp &warp, uint32_t lane, const std::byte *at, uint8_t order) {
  Group &group = *warp.group;
  if (!group.launch->options->checks.races)
    return;
  auto key = reinterpret_cast<uint64_t>(at);
  if (auto found = group.released.find(key); found != group.released.end())
    take(warp, lane, found->second, order & Acquire);
  if (!group.launch->options->checks.globalRaces || order & BlockScope)
    return;
  std::lock_guard held(group.launch->sync.lock);
  auto &released = group.launch->sync.released;
  if (auto found = released.find(key); found != released.end())
    for (const auto &[from, clock] : found->second)
      if (from != group.linear)
        take(warp, lane, foreign(group, from, clock), order & Acquire);
}

void strongWrite(Warp &warp, uint32_t lane, const std::byte *at, uint8_t order, bool update) {
  Group &group = *warp.group;
  if (!group.launch->options->checks.races)
    return;
  auto key = reinterpret_cast<uint64_t>(at);
  ClockRef clock = order & Release ? group.clocks.release(warp.firstThread + lane) : warp.fenced[lane];
  if (!clock) {
    if (!update)
      group.released.erase(key);
    return;
  }
  ClockRef &mine = group.released[key];
  mine = update ? joined(mine, clock) : clock;
  bool wide = order & Release ? !(order & BlockScope) : warp.wideFences >> lane & 1;
  if (!group.launch->options->checks.globalRaces || !wide)
    return;
  std::lock_guard held(group.launch->sync.lock);
  auto &list = group.launch->sync.released[key];
  if (!update)
    list.clear();
  ClockRef &known = list[group.linear];
  known = joined(known, clock);
}

void fence(Warp &warp, uint32_t mask, bool blockScope) {
  Group &group = *warp.group;
  if (!group.launch->options->checks.races)
    return;
  forLanes(mask, [&](uint32_t lane) {
    if (warp.observed[lane]) {
      group.clocks.acquire(warp.firstThread + lane, warp.observed[lane]);
      warp.observed[lane] = nullptr;
    }
    warp.fenced[lane] = group.clocks.release(warp.firstThread + lane);
  });
  warp.wideFences = blockScope ? warp.wideFences & ~mask : warp.wideFences | mask;
}

void passFences(const Warp &warp, uint32_t mask, BarrierState &barrier) {
  forLanes(mask, [&](uint32_t lane) {
    if (warp.fenced[lane])
      barrier.fenced = joined(barrier.fenced, warp.fenced[lane]);
    if (warp.observed[lane])
      barrier.observed = joined(barrier.observed, warp.observed[lane]);
  });
  barrier.wide |= (warp.wideFences & mask) != 0;
}

void takeFences(Warp &warp, uint32_t mask, const BarrierState::Result &result) {
  forLanes(mask, [&](uint32_t lane) {
    if (result.fenced)
      warp.fenced[lane] = result.fenced;
    if (result.observed)
      warp.observed[lane] = result.observed;
  });
  if (result.fenced && result.wide)
    warp.wideFences |= mask;
}

} // namespace hone::rt::sim
