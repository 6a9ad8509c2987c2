// cp.async.bulk: copies of a run of bytes or of a box of a tensor, by the async proxy. Into shared memory
// they signal a transaction barrier and are under way until it completes; out of it they belong to groups of
// their thread and read until those are waited for.
#include "runtime/devices/sim/Access.h"
#include "runtime/devices/sim/TensorMap.h"
#include "runtime/devices/sim/ops/Copy.h"
#include "runtime/devices/sim/ops/Half.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include <cstring>

namespace hone::rt::sim {
namespace {

/// The operands of a bulk copy in Program::lists: three entries an address (slot, bytes, offset), then single
/// slots.
enum Part : uint32_t { To = 0, From = 3, Barrier = 6, Size = 9, Mask = 10, Coordinates = 11, Parts = 16 };
/// flags[0]: the form; flags[1]: dimensions of a box, 0: a run of bytes; flags[2]: multicast.
enum Form : uint8_t { GlobalToShared, SharedToGlobal, SharedToShared, Prefetch, Reduce };

const uint32_t *listOf(const Warp &w, const Op &o) { return w.group->launch->program->lists.data() + o.list; }

uint64_t addressAt(const Warp &w, const uint32_t *part, uint32_t lane) {
  uint64_t base = part[1] == 4 ? w.at<uint32_t>(part[0])[lane] : w.at<uint64_t>(part[0])[lane];
  return base + static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(part[2])));
}

/// Swizzles move chunks of 16 bytes inside rows of 128: by the address in the block's shared memory.
uint64_t swizzled(uint64_t at, uint32_t bytes) { return at ^ ((at >> 7 & (bytes / 16 - 1)) << 4); }

/// A box of a tensor, with the place of its first element.
struct Box {
  EncodedMap map;
  int64_t first[5] = {};
  uint64_t bytes() const {
    uint64_t n = map.elementBytes;
    for (uint32_t d = 0; d < map.rank; ++d)
      n *= map.box[d];
    return n;
  }
  /// Calls f(offset in the box, address or 0, bytes) for chunks of at most 16 bytes; 0 stands for bytes
  /// outside of the tensor.
  template <class F>
  void chunks(F f) const {
    uint64_t row = uint64_t(map.box[0]) * map.elementBytes, rows = bytes() / row;
    for (uint64_t r = 0; r < rows; ++r) {
      uint64_t rest = r, address = map.address;
      bool inside = true;
      for (uint32_t d = 1; d < map.rank; ++d) {
        int64_t at = first[d] + static_cast<int64_t>(rest % map.box[d]);
        rest /= map.box[d];
        inside &= at >= 0 && at < static_cast<int64_t>(map.sizes[d]);
        address += static_cast<uint64_t>(at) * map.strides[d - 1];
      }
      for (uint64_t b = 0; b < row; b += map.elementBytes) {
        int64_t at = first[0] + static_cast<int64_t>(b / map.elementBytes);
        bool here = inside && at >= 0 && at < static_cast<int64_t>(map.sizes[0]);
        f(r * row + b, here ? address + static_cast<uint64_t>(at) * map.elementBytes : 0, map.elementBytes);
      }
    }
  }
};

/// Where a copy's bytes lie in the group's shared memory: swizzled by their address in the block.
uint64_t placeOf(const Group &group, uint64_t base, uint64_t offset, uint32_t swizzle) {
  uint64_t at = base + offset;
  if (!swizzle)
    return at;
  uint64_t block = at / group.sharedStride * group.sharedStride;
  return block + swizzled(at - block, swizzle);
}

