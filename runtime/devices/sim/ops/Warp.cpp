// Exchanges between the lanes of a warp: shfl, vote, match, redux, elect, activemask and bar.warp.sync. None
// but the last orders memory.
#include "runtime/devices/sim/ops/Lanes.h"
#include <algorithm>
#include <bit>

namespace hone::rt::sim {
namespace {

enum Shuffle : uint8_t { Up, Down, Butterfly, Index };

/// The lanes that run it: lanes outside the mask or exited give their own value back.
void shuffle(Warp &w, const Op &o, uint32_t mask) {
  const uint32_t *a = w.at<uint32_t>(o.a), *b = w.at<uint32_t>(o.b), *c = w.at<uint32_t>(o.c);
  uint32_t source[32];
  std::copy(a, a + 32, source);
  uint8_t *predicate = o.list == none ? nullptr : w.at<uint8_t>(o.list);
  uint32_t *d = w.at<uint32_t>(o.d);
  forLanes(mask, [&](uint32_t l) {
    uint32_t segment = c[l] >> 8 & 31, clamp = c[l] & 31, n = b[l] & 31;
    uint32_t most = (l & segment) | (clamp & ~segment & 31), least = l & segment;
    int32_t j = 0;
    bool valid = false;
    switch (o.flags[0]) {
    case Up:
      j = static_cast<int32_t>(l) - static_cast<int32_t>(n);
      valid = j >= static_cast<int32_t>(most);
      break;
    case Down:
      j = static_cast<int32_t>(l + n);
      valid = j <= static_cast<int32_t>(most);
      break;
    case Butterfly:
      j = static_cast<int32_t>(l ^ n);
      valid = j <= static_cast<int32_t>(most);
      break;
    case Index:
      j = static_cast<int32_t>(least | (n & ~segment));
      valid = j <= static_cast<int32_t>(most);
      break;
    default:
      break;
    }
    if (valid && !(mask >> j & 1) && w.group->launch->options->checks.divergence)
      reportLane(w, o, l, Fault::Divergence, "reads",
                 text("lane ", j, ", whose value is read, does not take part"));
    d[l] = source[valid ? static_cast<uint32_t>(j) & 31 : l];
    if (predicate)
      predicate[l] = valid;
  });
}

/// The member mask of a .sync op: slot e; without .sync the lanes that are there.
void takeMembers(Decoding &d, size_t operand) {
  d.op.kind = Kind::Collective;
  d.op.e = d.read(operand, 4);
}

void decodeShfl(Decoding &d) {
  if (!d.take("sync"))
    return d.fail("expected .sync: the form without it is of chips before sm_70");
  int mode = d.takeOneOf({"up", "down", "bfly", "idx"});
  d.take("b32");
  if (mode < 0 || !d.expectOperands(5, 5))
    return d.fail("expected up, down, bfly or idx and 5 operands");
  d.op.flags[0] = static_cast<uint8_t>(mode);
  auto [value, predicate] = d.pair(0);
  d.op.d = d.write(*value, 4);
  d.op.list = predicate && predicate->kind != Operand::Sink ? d.write(*predicate, 1) : none;
  d.op.a = d.read(1, 4);
  d.op.b = d.read(2, 4);
  d.op.c = d.read(3, 4);
  takeMembers(d, 4);
  d.op.run = shuffle;
}

enum Vote : uint8_t { All, Any, Uniform, Ballot };
void vote(Warp &w, const Op &o, uint32_t mask) {
  uint32_t trues = maskOf(w.at<uint8_t>(o.a));
  if (o.flags[1])
    trues = ~trues;
  trues &= mask;
  bool all = trues == mask, any = trues != 0;
  if (o.flags[0] == Ballot)
    return fill(w.at<uint32_t>(o.d), mask, [&](uint32_t) { return trues; });
  auto result = static_cast<uint8_t>(o.flags[0] == All ? all : o.flags[0] == Any ? any : all || !any);
  fill(w.at<uint8_t>(o.d), mask, [&](uint32_t) { return result; });
}
void decodeVote(Decoding &d) {
  if (!d.take("sync"))
    return d.fail("expected .sync: the form without it is of chips before sm_70");
  int mode = d.takeOneOf({"all", "any", "uni", "ballot"});
  d.takeAny({"pred", "b32"});
  if (mode < 0 || !d.expectOperands(3, 3))
    return d.fail("expected all, any, uni or ballot and 3 operands");
  d.op.flags[0] = static_cast<uint8_t>(mode);
  d.op.d = d.write(size_t(0), mode == Ballot ? 4 : 1);
  d.op.a = d.read(1, 1);
  d.op.flags[1] = d.isNegated(1);
  takeMembers(d, 2);
  d.op.run = vote;
}

template <class T>
void match(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a);
  uint32_t equal[32] = {};
  forLanes(mask, [&](uint32_t l) {
    forLanes(mask, [&](uint32_t k) { equal[l] |= static_cast<uint32_t>(a[l] == a[k]) << k; });
  });
  forLanes(mask, [&](uint32_t l) {
    bool all = equal[l] == mask;
    w.at<uint32_t>(o.d)[l] = o.flags[0] && !all ? 0 : equal[l];
    if (o.list != none)
      w.at<uint8_t>(o.list)[l] = all;
  });
}
void decodeMatch(Decoding &d) {
  int mode = d.takeOneOf({"any", "all"});
  d.take("sync");
  Type type = d.takeType();
  if (mode < 0 || !d.expectOperands(3, 3))
    return d.fail("expected any or all and 3 operands");
  auto [value, predicate] = d.pair(0);
  d.op.flags[0] = static_cast<uint8_t>(mode);
  d.op.d = d.write(*value, 4);
  d.op.list = predicate && predicate->kind != Operand::Sink ? d.write(*predicate, 1) : none;
  d.op.a = d.read(1, bytesOf(type));
  takeMembers(d, 2);
  d.op.run = bytesOf(type) == 8 ? match<uint64_t> : match<uint32_t>;
}

struct Sum {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
  }
};
struct Least {
  template <class T>
  T operator()(T a, T b) const {
    return b < a ? b : a;
  }
};
struct Most {
  template <class T>
  T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};
