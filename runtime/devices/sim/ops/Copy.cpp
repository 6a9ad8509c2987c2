// cp.async: copies of 4 to 16 bytes into shared memory, in groups of each thread. The bytes count as under
// way from the issue until the thread has waited for their group; when they really land is the delivery
// policy's choice.
#include "runtime/devices/sim/ops/Copy.h"
#include "runtime/devices/sim/Access.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include <algorithm>
#include <cstring>

namespace hone::rt::sim {

static void deliver(Warp &w, ThreadCopy &copy) {
  if (copy.landed)
    return;
  std::byte *to = w.group->shared + copy.to;
  memcpy(to, reinterpret_cast<const void *>(copy.from), copy.sourceBytes);
  memset(to + copy.sourceBytes, 0, copy.bytes - copy.sourceBytes);
  copy.landed = true;
  ++w.group->changes;
}

void landCopies(Warp &w, uint32_t lane, uint32_t groups) {
  Group &group = *w.group;
  std::erase_if(w.async.copies, [&](ThreadCopy &copy) {
    if (copy.lane != lane || copy.group >= groups)
      return false;
    deliver(w, copy);
    if (!group.shadow.empty())
      group.shadow.land(copy.to, copy.bytes, group.linear, w.firstThread + lane,
                        group.clocks.own(w.firstThread + lane), copy.op, false);
    return true;
  });
}

void finishAsync(Warp &w) {
  const Program &program = *w.group->launch->program;
  if (!w.async.stores.empty() && w.group->launch->options->checks.async) {
    const BulkStore &store = w.async.stores.front();
    reportLane(w, program.ops[store.op], store.lane, Fault::Async, "issued",
               "the block has ended while this copy may still read its shared memory");
  }
  for (uint32_t lane = 0; lane < 32; ++lane)
    finishStores(w, lane, ~0u);
}

namespace {

/// count: bytes; flags[0]: a source size is in slot b; flags[1]: an ignore-src predicate is in slot b.
/// Address of the source in slot c, its offset in `imm` of the list.
void copyAsync(Warp &w, const Op &o, uint32_t mask) {
  Group &group = *w.group;
  const SimOptions &options = *group.launch->options;
  uint64_t to[32], from[32];
  addressesOf(w, o, to);
  const uint64_t *source = w.at<uint64_t>(o.c);
  auto offset = static_cast<uint64_t>(static_cast<int32_t>(o.target));
  for (int l = 0; l < 32; ++l)
    from[l] = source[l] + offset;
  uint32_t bytes = o.count, sizes[32];
  uint32_t reads = mask;
  for (uint32_t l = 0; l < 32; ++l) {
    sizes[l] = bytes;
    if (o.flags[0])
      sizes[l] = std::min(w.at<uint32_t>(o.b)[l], bytes);
    else if (o.flags[1])
      sizes[l] = w.at<uint8_t>(o.b)[l] ? 0 : bytes;
    if (!sizes[l])
      reads &= ~(1u << l);
  }
  // Bounds of a part of the bytes: the whole is aligned, the part that is read has to be there.
  std::byte *at[32];
  uint32_t good = mask & ~reads;
  uint32_t whole = reads;
  forLanes(reads, [&](uint32_t l) { whole &= ~(static_cast<uint32_t>(sizes[l] != bytes) << l); });
  if (whole)
    good |= resolve(w, o, whole, o.space, from, bytes, {Use::Read, false}, at);
  forLanes(reads & ~whole, [&](uint32_t l) {
    const Region *region = group.launch->memory->find(from[l]);
    if (!region || from[l] - region->base + sizes[l] > region->bytes)
      return reportBounds(w, o, l, Space::Global, from[l], sizes[l], Use::Read);
    checkGlobal(w, o, l, *region, from[l], sizes[l], {Use::Read, false});
    good |= 1u << l;
  });
  auto op = static_cast<uint32_t>(&o - group.launch->program->ops.data());
  forLanes(good, [&](uint32_t l) {
    uint64_t target;
    if (!sharedOffset(w, Space::Shared, to[l], bytes, target))
      return reportBounds(w, o, l, Space::Shared, to[l], bytes, Use::Write);
    if (to[l] % bytes) {
      if (options.checks.align)
        reportLane(w, o, l, Fault::Align, "written",
                   text("a copy of ", bytes, " bytes needs an address that is a multiple of it"),
                   Space::Shared, to[l]);
      return;
    }
    checkShared(w, o, l, target, bytes, {Use::Write, false}, ShadowCell::Pending);
    ThreadCopy copy{l,
                    w.async.committed[l],
                    static_cast<uint32_t>(target),
                    static_cast<uint8_t>(bytes),
                    static_cast<uint8_t>(sizes[l]),
                    false,
                    from[l],
                    op};
    bool now = options.delivery == SimOptions::Delivery::Early ||
               (options.delivery == SimOptions::Delivery::Random && group.random() % 2);
    if (now)
      deliver(w, copy);
    else
      memset(group.shared + target, 0xff, bytes);
    w.async.copies.push_back(copy);
  });
}

void commit(Warp &w, const Op &, uint32_t mask) {
  forLanes(mask, [&](uint32_t l) { ++w.async.committed[l]; });
}
void waitGroup(Warp &w, const Op &o, uint32_t mask) {
  if (w.async.copies.empty())
    return;
  forLanes(mask, [&](uint32_t l) {
    uint32_t all = w.async.committed[l], keep = static_cast<uint32_t>(o.imm);
    landCopies(w, l, o.flags[0] ? ~0u : all > keep ? all - keep : 0);
  });
}

/// cp.async.ca.shared.global [to], [from], bytes{, size or predicate};
void decodeIssue(Decoding &d) {
  d.takeAny({"ca", "cg", "L2::64B", "L2::128B", "L2::256B"});
  bool hint = d.take("L2::cache_hint");
  if (d.takeOneOf({"shared", "shared::cta"}) < 0 || !d.take("global"))
    return d.fail("expected a copy from .global to .shared");
  d.op.space = Space::Global;
  if (!d.expectOperands(3, hint ? 5 : 4))
    return;
  int64_t bytes = d.immediate(2);
  if (bytes != 4 && bytes != 8 && bytes != 16)
    return d.fail("expected 4, 8 or 16 bytes, got ", bytes);
  d.address(1);
  if (d.op.flags[3] != 8)
    return d.fail("expected a global address of 64 bits");
  d.op.c = d.op.a;
  d.op.target = static_cast<uint32_t>(static_cast<int32_t>(d.op.imm));
  d.address(size_t(0));
  d.op.count = static_cast<uint8_t>(bytes);
  if (d.count() > 3 + (hint ? 1u : 0u)) {
    const Operand &last = d.s.operands[3];
    Slot slot = d.readAny(last, 4);
    d.op.b = slot.at;
    d.op.flags[slot.bytes == 1 ? 1 : 0] = true;
    if (slot.bytes != 1 && slot.bytes != 4)
      d.fail("expected a size of 32 bits or a predicate");
  }
  d.op.run = copyAsync;
}

void decodeCp(Decoding &d) {
  for (std::string_view modifier : d.s.modifiers)
    if (modifier == "bulk")
      return decodeBulk(d);
  if (!d.take("async"))
    return d.fail("expected .async");
  if (d.take("mbarrier"))
    return decodeCopyArrive(d);
  if (d.take("commit_group")) {
    d.op.run = commit;
  } else if (d.take("wait_group")) {
    d.op.imm = d.immediate(0);
    d.op.run = waitGroup;
  } else if (d.take("wait_all")) {
    d.op.flags[0] = true;
    d.op.run = waitGroup;
  } else {
    decodeIssue(d);
  }
}

} // namespace

std::span<const Instruction> copyInstructions() {
  static constexpr Instruction table[] = {{"cp", decodeCp}};
  return table;
}

} // namespace hone::rt::sim
