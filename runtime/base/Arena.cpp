// Best-fit allocation with boundary tags in a region that grows in place, and buffers that only grow.
#include "runtime/base/Arena.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace hone::rt {

static constexpr uint64_t alignment = 64, hugePage = 2u << 20;
static uint64_t roundUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

static constexpr uint32_t usedMark = 0x48B10C55, freeMark = 0x48F4EE00;

/// Stands before each block; blocks follow one another without gaps, so neighbours merge.
struct alignas(alignment) Arena::Tag {
  uint64_t size;        // with this tag
  Tag *before;          // in the region
  Tag *next, *previous; // in the free list
  uint32_t mark;
};

Arena::~Arena() {
  if (base)
    munmap(base, reserved);
}

bool Arena::reserve() {
  uint64_t want = limit;
  if (!want)
    want = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  want = roundUp(std::max(want, hugePage), hugePage);
  // Addresses may be limited (ulimit -v): take what can be had.
  for (; want >= hugePage; want = roundUp(want / 2, hugePage)) {
    void *at = mmap(nullptr, want + hugePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at != MAP_FAILED) {
      // Cut to a 2 MiB boundary, so that huge pages fit from the start.
      auto *from = static_cast<uint8_t *>(at);
      auto *start = reinterpret_cast<uint8_t *>(roundUp(reinterpret_cast<uintptr_t>(from), hugePage));
      if (start != from)
        munmap(from, static_cast<size_t>(start - from));
      uint64_t rest = hugePage - static_cast<uint64_t>(start - from);
      if (rest)
        munmap(start + want, rest);
      base = start;
      reserved = want;
      return true;
    }
    if (want == hugePage)
      break;
  }
  return false;
}

bool Arena::grow(uint64_t bytes) {
  if (!base && !reserve())
    return false;
  uint64_t more = roundUp(bytes, hugePage);
  if (more > reserved - usable)
    return false;
  if (mprotect(base + usable, more, PROT_READ | PROT_WRITE) != 0)
    return false;
  madvise(base + usable, more, MADV_HUGEPAGE);
  ++requests;
  auto *tag = reinterpret_cast<Tag *>(base + usable);
  *tag = {more, last, nullptr, nullptr, freeMark};
  last = tag;
  usable += more;
  if (tag->before && tag->before->mark == freeMark) {
    tag->before->size += more;
    last = tag->before;
  } else {
    link(tag);
  }
  return true;
}

Arena::Tag *Arena::after(Tag *tag) const {
  uint8_t *at = reinterpret_cast<uint8_t *>(tag) + tag->size;
  return at < base + usable ? reinterpret_cast<Tag *>(at) : nullptr;
}

void Arena::unlink(Tag *tag) {
  (tag->previous ? tag->previous->next : freeList) = tag->next;
  if (tag->next)
    tag->next->previous = tag->previous;
}

void Arena::link(Tag *tag) {
  tag->previous = nullptr;
  tag->next = freeList;
  if (freeList)
    freeList->previous = tag;
  freeList = tag;
}

void *Arena::refuse(int64_t bytes, const char *reason) {
  why = text("out of memory: asked for ", bytes, " bytes, ", inUse, " are in use: ", reason);
  return nullptr;
}

void *Arena::allocate(int64_t bytes) {
  if (bytes < 0 || bytes > INT64_MAX / 2)
    return refuse(bytes, "no such size");
  uint64_t need = roundUp(std::max<uint64_t>(static_cast<uint64_t>(bytes), 1), alignment) + sizeof(Tag);
  auto bestFit = [&] {
    Tag *best = nullptr;
    for (Tag *tag = freeList; tag; tag = tag->next)
      if (tag->size >= need && (!best || tag->size < best->size))
        best = tag;
    return best;
  };
  Tag *tag = bestFit();
  if (!tag) {
    uint64_t atEnd = last && last->mark == freeMark ? last->size : 0;
    if (!grow(need - atEnd))
      return refuse(bytes, base ? "the arena has reached its limit" : "no addresses to be had");
    tag = bestFit();
  }
  unlink(tag);
  if (tag->size - need >= sizeof(Tag) + alignment) {
    auto *rest = reinterpret_cast<Tag *>(reinterpret_cast<uint8_t *>(tag) + need);
    *rest = {tag->size - need, tag, nullptr, nullptr, freeMark};
    if (Tag *following = after(rest))
      following->before = rest;
    else
      last = rest;
    tag->size = need;
    link(rest);
  }
  tag->mark = usedMark;
  inUse += tag->size;
  most = std::max(most, inUse);
  return tag + 1;
}

bool Arena::release(void *block) {
  if (!block)
    return true;
  auto *at = static_cast<uint8_t *>(block);
  if (at < base + sizeof(Tag) || at >= base + usable || (at - base) % alignment)
    return false;
  Tag *tag = static_cast<Tag *>(block) - 1;
  if (tag->mark != usedMark)
    return false;
  inUse -= tag->size;
  tag->mark = freeMark;
  Tag *following = after(tag);
  if (following && following->mark == freeMark) {
    unlink(following);
    tag->size += following->size;
    following->mark = 0;
    if (last == following)
      last = tag;
  }
  if (Tag *before = tag->before; before && before->mark == freeMark) {
    before->size += tag->size;
    tag->mark = 0;
    if (last == tag)
      last = before;
    tag = before;
  } else {
    link(tag);
  }
  if (Tag *next = after(tag))
    next->before = tag;
  return true;
}

void Arena::reset() {
  inUse = 0;
  freeList = last = nullptr;
  if (!usable)
    return;
  auto *tag = reinterpret_cast<Tag *>(base);
  *tag = {usable, nullptr, nullptr, nullptr, freeMark};
  last = tag;
  link(tag);
}

GrowingBuffer::~GrowingBuffer() {
  if (base)
    munmap(base, capacity);
}

uint8_t *GrowingBuffer::ensure(int64_t bytes, uint64_t &requests) {
  if (bytes < 0)
    return nullptr;
  if (base && static_cast<uint64_t>(bytes) <= capacity)
    return base;
  // Half as much again: a buffer that grows a little at every run must not be made anew at every run.
  uint64_t want = roundUp(std::max<uint64_t>(static_cast<uint64_t>(bytes), capacity + capacity / 2), 4096);
  want = std::max<uint64_t>(want, 4096);
  void *at = mmap(nullptr, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    want = roundUp(std::max<uint64_t>(static_cast<uint64_t>(bytes), 1), 4096);
    at = mmap(nullptr, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
      return nullptr;
  }
  if (want >= hugePage)
    madvise(at, want, MADV_HUGEPAGE);
  if (base)
    munmap(base, capacity);
  ++requests;
  base = static_cast<uint8_t *>(at);
  capacity = want;
  return base;
}

} // namespace hone::rt