struct And {
  uint32_t operator()(uint32_t a, uint32_t b) const { return a & b; }
};
struct Or {
  uint32_t operator()(uint32_t a, uint32_t b) const { return a | b; }
};
struct Xor {
  uint32_t operator()(uint32_t a, uint32_t b) const { return a ^ b; }
};
template <class T, class F>
void reduce(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a);
  bool first = true;
  T result{};
  forLanes(mask, [&](uint32_t l) {
    result = first ? a[l] : F()(result, a[l]);
    first = false;
  });
  fill(w.at<T>(o.d), mask, [&](uint32_t) { return result; });
}
void decodeRedux(Decoding &d) {
  d.take("sync");
  int what = d.takeOneOf({"add", "min", "max", "and", "or", "xor"});
  d.takeAny({"abs", "NaN"});
  Type type = d.takeType();
  if (what < 0 || !d.expectOperands(3, 3))
    return d.fail("expected add, min, max, and, or or xor and 3 operands");
  d.op.d = d.write(size_t(0), 4);
  d.op.a = d.read(1, 4);
  takeMembers(d, 2);
  static constexpr Handler forUnsigned[] = {reduce<uint32_t, Sum>,  reduce<uint32_t, Least>,
                                            reduce<uint32_t, Most>, reduce<uint32_t, And>,
                                            reduce<uint32_t, Or>,   reduce<uint32_t, Xor>};
  static constexpr Handler forSigned[] = {reduce<int32_t, Sum>, reduce<int32_t, Least>,
                                          reduce<int32_t, Most>};
  if (isFloat(type) || (isSigned(type) && what > 2))
    return d.fail("type '.", infoOf(type).name, "' is not supported");
  d.op.run = isSigned(type) ? forSigned[what] : forUnsigned[what];
}

/// The lowest lane of the mask is the leader.
void elect(Warp &w, const Op &o, uint32_t mask) {
  auto leader = static_cast<uint32_t>(std::countr_zero(mask));
  forLanes(mask, [&](uint32_t l) {
    if (o.d != none)
      w.at<uint32_t>(o.d)[l] = leader;
    w.at<uint8_t>(o.list)[l] = l == leader;
  });
}
void decodeElect(Decoding &d) {
  d.take("sync");
  if (!d.expectOperands(2, 2))
    return;
  auto [value, predicate] = d.pair(0);
  if (!predicate)
    return d.fail("expected d|p");
  d.op.d = value->kind == Operand::Sink ? none : d.write(*value, 4);
  d.op.list = d.write(*predicate, 1);
  takeMembers(d, 1);
  d.op.run = elect;
}

void activeMask(Warp &w, const Op &o, uint32_t mask) {
  fill(w.at<uint32_t>(o.d), mask, [&](uint32_t) { return mask; });
}
void decodeActivemask(Decoding &d) {
  d.take("b32");
  d.op.d = d.write(size_t(0), 4);
  d.op.run = activeMask;
}

} // namespace

/// bar.warp.sync, from Barrier.cpp: the lanes see what all of them did before.
void warpBarrier(Warp &w, const Op &, uint32_t mask) {
  if (!w.group->launch->options->checks.races)
    return;
  std::shared_ptr<VectorClock> all;
  Clocks &clocks = w.group->clocks;
  forLanes(mask, [&](uint32_t l) { clocks.releaseInto(w.firstThread + l, all); });
  ClockRef joined = all;
  forLanes(mask, [&](uint32_t l) { clocks.replace(w.firstThread + l, joined); });
}

std::span<const Instruction> warpInstructions() {
  static constexpr Instruction table[] = {{"shfl", decodeShfl},   {"vote", decodeVote},
                                          {"match", decodeMatch}, {"redux", decodeRedux},
                                          {"elect", decodeElect}, {"activemask", decodeActivemask}};
  return table;
}

} // namespace hone::rt::sim
