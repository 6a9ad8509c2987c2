// The happens-before check of one access. `writeOp` of a cell is one more than the op, 0 for what the host
// wrote.
#include "runtime/devices/sim/Shadow.h"
#include <algorithm>

namespace hone::rt::sim {

void Shadow::reset(size_t bytes, bool ready) {
  ShadowCell fresh;
  fresh.state = ready ? ShadowCell::Ready : ShadowCell::Uninitialized;
  cells.assign((bytes + 3) / 4, fresh);
  splits.resize(1);
  overflow.resize(1);
  freeOverflow.clear();
}

void Shadow::splitWord(ShadowCell &cell) {
  std::array<ShadowCell, 4> parts;
  parts.fill(cell);
  if (cell.more) // every part needs further readers of its own
    for (int i = 0; i < 4; ++i) {
      overflow.push_back(overflow[cell.more]);
      parts[static_cast<size_t>(i)].more = static_cast<uint32_t>(overflow.size() - 1);
    }
  cell = ShadowCell();
  cell.split = true;
  cell.more = static_cast<uint32_t>(splits.size());
  splits.push_back(parts);
}

/// Calls `f` for every cell of the range until one clashes.
template <class F>
Clash Shadow::each(size_t at, size_t bytes, F f) {
  size_t end = at + bytes;
  while (at < end) {
    ShadowCell &cell = cells[at / 4];
    size_t stop = std::min(end, at / 4 * 4 + 4);
    if (!cell.split && stop - at == 4) {
      if (Clash clash = f(cell); clash != Clash::None)
        return clash;
    } else {
      if (!cell.split)
        splitWord(cell);
      std::array<ShadowCell, 4> &parts = splits[cell.more];
      for (size_t i = at; i < stop; ++i)
        if (Clash clash = f(parts[i % 4]); clash != Clash::None)
          return clash;
    }
    at = stop;
  }
  return Clash::None;
}

static bool orderedWrite(const ShadowCell &cell, const Accessor &by) {
  if (!cell.writeOp)
    return true;
  if (cell.writeGroup == by.clocks->groupIndex())
    return by.clocks->ordered(by.thread, cell.writer, cell.writeClock);
  return by.clocks->orderedOther(by.thread, cell.writeGroup, cell.writer, cell.writeClock);
}

bool Shadow::orderedReader(const ShadowReader &reader, const Accessor &by, Other &other) const {
  uint32_t first = reader.warp * 32u, before = 0;
  if (reader.group == by.clocks->groupIndex()) {
    const uint32_t *known = by.clocks->known(by.thread).at.data() + first;
    for (uint32_t lane = 0; lane < 32; ++lane)
      before |= static_cast<uint32_t>(known[lane] < reader.clock) << lane;
    before &= reader.lanes;
    if (by.thread / 32 == reader.warp)
      before &= ~(1u << by.thread % 32);
  } else {
    for (uint32_t lanes = reader.lanes; lanes; lanes &= lanes - 1) {
      auto lane = static_cast<uint32_t>(__builtin_ctz(lanes));
      before |=
          static_cast<uint32_t>(!by.clocks->orderedOther(by.thread, reader.group, first + lane, reader.clock))
          << lane;
    }
  }
  if (!before)
    return true;
  other = {reader.group, first + static_cast<uint32_t>(__builtin_ctz(before)), reader.op};
  return false;
}

void Shadow::addReader(ShadowCell &cell, const Accessor &by) {
  ShadowReader self{by.clocks->own(by.thread),
                    1u << by.thread % 32,
                    by.op,
                    by.clocks->groupIndex(),
                    static_cast<uint16_t>(by.thread / 32),
                    by.strong};
  auto same = [&](ShadowReader &r) {
    if (r.warp != self.warp || r.group != self.group || r.strong != self.strong)
      return false;
    if (r.clock == self.clock) {
      r.lanes |= self.lanes;
      r.op = self.op;
      return true;
    }
    // An older read of this lane is covered by the new one; of other lanes it is not.
    if (r.lanes == self.lanes) {
      r = self;
      return true;
    }
    return false;
  };
  for (uint8_t i = 0; i < cell.readers; ++i)
    if (same(cell.reader[i]))
      return;
  if (cell.readers < std::size(cell.reader)) {
    cell.reader[cell.readers++] = self;
    return;
  }
  // Reads that are ordered before this one say nothing that it does not: who races with them races with it.
  Other ignored;
  for (ShadowReader &r : cell.reader)
    if (r.strong >= self.strong && orderedReader(r, by, ignored)) {
      r = self;
      return;
    }
  if (!cell.more) {
    if (freeOverflow.empty()) {
      cell.more = static_cast<uint32_t>(overflow.size());
      overflow.emplace_back();
    } else {
      cell.more = freeOverflow.back();
      freeOverflow.pop_back();
    }
  }
  std::vector<ShadowReader> &list = overflow[cell.more];
  for (ShadowReader &r : list)
    if (same(r))
      return;
  std::erase_if(
      list, [&](const ShadowReader &r) { return r.strong >= self.strong && orderedReader(r, by, ignored); });
  list.push_back(self);
}

Clash Shadow::readCell(ShadowCell &cell, const Accessor &by, Other &other) {
  other = {cell.writeGroup, cell.writer, cell.writeOp ? cell.writeOp - 1 : 0};
  Clash clash = Clash::None;
  if (cell.state == ShadowCell::Uninitialized)
    return checks.poison ? Clash::Uninitialized : Clash::None;
  if (cell.state == ShadowCell::Pending)
    return checks.async ? Clash::Pending : Clash::None;
  if (!checks.races)
    return Clash::None;
  if (!(by.strong && cell.strong) && !orderedWrite(cell, by))
    clash = Clash::ReadAfterWrite;
  addReader(cell, by);
  return clash;
}

Clash Shadow::writeCell(ShadowCell &cell, const Accessor &by, Other &other, ShadowCell::State to) {
  Clash clash = Clash::None;
  if (cell.inUse && checks.async) {
    other = {by.clocks->groupIndex(), ~0u, 0};
    clash = Clash::InUse;
  } else if (cell.state == ShadowCell::Pending && checks.async) {
    other = {cell.writeGroup, cell.writer, cell.writeOp - 1};
    clash = Clash::Pending;
  } else if (checks.races && cell.state == ShadowCell::Ready && !(by.strong && cell.strong) &&
             !orderedWrite(cell, by)) {
    other = {cell.writeGroup, cell.writer, cell.writeOp - 1};
    clash = Clash::WriteAfterWrite;
  } else if (checks.races) {
    for (uint8_t i = 0; i < cell.readers && clash == Clash::None; ++i)
      if (!(by.strong && cell.reader[i].strong) && !orderedReader(cell.reader[i], by, other))
        clash = Clash::WriteAfterRead;
    if (cell.more)
      for (const ShadowReader &r : overflow[cell.more])
        if (clash == Clash::None && !(by.strong && r.strong) && !orderedReader(r, by, other))
          clash = Clash::WriteAfterRead;
  }
  if (cell.more) {
    overflow[cell.more].clear();
    freeOverflow.push_back(cell.more);
    cell.more = 0;
  }
  cell.readers = 0;
  cell.writer = by.thread;
  cell.writeGroup = by.clocks->groupIndex();
  cell.writeClock = by.clocks->own(by.thread);
  cell.writeOp = by.op + 1;
  cell.strong = by.strong;
  cell.async = by.async;
  cell.state = to;
  return clash;
}

Clash Shadow::read(size_t at, size_t bytes, const Accessor &by, Other &other) {
  return each(at, bytes, [&](ShadowCell &cell) { return readCell(cell, by, other); });
}

Clash Shadow::write(size_t at, size_t bytes, const Accessor &by, Other &other, ShadowCell::State to) {
  Clash first = Clash::None;
  Other kept;
  each(at, bytes, [&](ShadowCell &cell) {
    Clash clash = writeCell(cell, by, other, to);
    if (clash != Clash::None && first == Clash::None) {
      first = clash;
      kept = other;
    }
    return Clash::None; // every cell is marked as written
  });
  other = kept;
  return first;
}

void Shadow::land(size_t at, size_t bytes, uint32_t group, uint32_t actor, uint32_t clock, uint32_t op,
                  bool async) {
  each(at, bytes, [&](ShadowCell &cell) {
    cell.state = ShadowCell::Ready;
    cell.writer = actor;
    cell.writeGroup = group;
    cell.writeClock = clock;
    cell.writeOp = op + 1;
    cell.strong = false;
    cell.async = async;
    return Clash::None;
  });
}

void Shadow::use(size_t at, size_t bytes, int change, uint32_t op) {
  each(at, bytes, [&](ShadowCell &cell) {
    cell.inUse = static_cast<uint16_t>(cell.inUse + change);
    return Clash::None;
  });
}

} // namespace hone::rt::sim