bool readMap(Warp &w, const Op &o, uint32_t lane, uint64_t address, Box &box) {
  const Launch &launch = *w.group->launch;
  auto in = [&](uint64_t base, uint64_t bytes) {
    return address - base < bytes && bytes - (address - base) >= 128;
  };
  const Region *region = launch.memory->find(address);
  bool there = in(reinterpret_cast<uint64_t>(launch.parameters.data()), launch.parameters.size() * 8) ||
               (region && in(region->base, region->bytes));
  if (!there) {
    reportBounds(w, o, lane, Space::Generic, address, 128, Use::Read);
    return false;
  }
  memcpy(&box.map, reinterpret_cast<const void *>(address), sizeof box.map);
  if (box.map.magic != tensorMapMagic) {
    reportLane(w, o, lane, Fault::Async, "issued", "the address is not that of a tensor map", Space::Generic,
               address);
    return false;
  }
  if (box.map.rank != o.flags[1]) {
    reportLane(w, o, lane, Fault::Async, "issued",
               text("a tensor map of ", box.map.rank, " dimensions is used for a copy of ", int(o.flags[1])));
    return false;
  }
  // The whole tensor has to be inside one allocation.
  uint64_t end = box.map.address + uint64_t(box.map.sizes[0]) * box.map.elementBytes;
  for (uint32_t d = 1; d < box.map.rank; ++d)
    end += (uint64_t(box.map.sizes[d]) - 1) * box.map.strides[d - 1];
  const Region *tensor = launch.memory->find(box.map.address);
  if (!tensor || end > tensor->base + tensor->bytes) {
    reportBounds(w, o, lane, Space::Global, box.map.address, end - box.map.address, Use::Read);
    return false;
  }
  const uint32_t *list = listOf(w, o);
  for (uint32_t d = 0; d < box.map.rank; ++d)
    box.first[d] = w.at<int32_t>(list[Coordinates + d])[lane];
  return true;
}

uint64_t delayOf(Group &group) {
  switch (group.launch->options->delivery) {
  case SimOptions::Delivery::Early:
    return 0;
  case SimOptions::Delivery::Late:
    return ~0ull;
  case SimOptions::Delivery::Random:
    break;
  }
  return group.turns + group.random() % 8;
}

/// Lands `bytes` at every target with what `fill` writes, and signals the barrier there.
struct Target {
  uint64_t to, barrier;
};
void issue(Warp &w, const Op &o, std::vector<Target> targets, uint64_t bytes,
           std::function<void(uint64_t to)> fill) {
  Group &group = *w.group;
  auto op = static_cast<uint32_t>(&o - group.launch->program->ops.data());
  BulkCopy copy;
  copy.due = delayOf(group);
  for (const Target &t : targets)
    memset(group.shared + t.to, 0xff, bytes);
  copy.run = [&group, targets = std::move(targets), bytes, fill = std::move(fill), op] {
    for (const Target &t : targets) {
      fill(t.to);
      if (auto at = group.mbarriers.find(t.barrier); at != group.mbarriers.end()) {
        uint32_t clock = group.clocks.agentTick(at->second.agent);
        if (!group.shadow.empty())
          group.shadow.land(t.to, bytes, group.linear, at->second.agent, clock, op, true);
      }
      completeBytes(group, t.barrier, bytes);
    }
  };
  if (copy.due == 0)
    copy.run();
  else
    group.engine.copies.push_back(std::move(copy));
}

/// The places that a copy into shared memory writes and signals; empty after a report.
std::vector<Target> targetsOf(Warp &w, const Op &o, uint32_t lane, uint64_t bytes, uint64_t align) {
  const uint32_t *list = listOf(w, o);
  Group &group = *w.group;
  uint64_t to = addressAt(w, list + To, lane), barrier = addressAt(w, list + Barrier, lane), at, signal;
  if (!sharedOffset(w, Space::SharedCluster, to, bytes, at)) {
    reportBounds(w, o, lane, Space::Shared, to, bytes, Use::Write);
    return {};
  }
  if (!sharedOffset(w, Space::SharedCluster, barrier, 8, signal)) {
    reportBounds(w, o, lane, Space::Shared, barrier, 8, Use::Update);
    return {};
  }
  if (at % align) {
    reportLane(w, o, lane, Fault::Align, "written",
               text("this copy needs a shared address that is a multiple of ", align), Space::Shared, to);
    return {};
  }
  std::vector<Target> targets;
  if (!o.flags[2]) {
    targets.push_back({at, signal});
  } else {
    uint32_t mask = w.at<uint16_t>(list[Mask])[lane];
    for (uint32_t rank = 0; rank < 16; ++rank)
      if (mask >> rank & 1) {
        if (rank >= group.blocks.size()) {
          reportLane(
              w, o, lane, Fault::Bounds, "written",
              text("rank ", rank, " of the multicast mask is not in the cluster of ", group.blocks.size()));
          return {};
        }
        targets.push_back({rank * group.sharedStride + at % group.sharedStride,
                           rank * group.sharedStride + signal % group.sharedStride});
      }
  }
  for (const Target &t : targets) {
    if (!findMbarrier(w, o, lane, t.barrier))
      return {};
    if (t.barrier / group.sharedStride == w.block->rank)
      checkShared(w, o, lane, t.barrier, 8, {Use::Read, true});
    checkShared(w, o, lane, t.to, bytes, {Use::Write, false}, ShadowCell::Pending, true);
  }
  return targets;
}

