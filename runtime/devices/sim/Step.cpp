// The inner loop: one warp, its parts that have diverged, one instruction after the other.
#include "runtime/devices/sim/Engine.h"
#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace hone::rt::sim {
namespace {

/// A part that spins gives way to another after so many instructions, so that lanes which wait for each other
/// make progress.
constexpr uint64_t fairTurn = 2000;

class Step {
public:
  explicit Step(Warp &warp) : w(warp), ops(warp.group->launch->program->ops.data()) {}

  bool run(uint64_t budget) {
    uint64_t done = 0, lanes = 0;
    while (done < budget && !w.failed) {
      Split *split = choose();
      if (!split)
        break;
      w.current = split;
      executed = 0;
      sameSplit(*split, std::min(budget - done, w.splits.size() > 1 ? fairTurn : budget), lanes);
      done += executed;
    }
    w.group->warpInstructions += done;
    w.group->instructions += lanes;
    return done > 0;
  }

private:
  /// The part with the lowest place in the code, so that parts come together where they joined; one that has
  /// used up a turn comes after those that have not. Parts that wait are asked again when something has
  /// changed.
  Split *choose() {
    Split *best = nullptr;
    auto key = [](const Split &s) { return std::tuple(s.waiting, s.turns, s.pc); };
    for (Split &s : w.splits)
      if (!s.parked && !(s.waiting && s.polled == stamp()) && (!best || key(s) < key(*best)))
        best = &s;
    return best;
  }
  /// Changes when something may have happened that a waiting part waits for.
  uint64_t stamp() const { return w.group->changes + 1; }

  void sameSplit(Split &split, uint64_t budget, uint64_t &lanes) {
    uint64_t start = executed;
    for (;;) {
      const Op &o = ops[split.pc];
      if (o.joins && w.splits.size() > 1 && !split.waiting) {
        merge(split);
        if (lowerRunnable(split))
          return;
      }
      if (executed - start >= budget) {
        split.turns += w.splits.size() > 1;
        return;
      }
      uint32_t mask = split.mask;
      if (o.guard != none) {
        uint32_t guard = maskOf(w.at<uint8_t>(o.guard));
        mask &= o.guardNegated ? ~guard : guard;
      }
      if (o.kind == Kind::Plain) {
        if (mask && (w.async.accumulators.empty() || !touchAccumulators(w, o, mask)))
          o.run(w, o, mask);
        ++executed;
        lanes += static_cast<uint64_t>(std::popcount(split.mask));
        ++split.pc;
        if (w.failed)
          return;
        continue;
      }
      if (!special(split, o, mask, lanes))
        return;
    }
  }

  /// False: another part has to be chosen.
  bool special(Split &split, const Op &o, uint32_t mask, uint64_t &lanes) {
    auto count = [&] {
      ++executed;
      lanes += static_cast<uint64_t>(std::popcount(split.mask));
    };
    switch (o.kind) {
    case Kind::Branch:
      count();
      return branch(split, mask, o.target);
    case Kind::Table: {
      count();
      return table(split, o, mask);
    }
    case Kind::Call:
      count();
      if (!mask) {
        split.pc += 2; // and the copy of results
        return true;
      }
      if (mask != split.mask) {
        Split rest = split;
        rest.mask &= ~mask;
        rest.pc += 2;
        split.mask = mask;
        o.run(w, o, mask);
        enter(split, o);
        w.splits.push_back(std::move(rest));
        return false;
      }
      o.run(w, o, mask);
      enter(split, o);
      return true;
    case Kind::Return:
    case Kind::Exit:
      count();
      return leave(split, o, mask);
    case Kind::Collective:
    case Kind::Aligned:
      if (!mask) {
        count();
        ++split.pc;
        return true;
      }
      if (o.kind == Kind::Collective) {
        uint32_t before = split.mask;
        uint64_t pc = split.pc;
        bool on = collective(split, o, mask);
        if (on && split.pc != pc) {
          ++executed;
          lanes += static_cast<uint64_t>(std::popcount(before));
        }
        return on;
      }
      if (!gatherWarp(split, mask))
        return false;
      count();
      o.run(w, o, mask);
      ++split.pc;
      return !w.failed;
    case Kind::Blocking:
      if (!mask) {
        count();
        ++split.pc;
        return true;
      }
      if (o.aligned && !split.waiting && !gatherWarp(split, mask))
        return false;
      w.blocked = false;
      o.run(w, o, mask);
      if (w.blocked) {
        if (!split.waiting)
          count();
        split.waiting = true;
        split.polled = stamp();
        return false;
      }
      split.waiting = false;
      split.ticket = split.polled = 0;
      count();
      ++split.pc;
      return !w.failed;
    case Kind::Plain:
      break;
    }
    return true;
  }

  void enter(Split &split, const Op &o) {
    split.calls.push_back(split.pc + 1);
    split.pc = o.target;
  }

  bool branch(Split &split, uint32_t mask, uint32_t target) {
    if (mask == split.mask) {
      split.pc = target;
      return w.splits.size() == 1 || !lowerRunnable(split);
    }
    if (!mask) {
      ++split.pc;
      return true;
    }
    Split taken = split;
    taken.mask = mask;
    taken.pc = target;
    split.mask &= ~mask;
    ++split.pc;
    w.splits.push_back(std::move(taken)); // `split` may have moved
    return false;
  }

