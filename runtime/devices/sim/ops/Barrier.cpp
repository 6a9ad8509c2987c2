// Barriers of blocks and clusters, and fences. An arrival releases what the thread did, the end of a wait
// acquires what all that have arrived did.
#include "runtime/devices/sim/ops/Lanes.h"
#include "runtime/devices/sim/ops/Sync.h"
#include <bit>

namespace hone::rt::sim {

void warpBarrier(Warp &w, const Op &o, uint32_t mask);

void BarrierState::complete() {
  Result &result = results[generation % std::size(results)];
  result.clock = std::move(clock);
  result.fenced = std::move(fenced);
  result.observed = std::move(observed);
  result.wide = wide;
  fenced = observed = nullptr;
  wide = false;
  result.trues = trues;
  result.voters = voters;
  clock = nullptr;
  arrived = expected = trues = voters = 0;
  ++generation;
}

void releaseBarriers(Block &block) {
  for (BarrierState &barrier : block.barriers)
    if (barrier.arrived && !barrier.expected && barrier.arrived >= block.aliveThreads) {
      barrier.complete();
      ++block.group->changes;
    }
  Group &group = *block.group;
  uint32_t alive = 0;
  for (const Block &b : group.blocks)
    alive += b.aliveThreads;
  if (group.clusterBarrier.arrived && group.clusterBarrier.arrived >= alive) {
    group.clusterBarrier.complete();
    ++group.changes;
  }
}

namespace {

enum What : uint8_t { Sync, Arrive, RedPopc, RedAnd, RedOr };

void arrive(Warp &w, BarrierState &barrier, uint32_t mask, uint32_t threads) {
  if (w.group->launch->options->checks.races) {
    forLanes(mask, [&](uint32_t l) { w.group->clocks.releaseInto(w.firstThread + l, barrier.clock); });
    passFences(w, mask, barrier);
  }
  barrier.arrived += threads;
  ++w.group->changes;
}

void finish(Warp &w, const BarrierState::Result &result, uint32_t mask) {
  if (!result.clock)
    return;
  forLanes(mask, [&](uint32_t l) { w.group->clocks.replace(w.firstThread + l, result.clock); });
  takeFences(w, mask, result);
}

uint32_t uniform(Warp &w, const Op &o, uint32_t mask, uint32_t slot) {
  const uint32_t *values = w.at<uint32_t>(slot);
  auto first = static_cast<uint32_t>(std::countr_zero(mask));
  bool same = true;
  forLanes(mask, [&](uint32_t l) { same &= values[l] == values[first]; });
  if (!same && w.group->launch->options->checks.divergence)
    reportLane(w, o, first, Fault::Divergence, "waits",
               "lanes of one warp name different barriers or counts");
  return values[first];
}

/// flags: what, aligned, whether the predicate is negated.
void barrier(Warp &w, const Op &o, uint32_t mask) {
  uint32_t id = uniform(w, o, mask, o.a);
  if (id >= std::size(w.block->barriers)) {
    w.failed = true;
    return reportLane(w, o, static_cast<uint32_t>(std::countr_zero(mask)), Fault::Divergence, "waits",
                      text("a block has barriers 0 to 15, got ", id));
  }
  BarrierState &barrier = w.block->barriers[id];
  uint64_t &ticket = w.current->ticket;
  if (!ticket) {
    uint32_t expected = o.b == none ? 0 : uniform(w, o, mask, o.b);
    if (barrier.arrived && barrier.expected != expected && w.group->launch->options->checks.divergence)
      reportLane(w, o, static_cast<uint32_t>(std::countr_zero(mask)), Fault::Divergence, "waits",
                 text("barrier ", id, " is waited for with different numbers of threads: ", expected,
                      " here, ", barrier.expected, " elsewhere (0: the whole block)"));
    if (expected % 32 && w.group->launch->options->checks.divergence)
      reportLane(w, o, static_cast<uint32_t>(std::countr_zero(mask)), Fault::Divergence, "waits",
                 text("expected a number of threads that is a multiple of 32, got ", expected));
    barrier.expected = expected;
    if (o.flags[0] >= RedPopc) {
      uint32_t votes = maskOf(w.at<uint8_t>(o.c)) ^ (o.flags[2] ? everyLane : 0);
      barrier.trues += static_cast<uint32_t>(std::popcount(votes & mask));
      barrier.voters += static_cast<uint32_t>(std::popcount(mask));
    }
    // With a number of threads a warp counts whole, also when some of its lanes have exited.
    arrive(w, barrier, mask, expected && o.aligned ? 32u : static_cast<uint32_t>(std::popcount(mask)));
    ticket = barrier.generation;
    if (barrier.arrived >= (expected ? expected : w.block->aliveThreads))
      barrier.complete();
    if (o.flags[0] == Arrive)
      return;
  }
  if (barrier.generation == ticket) {
    w.blocked = true;
    return;
  }
  const BarrierState::Result &result = barrier.results[ticket % std::size(barrier.results)];
  finish(w, result, mask);
  if (o.flags[0] == RedPopc)
    fill(w.at<uint32_t>(o.d), mask, [&](uint32_t) { return result.trues; });
  else if (o.flags[0] >= RedAnd)
    fill(w.at<uint8_t>(o.d), mask, [&](uint32_t) {
      return static_cast<uint8_t>(o.flags[0] == RedAnd ? result.trues == result.voters : result.trues > 0);
    });
}

// The cluster's barrier: the ticket of a warp's arrival is kept for its wait.
void clusterArrive(Warp &w, const Op &o, uint32_t mask) {
  BarrierState &barrier = w.group->clusterBarrier;
  w.async.clusterTicket = barrier.generation;
  if (o.flags[0] || !w.group->launch->options->checks.races) // relaxed: no order
    barrier.arrived += static_cast<uint32_t>(std::popcount(mask)), ++w.group->changes;
  else
    arrive(w, barrier, mask, static_cast<uint32_t>(std::popcount(mask)));
  releaseBarriers(*w.block);
}
void clusterWait(Warp &w, const Op &o, uint32_t mask) {
  BarrierState &barrier = w.group->clusterBarrier;
  uint64_t ticket = w.async.clusterTicket;
  if (!ticket) {
    w.failed = true;
    return reportLane(w, o, static_cast<uint32_t>(std::countr_zero(mask)), Fault::Divergence, "waits",
                      "barrier.cluster.wait without an arrive before");
  }
  if (barrier.generation == ticket) {
    w.blocked = true;
    return;
  }
  w.async.clusterTicket = 0;
  if (const ClockRef &clock = barrier.results[ticket % std::size(barrier.results)].clock)
    forLanes(mask, [&](uint32_t l) { w.group->clocks.acquire(w.firstThread + l, clock); });
  takeFences(w, mask, barrier.results[ticket % std::size(barrier.results)]);
}

void decodeCluster(Decoding &d) {
  bool wait = d.takeOneOf({"arrive", "wait"}) == 1;
  d.op.flags[0] = d.take("relaxed");
  d.takeAny({"release", "acquire"});
  d.op.aligned = d.take("aligned");
  d.op.kind = wait ? Kind::Blocking : d.op.aligned ? Kind::Aligned : Kind::Plain;
  d.op.run = wait ? clusterWait : clusterArrive;
  d.expectOperands(0, 0);
}

void decodeBar(Decoding &d) {
  if (d.take("cluster"))
    return decodeCluster(d);
  if (d.take("warp")) {
    if (!d.take("sync") || !d.expectOperands(1, 1))
      return d.fail("expected bar.warp.sync and a mask");
    d.op.kind = Kind::Collective;
    d.op.e = d.read(size_t(0), 4);
    d.op.run = warpBarrier;
    return;
  }
  d.take("cta");
  int what = d.takeOneOf({"sync", "arrive", "red"});
  d.op.aligned = d.take("aligned") || d.s.opcode == "bar";
  if (what < 0)
    return d.fail("expected sync, arrive or red");
  size_t first = 0;
  if (what == 2) {
    int how = d.takeOneOf({"popc", "and", "or"});
    d.takeAny({"u32", "pred"});
    if (how < 0 || !d.expectOperands(3, 4))
      return d.fail("expected popc, and or or, and 3 or 4 operands");
    what = RedPopc + how;
    d.op.d = d.write(size_t(0), how == 0 ? 4 : 1);
    d.op.c = d.read(d.count() - 1, 1);
    d.op.flags[2] = d.isNegated(d.count() - 1);
    first = 1;
  } else if (!d.expectOperands(what == Arrive ? 2 : 1, 2)) {
    return;
  }
  d.op.flags[0] = static_cast<uint8_t>(what);
  d.op.a = d.read(first, 4);
  if (d.count() > first + 1 + (what >= RedPopc ? 1u : 0u))
    d.op.b = d.read(first + 1, 4);
  d.op.kind = Kind::Blocking;
  d.op.run = barrier;
}

void memoryFence(Warp &w, const Op &o, uint32_t mask) { fence(w, mask, o.flags[0]); }
/// fence.proxy.async: what ordinary stores wrote before may be read by asynchronous copies and tensor-core
/// ops after.
void proxyFence(Warp &w, const Op &o, uint32_t mask) {
  if (w.group->launch->options->checks.async)
    forLanes(mask, [&](uint32_t l) { w.group->proxies.fence(w.group->clocks, w.firstThread + l); });
}

void decodeFence(Decoding &d) {
  if (d.take("proxy")) {
    int kind = d.takeOneOf({"async", "alias", "async.global", "tensormap::generic"});
    bool tensormap = d.take("tensormap::generic") || kind == 3;
    d.takeAny({"global", "shared::cta", "shared::cluster", "async", "release", "acquire", "cta", "cluster",
               "gpu", "sys", "async::generic", "sync_restrict::shared::cta",
               "sync_restrict::shared::cluster"});
    if (kind == 0 && !tensormap)
      d.op.run = proxyFence;
    else
      d.op.run = memoryFence;
    return;
  }
  if (d.take("mbarrier_init")) {
    d.takeAny({"release", "cluster"});
    d.op.run = memoryFence;
    return;
  }
  d.takeAny({"sc", "acq_rel", "acquire", "release", "sync_restrict::shared::cta",
             "sync_restrict::shared::cluster"});
  int scope = d.takeOneOf({"cta", "gl", "sys", "gpu", "cluster"});
  if (scope < 0)
    d.fail("expected a scope");
  d.op.flags[0] = scope == 0;
  d.op.run = memoryFence;
}

} // namespace

std::span<const Instruction> barrierInstructions() {
  static constexpr Instruction table[] = {
      {"bar", decodeBar}, {"barrier", decodeBar}, {"membar", decodeFence}, {"fence", decodeFence}};
  return table;
}

} // namespace hone::rt::sim