void checkTensorRead(Warp &w, const Op &o, uint32_t lane, const Box &box) {
  const Region *region = w.group->launch->memory->find(box.map.address);
  if (region->written || region->shadow)
    box.chunks([&](uint64_t, uint64_t address, uint64_t n) {
      if (address)
        checkGlobal(w, o, lane, *region, address, n, {Use::Read, false});
    });
}

void load(Warp &w, const Op &o, uint32_t lane) {
  const uint32_t *list = listOf(w, o);
  Group &group = *w.group;
  if (o.flags[1]) {
    Box box;
    if (!readMap(w, o, lane, addressAt(w, list + From, lane), box))
      return;
    checkTensorRead(w, o, lane, box);
    std::vector<Target> targets = targetsOf(w, o, lane, box.bytes(), 128);
    if (!targets.empty())
      issue(w, o, std::move(targets), box.bytes(), [&group, box](uint64_t to) {
        box.chunks([&](uint64_t offset, uint64_t address, uint64_t n) {
          std::byte *at = group.shared + placeOf(group, to, offset, box.map.swizzle);
          if (address)
            memcpy(at, reinterpret_cast<const void *>(address), n);
          else
            memset(at, 0, n);
        });
      });
    return;
  }
  uint64_t from = addressAt(w, list + From, lane), bytes = w.at<uint32_t>(list[Size])[lane];
  if (bytes % 16 || from % 16)
    return reportLane(
        w, o, lane, Fault::Align, "issued",
        text("a bulk copy needs addresses and sizes that are multiples of 16, got ", bytes, " bytes"));
  const std::byte *source = nullptr;
  uint64_t at = 0;
  if (o.flags[0] == GlobalToShared) {
    const Region *region = group.launch->memory->find(from);
    if (!region || from - region->base + bytes > region->bytes)
      return reportBounds(w, o, lane, Space::Global, from, bytes, Use::Read);
    checkGlobal(w, o, lane, *region, from, bytes, {Use::Read, false});
    source = reinterpret_cast<const std::byte *>(from);
  } else {
    if (!sharedOffset(w, Space::Shared, from, bytes, at))
      return reportBounds(w, o, lane, Space::Shared, from, bytes, Use::Read);
    readByProxy(w, o, lane, at, bytes);
    source = group.shared + at;
  }
  std::vector<Target> targets = targetsOf(w, o, lane, bytes, 16);
  if (!targets.empty())
    issue(w, o, std::move(targets), bytes,
          [&group, source, bytes](uint64_t to) { memcpy(group.shared + to, source, bytes); });
}

template <class T>
void addTo(std::byte *to, const std::byte *from, uint64_t bytes) {
  for (uint64_t i = 0; i < bytes; i += sizeof(T)) {
    T a, b;
    memcpy(&a, to + i, sizeof a);
    memcpy(&b, from + i, sizeof b);
    a = static_cast<T>(a + b);
    memcpy(to + i, &a, sizeof a);
  }
}
template <class H>
void addHalves(std::byte *to, const std::byte *from, uint64_t bytes) {
  for (uint64_t i = 0; i < bytes; i += 2) {
    uint16_t a, b;
    memcpy(&a, to + i, 2);
    memcpy(&b, from + i, 2);
    a = H::put(H::get(a) + H::get(b));
    memcpy(to + i, &a, 2);
  }
}
struct Adder {
  Type type;
  void (*add)(std::byte *, const std::byte *, uint64_t);
};
constexpr Adder adders[] = {{Type::F32, addTo<float>},    {Type::F64, addTo<double>},
                            {Type::U32, addTo<uint32_t>}, {Type::S32, addTo<int32_t>},
                            {Type::U64, addTo<uint64_t>}, {Type::F16, addHalves<F16>},
                            {Type::BF16, addHalves<BF16>}};

void keepStore(Warp &w, const Op &o, uint32_t lane, uint64_t at, uint64_t bytes, std::function<void()> run) {
  auto op = static_cast<uint32_t>(&o - w.group->launch->program->ops.data());
  readByProxy(w, o, lane, at, bytes);
  if (!w.group->shadow.empty())
    w.group->shadow.use(at, bytes, 1, op);
  BulkStore store{lane, w.async.bulkCommitted[lane], op, at, bytes, std::move(run)};
  if (delayOf(*w.group) == 0) {
    store.run();
    store.run = nullptr;
  }
  w.async.stores.push_back(std::move(store));
}

