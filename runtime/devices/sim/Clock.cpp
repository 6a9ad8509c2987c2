// Joins of vector clocks.
#include "runtime/devices/sim/Clock.h"
#include <algorithm>

namespace hone::rt::sim {

void VectorClock::join(const VectorClock &other) {
  for (size_t i = 0; i < at.size(); ++i)
    at[i] = std::max(at[i], other.at[i]);
  for (const auto &[group, clock] : other.others) {
    std::shared_ptr<const VectorClock> &mine = others[group];
    if (!mine) {
      mine = clock;
    } else if (mine != clock) {
      auto both = std::make_shared<VectorClock>();
      both->at = mine->at;
      for (size_t i = 0; i < both->at.size(); ++i)
        both->at[i] = std::max(both->at[i], clock->at[i]);
      mine = both;
    }
  }
}

void Clocks::reset(uint32_t newGroup, uint32_t newThreads, uint32_t agents) {
  group = newGroup;
  threads = newThreads;
  clocks.assign(threads + agents, 1);
  auto zero = std::make_shared<VectorClock>();
  zero->at.assign(threads + agents, 0);
  bases.assign(threads, zero);
  lastBase = lastFrom = lastJoined = nullptr;
  lastReleased = lastInto = nullptr;
}

bool Clocks::orderedOther(uint32_t thread, uint32_t otherGroup, uint32_t actor, uint32_t clock) const {
  const auto &others = bases[thread]->others;
  auto at = others.find(otherGroup);
  return at != others.end() && at->second->at[actor] >= clock;
}

ClockRef Clocks::release(uint32_t thread) {
  auto all = std::make_shared<VectorClock>(*bases[thread]);
  all->at[thread] = clocks[thread]++;
  return all;
}

void Clocks::releaseInto(uint32_t thread, std::shared_ptr<VectorClock> &into) {
  if (!into) {
    into = std::make_shared<VectorClock>(*bases[thread]);
  } else if (lastReleased != bases[thread] || lastInto != into) {
    into->join(*bases[thread]);
  }
  lastReleased = bases[thread];
  lastInto = into;
  into->at[thread] = std::max(into->at[thread], clocks[thread]++);
}

void Clocks::acquire(uint32_t thread, const ClockRef &from) {
  ClockRef &base = bases[thread];
  if (base == from)
    return;
  if (base != lastBase || from != lastFrom) {
    auto joined = std::make_shared<VectorClock>(*base);
    joined->join(*from);
    lastBase = base;
    lastFrom = from;
    lastJoined = std::move(joined);
  }
  base = lastJoined;
}

} // namespace hone::rt::sim
