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

/// Whether `record` is now part of `r`.
static bool merge(ShadowReader &r, const ShadowReader &record) {
  if (r.warp != record.warp || r.group != record.group || r.strong != record.strong ||
      r.wrote != record.wrote)
    return false;
  if (r.clock == record.clock) {
    r.lanes |= record.lanes;
    r.op = record.op;
    return true;
  }
  // An older access of this lane is covered by the new one; of other lanes it is not.
  if (r.lanes == record.lanes && r.clock < record.clock) {
    r = record;
    return true;
  }
  return false;
}

void Shadow::add(ShadowCell &cell, const ShadowReader &record, const Accessor &by) {
  for (uint8_t i = 0; i < cell.readers; ++i)
    if (merge(cell.reader[i], record))
      return;
  if (cell.readers < std::size(cell.reader)) {
    cell.reader[cell.readers++] = record;
    return;
  }
  // Reads that are ordered before this access say nothing that it does not: who races with them races with
  // it.
  auto covered = [&](const ShadowReader &r) {
    Other ignored;
    return !r.wrote && !record.wrote && r.strong >= record.strong && orderedReader(r, by, ignored);
  };
  for (ShadowReader &r : cell.reader)
    if (covered(r)) {
      r = record;
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
    if (merge(r, record))
      return;
  std::erase_if(list, covered);
  list.push_back(record);
}

void Shadow::forget(ShadowCell &cell) {
  if (cell.more) {
    overflow[cell.more].clear();
    freeOverflow.push_back(cell.more);
    cell.more = 0;
  }
  cell.readers = 0;
}

/// An atomic does not end the story of those before it that it is not ordered after: a plain access later may
/// race with any.
void Shadow::keepWriters(ShadowCell &cell, const Accessor &by) {
  std::vector<ShadowReader> kept;
  Other ignored;
  auto look = [&](const ShadowReader &r) {
    if (r.wrote && !orderedReader(r, by, ignored))
      kept.push_back(r);
  };
  for (uint8_t i = 0; i < cell.readers; ++i)
    look(cell.reader[i]);
  if (cell.more)
    for (const ShadowReader &r : overflow[cell.more])
      look(r);
  if (cell.strong && cell.writeOp && !orderedWrite(cell, by))
    kept.push_back({cell.writeClock, 1u << cell.writer % 32, cell.writeOp - 1, cell.writeGroup,
                    static_cast<uint16_t>(cell.writer / 32), true, true});
  forget(cell);
  for (const ShadowReader &r : kept)
    add(cell, r, by);
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
  // Only atomics leave more than one writer behind.
  if (cell.strong && !by.strong && clash == Clash::None) {
    auto races = [&](const ShadowReader &r) { return r.wrote && !orderedReader(r, by, other); };
    for (uint8_t i = 0; i < cell.readers && clash == Clash::None; ++i)
      clash = races(cell.reader[i]) ? Clash::ReadAfterWrite : clash;
    if (cell.more)
      for (const ShadowReader &r : overflow[cell.more])
        clash = clash == Clash::None && races(r) ? Clash::ReadAfterWrite : clash;
  }
  add(cell,
      {by.clocks->own(by.thread), 1u << by.thread % 32, by.op, by.clocks->groupIndex(),
       static_cast<uint16_t>(by.thread / 32), by.strong, false},
      by);
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
    auto look = [&](const ShadowReader &r) {
      if (clash == Clash::None && !(by.strong && r.strong) && !orderedReader(r, by, other))
        clash = r.wrote ? Clash::WriteAfterWrite : Clash::WriteAfterRead;
    };
    for (uint8_t i = 0; i < cell.readers; ++i)
      look(cell.reader[i]);
    if (cell.more)
      for (const ShadowReader &r : overflow[cell.more])
        look(r);
  }
  if (by.strong && checks.races)
    keepWriters(cell, by);
  else
    forget(cell);
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