void save(Warp &w, const Op &o, uint32_t lane) {
  const uint32_t *list = listOf(w, o);
  Group &group = *w.group;
  uint64_t from = addressAt(w, list + From, lane), at;
  if (o.flags[1]) {
    Box box;
    if (!readMap(w, o, lane, addressAt(w, list + To, lane), box))
      return;
    uint64_t bytes = box.bytes();
    if (!sharedOffset(w, Space::Shared, from, bytes, at))
      return reportBounds(w, o, lane, Space::Shared, from, bytes, Use::Read);
    if (at % 128)
      return reportLane(w, o, lane, Fault::Align, "read",
                        "this copy needs a shared address that is a multiple of 128", Space::Shared, from);
    const Region *region = group.launch->memory->find(box.map.address);
    box.chunks([&](uint64_t, uint64_t address, uint64_t n) {
      if (address)
        checkGlobal(w, o, lane, *region, address, n, {Use::Write, false});
    });
    return keepStore(w, o, lane, at, bytes, [&group, box, at] {
      box.chunks([&](uint64_t offset, uint64_t address, uint64_t n) {
        if (address)
          memcpy(reinterpret_cast<void *>(address),
                 group.shared + placeOf(group, at, offset, box.map.swizzle), n);
      });
    });
  }
  uint64_t to = addressAt(w, list + To, lane), bytes = w.at<uint32_t>(list[Size])[lane];
  if (bytes % 16 || from % 16 || to % 16)
    return reportLane(
        w, o, lane, Fault::Align, "issued",
        text("a bulk copy needs addresses and sizes that are multiples of 16, got ", bytes, " bytes"));
  if (!sharedOffset(w, Space::Shared, from, bytes, at))
    return reportBounds(w, o, lane, Space::Shared, from, bytes, Use::Read);
  const Region *region = group.launch->memory->find(to);
  if (!region || to - region->base + bytes > region->bytes || region->readOnly)
    return reportBounds(w, o, lane, Space::Global, to, bytes, Use::Write);
  bool adds = o.flags[0] == Reduce;
  checkGlobal(w, o, lane, *region, to, bytes, {adds ? Use::Update : Use::Write, adds});
  auto type = static_cast<Type>(o.count);
  keepStore(w, o, lane, at, bytes, [&group, to, at, bytes, adds, type] {
    auto *target = reinterpret_cast<std::byte *>(to);
    if (!adds) {
      memcpy(target, group.shared + at, bytes);
      return;
    }
    std::lock_guard held(group.launch->global);
    for (const Adder &a : adders)
      if (a.type == type)
        a.add(target, group.shared + at, bytes);
  });
}

void run(Warp &w, const Op &o, uint32_t mask) {
  forLanes(mask, [&](uint32_t lane) {
    if (o.flags[0] == GlobalToShared || o.flags[0] == SharedToShared)
      load(w, o, lane);
    else if (o.flags[0] != Prefetch)
      save(w, o, lane);
  });
}

void commit(Warp &w, const Op &, uint32_t mask) {
  forLanes(mask, [&](uint32_t l) { ++w.async.bulkCommitted[l]; });
}
void waitGroup(Warp &w, const Op &o, uint32_t mask) {
  auto keep = static_cast<uint32_t>(o.imm);
  forLanes(mask, [&](uint32_t l) {
    uint32_t all = w.async.bulkCommitted[l];
    finishStores(w, l, all > keep ? all - keep : 0);
  });
}

bool isSpace(std::string_view m) { return m == "global" || m.starts_with("shared"); }

void addAddress(Decoding &d, const Operand &operand, std::vector<uint32_t> &list) {
  d.address(operand);
  list.insert(list.end(), {d.op.a, d.op.flags[3], static_cast<uint32_t>(static_cast<int32_t>(d.op.imm))});
}
/// [map, {c0, c1}]
void addCoordinates(Decoding &d, const Operand &operand, uint32_t rank, std::vector<uint32_t> &list) {
  if (operand.kind != Operand::Address || operand.parts.size() < 2 ||
      operand.parts[1].kind != Operand::Vector || operand.parts[1].parts.size() != rank)
    return d.fail("expected [map, {", rank, " coordinates}]");
  for (uint32_t i = 0; i < rank; ++i)
    list[Coordinates + i] = d.read(operand.parts[1].parts[i], 4);
}

} // namespace