  bool table(Split &split, const Op &o, uint32_t mask) {
    const uint32_t *targets = w.group->launch->program->lists.data() + o.target, *index = w.at<uint32_t>(o.a);
    if (!mask) {
      ++split.pc;
      return true;
    }
    Split whole = split;
    bool first = true;
    if (split.mask & ~mask) {
      split.mask &= ~mask;
      ++split.pc;
      first = false;
    }
    std::vector<Split> parts;
    while (mask) {
      auto lane = static_cast<uint32_t>(std::countr_zero(mask));
      uint32_t n = index[lane], same = 0;
      forLanes(mask, [&](uint32_t l) { same |= static_cast<uint32_t>(index[l] == n) << l; });
      mask &= ~same;
      if (n >= o.imm) {
        w.failed = true;
        reportLane(w, o, lane, Fault::Trap, "branches",
                   text("index ", n, " into a table of ", o.imm, " branch targets"));
        return false;
      }
      Split part = whole;
      part.mask = same;
      part.pc = targets[n];
      if (first)
        split = std::move(part);
      else
        parts.push_back(std::move(part));
      first = false;
    }
    for (Split &part : parts)
      w.splits.push_back(std::move(part));
    return false;
  }

  bool leave(Split &split, const Op &o, uint32_t mask) {
    if (!mask) {
      ++split.pc;
      return true;
    }
    bool ends = o.kind == Kind::Exit || split.calls.empty();
    uint32_t rest = split.mask & ~mask;
    if (ends) {
      w.exited |= mask;
      w.block->aliveThreads -= static_cast<uint32_t>(std::popcount(mask));
      ++w.group->changes;
      unparkAll(); // lanes that waited for these wait no longer
      releaseBarriers(*w.block);
      split.mask = rest;
      ++split.pc;
      if (!rest)
        std::erase_if(w.splits, [](const Split &s) { return !s.mask; });
      return false;
    }
    if (rest) {
      Split stays = split;
      stays.mask = rest;
      ++stays.pc;
      split.mask = mask;
      split.pc = split.calls.back();
      split.calls.pop_back();
      w.splits.push_back(std::move(stays));
      return false;
    }
    split.pc = split.calls.back();
    split.calls.pop_back();
    return w.splits.size() == 1 || !lowerRunnable(split);
  }

  static bool sameFrame(const Split &a, const Split &b) { return a.pc == b.pc && a.calls == b.calls; }

  /// Takes in the parts that are at the same place and not in the middle of a wait.
  void merge(Split &split) {
    uint32_t mask = split.mask;
    for (Split &other : w.splits)
      if (&other != &split && !other.waiting && sameFrame(other, split)) {
        mask |= other.mask;
        other.mask = 0;
      }
    if (mask == split.mask)
      return;
    split.mask = mask;
    split.parked = false;
    // `split` stays where it is when all that vanish come after it; else it is found again by choose().
    auto index = static_cast<size_t>(&split - w.splits.data());
    size_t before = 0;
    for (size_t i = 0; i < index; ++i)
      before += !w.splits[i].mask;
    if (!before) {
      std::erase_if(w.splits, [](const Split &s) { return !s.mask; });
    } else {
      std::swap(w.splits[0], w.splits[index]);
      std::erase_if(w.splits, [](const Split &s) { return !s.mask; });
      moved = true;
    }
  }
  bool lowerRunnable(const Split &split) {
    if (std::exchange(moved, false))
      return true;
    for (const Split &s : w.splits)
      if (!s.parked && !s.waiting && s.turns <= split.turns && s.pc < split.pc)
        return true;
    return false;
  }

  void unparkAll() {
    for (Split &s : w.splits)
      s.parked = false;
  }

  /// Parts that wait at the same place come together with this one.
  bool join(Split &split) {
    bool joined = false;
    for (Split &other : w.splits)
      if (&other != &split && !other.waiting && sameFrame(other, split)) {
        split.mask |= other.mask;
        other.mask = 0;
        joined = true;
      }
    if (!joined)
      return false;
    split.parked = false;
    Split whole = split;
    split.mask = 0;
    std::erase_if(w.splits, [](const Split &s) { return !s.mask; });
    w.splits.push_back(std::move(whole));
    return true;
  }

  /// Whether all lanes of the warp are here; else this part waits for them, or is chosen again with those it
  /// found.
  bool gatherWarp(Split &split, uint32_t mask) {
    if (mask == w.alive())
      return true;
    if (!join(split))
      split.parked = true;
    return false;
  }

  /// Executes `o` for the lanes whose whole member mask is here. Lanes may name different masks: each set for
  /// itself.
  bool collective(Split &split, const Op &o, uint32_t mask) {
    const uint32_t *members = w.at<uint32_t>(o.e);
    uint32_t done = split.mask & ~mask;
    for (uint32_t rest = mask; rest;) {
      auto first = static_cast<uint32_t>(std::countr_zero(rest));
      uint32_t named = members[first], same = 0;
      forLanes(rest, [&](uint32_t l) { same |= static_cast<uint32_t>(members[l] == named) << l; });
      if (same & ~named) {
        w.failed = true;
        reportLane(w, o, static_cast<uint32_t>(std::countr_zero(same & ~named)), Fault::Divergence,
                   "executed", "a lane executes it that its member mask does not name");
        return false;
      }
      rest &= ~same;
      if ((named & w.alive()) != same)
        continue;
      o.run(w, o, same);
      done |= same;
    }
    if (done == split.mask) {
      ++split.pc;
      return !w.failed;
    }
    if (done & mask) {
      Split ahead = split;
      ahead.mask = done;
      ++ahead.pc;
      split.mask &= ~done;
      split.parked = true;
      w.splits.push_back(std::move(ahead));
    } else if (!join(split)) {
      split.parked = true;
    }
    return false;
  }

  Warp &w;
  const Op *ops;
  uint64_t executed = 0;
  bool moved = false;
};

} // namespace

bool runWarp(Warp &warp, uint64_t budget) { return Step(warp).run(budget); }

} // namespace hone::rt::sim
