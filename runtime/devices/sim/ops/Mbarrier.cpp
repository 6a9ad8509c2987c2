// Transaction barriers in shared memory: a phase ends when all arrivals and all announced bytes have come. An
// arrival releases, a successful wait acquires the phase; copies take part as agents with clocks of their
// own.
#include "runtime/devices/sim/Access.h"
#include "runtime/devices/sim/ops/Copy.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include <bit>

namespace hone::rt::sim {

Mbarrier *findMbarrier(Warp &w, const Op &o, uint32_t lane, uint64_t offset) {
  auto at = w.group->mbarriers.find(offset);
  if (at != w.group->mbarriers.end())
    return &at->second;
  w.failed = true;
  reportLane(w, o, lane, Fault::Async, "executed",
             text("there is no initialized mbarrier at shared+", offset % w.group->sharedStride),
             Space::Shared, offset % w.group->sharedStride);
  return nullptr;
}

static void endPhase(Group &group, Mbarrier &barrier) {
  if (barrier.pending || barrier.bytes)
    return;
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.done = std::move(barrier.clock);
  barrier.clock = nullptr;
  ++group.changes;
}

void completeBytes(Group &group, uint64_t offset, uint64_t bytes) {
  auto at = group.mbarriers.find(offset);
  if (at == group.mbarriers.end())
    return;
  Mbarrier &barrier = at->second;
  if (group.launch->options->checks.races) {
    if (!barrier.clock) {
      barrier.clock = std::make_shared<VectorClock>();
      barrier.clock->at.assign(group.clocks.actors(), 0);
    }
    barrier.clock->at[barrier.agent] = group.clocks.own(barrier.agent);
  }
  barrier.bytes -= static_cast<int64_t>(bytes);
  endPhase(group, barrier);
}

void arriveAt(Warp &w, const Op &o, uint32_t lane, Mbarrier &barrier, uint32_t count) {
  Group &group = *w.group;
  if (count > barrier.pending) {
    w.failed = true;
    return reportLane(w, o, lane, Fault::Async, "arrives",
                      text("an mbarrier that waits for ", barrier.pending, " more arrivals of ",
                           barrier.expected, " gets ", count));
  }
  if (group.launch->options->checks.races)
    group.clocks.releaseInto(w.firstThread + lane, barrier.clock);
  barrier.pending -= count;
  ++group.changes;
  endPhase(group, barrier);
}

namespace {

enum What : uint8_t {
  Init,
  Inval,
  ExpectBytes,
  CompleteBytes,
  Arrive,
  ArriveDrop,
  ArriveExpect,
  TestState,
  TestParity
};

/// The barrier of a lane; every use reads the object, so that it has to be initialized before.
Mbarrier *barrierOf(Warp &w, const Op &o, uint32_t lane, uint64_t address, uint64_t &offset) {
  if (!sharedOffset(w, o.space, address, 8, offset)) {
    reportBounds(w, o, lane, o.space, address, 8, Use::Update);
    w.failed = true;
    return nullptr;
  }
  Mbarrier *barrier = findMbarrier(w, o, lane, offset);
  if (barrier)
    checkShared(w, o, lane, offset, 8, {Use::Read, true});
  return barrier;
}

void initialize(Warp &w, const Op &o, uint32_t mask) {
  uint64_t addresses[32];
  addressesOf(w, o, addresses);
  const uint32_t *counts = w.at<uint32_t>(o.b);
  Group &group = *w.group;
  forLanes(mask, [&](uint32_t l) {
    uint64_t offset;
    if (!sharedOffset(w, o.space, addresses[l], 8, offset))
      return reportBounds(w, o, l, o.space, addresses[l], 8, Use::Write);
    if (addresses[l] % 8)
      return reportLane(w, o, l, Fault::Align, "written",
                        "an mbarrier needs an address that is a multiple of 8", Space::Shared, addresses[l]);
    if (!counts[l] || counts[l] >= 1u << 20)
      return reportLane(w, o, l, Fault::Async, "executed",
                        text("expected 1 to 2^20-1 arrivals, got ", counts[l]));
    checkShared(w, o, l, offset, 8, {Use::Write, false});
    Mbarrier fresh;
    fresh.expected = fresh.pending = counts[l];
    auto agents = static_cast<uint32_t>(group.clocks.actors()) - group.clocks.threadCount();
    fresh.agent = group.clocks.threadCount() + static_cast<uint32_t>(group.mbarriers.size()) % agents;
    if (auto at = group.mbarriers.find(offset); at != group.mbarriers.end())
      fresh.agent = at->second.agent;
    group.mbarriers[offset] = fresh;
  });
  ++group.changes;
}

void invalidate(Warp &w, const Op &o, uint32_t mask) {
  uint64_t addresses[32];
  addressesOf(w, o, addresses);
  forLanes(mask, [&](uint32_t l) {
    uint64_t offset;
    if (barrierOf(w, o, l, addresses[l], offset)) {
      checkShared(w, o, l, offset, 8, {Use::Write, false});
      w.group->mbarriers.erase(offset);
    }
  });
}

/// flags[0]: what; b: the count or the bytes, if any; d: the state, if wanted.
void signal(Warp &w, const Op &o, uint32_t mask) {
  uint64_t addresses[32];
  addressesOf(w, o, addresses);
  forLanes(mask, [&](uint32_t l) {
    uint64_t offset;
    Mbarrier *barrier = w.failed ? nullptr : barrierOf(w, o, l, addresses[l], offset);
    if (!barrier)
      return;
    uint32_t operand = o.b == none ? 1 : w.at<uint32_t>(o.b)[l];
    uint64_t state = barrier->phase;
    switch (o.flags[0]) {
    case ExpectBytes:
      barrier->bytes += operand;
      break;
    case CompleteBytes:
      completeBytes(*w.group, offset, operand);
      break;
    case ArriveExpect:
      barrier->bytes += operand;
      arriveAt(w, o, l, *barrier, 1);
      break;
    case ArriveDrop:
      arriveAt(w, o, l, *barrier, operand);
      barrier->expected -= std::min(operand, barrier->expected);
      if (barrier->phase != state) // the next phase has begun with the old number
        barrier->pending -= std::min(operand, barrier->pending);
      break;
    default:
      arriveAt(w, o, l, *barrier, operand);
      break;
    }
    if (o.d != none)
      w.at<uint64_t>(o.d)[l] = state;
  });
}

/// Whether a phase is over: by the state of an arrival, or by parity. flags[1]: relaxed; flags[2]: waits
/// until it is.
void test(Warp &w, const Op &o, uint32_t mask) {
  uint64_t addresses[32];
  addressesOf(w, o, addresses);
  uint32_t over = 0;
  ClockRef clocks[32];
  forLanes(mask, [&](uint32_t l) {
    uint64_t offset;
    Mbarrier *barrier = w.failed ? nullptr : barrierOf(w, o, l, addresses[l], offset);
    if (!barrier)
      return;
    bool is = o.flags[0] == TestParity ? (barrier->phase & 1) != (w.at<uint32_t>(o.b)[l] & 1)
                                       : barrier->phase > w.at<uint64_t>(o.b)[l];
    over |= static_cast<uint32_t>(is) << l;
    clocks[l] = barrier->done;
  });
  if (!over && o.flags[2] && !w.failed) {
    w.blocked = true;
    return;
  }
  ++w.group->spins;
  forLanes(mask, [&](uint32_t l) {
    bool is = over >> l & 1;
    if (o.d != none)
      w.at<uint8_t>(o.d)[l] = is;
    if (is && clocks[l] && !o.flags[1])
      w.group->clocks.acquire(w.firstThread + l, clocks[l]);
  });
}

/// cp.async.mbarrier.arrive: arrives when the thread's copies so far are there. They count as the barrier's:
/// who waits for it may read.
void copyArrive(Warp &w, const Op &o, uint32_t mask) {
  uint64_t addresses[32];
  addressesOf(w, o, addresses);
  Group &group = *w.group;
  forLanes(mask, [&](uint32_t l) {
    uint64_t offset;
    Mbarrier *barrier = w.failed ? nullptr : barrierOf(w, o, l, addresses[l], offset);
    if (!barrier)
      return;
    std::vector<ThreadCopy> mine;
    for (const ThreadCopy &copy : w.async.copies)
      if (copy.lane == l)
        mine.push_back(copy);
    landCopies(w, l, ~0u);
    uint32_t clock = group.clocks.agentTick(barrier->agent);
    if (!group.shadow.empty())
      for (const ThreadCopy &copy : mine)
        group.shadow.land(copy.to, copy.bytes, group.linear, barrier->agent, clock, copy.op, false);
    if (!o.flags[0]) // without .noinc the arrival adds itself to what is waited for
      ++barrier->pending;
    if (group.launch->options->checks.races) {
      group.clocks.releaseInto(w.firstThread + l, barrier->clock);
      barrier->clock->at[barrier->agent] = clock;
    }
    arriveAt(w, o, l, *barrier, 1);
  });
}

void takeScope(Decoding &d) {
  d.takeAny({"release", "acquire", "cta", "cluster", "b64"});
  d.op.space = d.takeSpace(Space::Generic);
}

void decodeWait(Decoding &d, bool waits) {
  d.op.flags[1] = d.take("relaxed");
  takeScope(d);
  bool parity = d.take("parity");
  if (!d.expectOperands(3, waits ? 4 : 3)) // a time limit may follow, which has no meaning here
    return;
  d.op.flags[0] = parity ? TestParity : TestState;
  d.op.flags[2] = waits;
  const Operand &to = d.s.operands[0];
  d.op.d = to.kind == Operand::Sink ? none : d.write(to, 1);
  d.address(1);
  d.op.b = d.read(2, parity ? 4 : 8);
  if (waits)
    d.op.kind = Kind::Blocking;
  d.op.run = test;
}

void decodeMbarrier(Decoding &d) {
  if (d.take("test_wait"))
    return decodeWait(d, false);
  if (d.take("try_wait"))
    return decodeWait(d, true);
  // Arrivals come first: "expect_tx" also stands after them.
  static constexpr std::pair<std::string_view, What> operations[] = {
      {"arrive", Arrive}, {"arrive_drop", ArriveDrop}, {"init", Init},
      {"inval", Inval},   {"expect_tx", ExpectBytes},  {"complete_tx", CompleteBytes}};
  int what = -1;
  for (auto [name, operation] : operations)
    if (what < 0 && d.take(name))
      what = operation;
  if (what < 0)
    return d.fail("expected an operation of mbarrier");
  d.take("noComplete");
  bool expects = what >= Arrive && d.take("expect_tx");
  if (what >= Arrive && d.take("relaxed"))
    return d.fail("relaxed arrivals are not supported");
  d.take("relaxed");
  takeScope(d);
  size_t at = 0;
  if (what >= Arrive && !d.s.operands.empty() && d.s.operands[0].kind != Operand::Address) {
    if (d.s.operands[0].kind != Operand::Sink)
      d.op.d = d.write(size_t(0), 8);
    at = 1;
  }
  d.address(at);
  if (d.count() > at + 1)
    d.op.b = d.read(at + 1, 4);
  if (expects && what == ArriveDrop)
    return d.fail("arrive_drop with expect_tx is not supported");
  d.op.flags[0] = static_cast<uint8_t>(expects ? ArriveExpect : what);
  if ((what == Init || expects || what == ExpectBytes || what == CompleteBytes) && d.op.b == none)
    return d.fail("expected a count");
  d.op.run = what == Init ? initialize : what == Inval ? invalidate : signal;
}

} // namespace

void decodeCopyArrive(Decoding &d) {
  d.take("arrive");
  d.op.flags[0] = d.take("noinc");
  takeScope(d);
  d.address(size_t(0));
  d.op.run = copyArrive;
}

std::span<const Instruction> mbarrierInstructions() {
  static constexpr Instruction table[] = {{"mbarrier", decodeMbarrier}};
  return table;
}

} // namespace hone::rt::sim