void readByProxy(Warp &w, const Op &o, uint32_t lane, uint64_t at, uint64_t bytes) {
  Group &group = *w.group;
  if (group.shadow.empty())
    return;
  checkShared(w, o, lane, at, bytes, {Use::Read, false});
  if (!group.shadow.checks.async)
    return;
  Accessor by{&group.clocks, w.firstThread + lane, 0};
  Other other;
  Clash clash = group.shadow.proxyRead(at, bytes, by, other, [&](uint32_t writer, uint32_t clock) {
    return group.proxies.covers(group.clocks, writer, clock, w.firstThread + lane);
  });
  if (clash != Clash::None)
    reportClash(w, o, lane, clash, other, false, Space::Shared, at, nullptr);
}

void finishStores(Warp &w, uint32_t lane, uint32_t groups) {
  Group &group = *w.group;
  std::erase_if(w.async.stores, [&](BulkStore &store) {
    if (store.lane != lane || store.group >= groups)
      return false;
    if (store.run)
      store.run();
    if (!group.shadow.empty())
      group.shadow.use(store.at, store.bytes, -1, store.op);
    ++group.changes;
    return true;
  });
}

void decodeBulk(Decoding &d) {
  bool reduces = d.take("reduce");
  d.takeAny({"async", "bulk"});
  if (d.take("commit_group")) {
    d.op.run = commit;
    return;
  }
  if (d.take("wait_group")) {
    d.take("read");
    d.op.imm = d.immediate(0);
    d.op.run = waitGroup;
    return;
  }
  std::vector<std::string_view> spaces;
  for (std::string_view m : d.s.modifiers)
    if (isSpace(m)) {
      spaces.push_back(m);
      d.take(m);
    }
  bool tensor = d.take("tensor"), prefetches = d.take("prefetch"), hint = d.take("L2::cache_hint");
  int rank = tensor ? d.takeOneOf({"1d", "2d", "3d", "4d", "5d"}) + 1 : 0;
  if (tensor && rank == 0)
    return d.fail("expected 1d to 5d");
  d.takeAny({"tile", "L2", "bulk_group", "mbarrier::complete_tx::bytes", "cta_group::1"});
  bool multicast = d.take("multicast::cluster");
  std::vector<uint32_t> list(Parts, none);
  d.op.flags[1] = static_cast<uint8_t>(rank);
  d.op.flags[2] = multicast;
  uint8_t flags[3] = {0, d.op.flags[1], d.op.flags[2]};
  auto part = [&](uint32_t where, size_t operand) {
    if (operand >= d.count())
      return d.fail("expected an operand ", operand + 1);
    std::vector<uint32_t> address;
    addAddress(d, d.s.operands[operand], address);
    std::copy(address.begin(), address.end(), list.begin() + where);
  };
  size_t next = 0;
  if (prefetches) {
    flags[0] = Prefetch;
    part(From, 0);
    if (tensor)
      addCoordinates(d, d.s.operands[0], static_cast<uint32_t>(rank), list);
    else
      list[Size] = d.read(1, 4);
    next = tensor ? 1 : 2;
  } else {
    if (spaces.size() != 2)
      return d.fail("expected the spaces of the target and of the source");
    bool out = spaces[0] == "global";
    flags[0] = static_cast<uint8_t>(out                     ? (reduces ? Reduce : SharedToGlobal)
                                    : spaces[1] == "global" ? GlobalToShared
                                                            : SharedToShared);
    if (reduces) {
      if (tensor || !out || !d.take("add"))
        return d.fail("of reductions only .add of runs of bytes to .global is supported");
      d.take("noftz");
      Type type = d.takeType();
      bool known = false;
      for (const Adder &a : adders)
        known |= a.type == type;
      if (!known)
        return d.fail("type '.", infoOf(type).name, "' is not supported");
      d.op.count = static_cast<uint8_t>(type);
    }
    part(To, next++);
    part(From, next++);
    if (tensor)
      addCoordinates(d, d.s.operands[out ? 0 : 1], static_cast<uint32_t>(rank), list);
    else
      list[Size] = d.read(next++, 4);
    if (!out)
      part(Barrier, next++);
    if (multicast)
      list[Mask] = d.read(next++, 2);
  }
  if (hint)
    d.read(next++, 8);
  d.expectOperands(next, next);
  std::copy(flags, flags + 3, d.op.flags);
  d.op.a = none;
  d.op.imm = 0;
  d.op.list = d.addList(list);
  d.op.run = run;
}

} // namespace hone::rt::sim
