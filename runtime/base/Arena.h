// Memory of a context's runs: one reserved region of addresses that is made usable as it grows,
// with boundary tags and a best-fit free list inside. After warm-up it asks the system for nothing.
#ifndef HONE_RUNTIME_BASE_ARENA_H
#define HONE_RUNTIME_BASE_ARENA_H
#include "runtime/base/Status.h"
#include <cstddef>
#include <cstdint>

namespace hone::rt {

/// One thread uses an arena at a time. Blocks are aligned to 64 bytes and not cleared.
class Arena {
public:
  /// `limit`: most bytes the arena may ever hold; 0 is the machine's memory.
  explicit Arena(uint64_t limit = 0) : limit(limit) {}
  ~Arena();
  Arena(const Arena &) = delete;

  /// Null when it can't be had; `problem` then says why.
  void *allocate(int64_t bytes);
  /// Null is ignored. False when `block` is no block in use, and then nothing happens.
  bool release(void *block);
  /// Takes every block back.
  void reset();

  const std::string &problem() const { return why; }
  uint64_t committed() const { return usable; } ///< bytes asked of the system
  uint64_t used() const { return inUse; }       ///< bytes of blocks in use
  uint64_t peak() const { return most; }        ///< the largest `used` ever
  uint64_t growths() const { return requests; } ///< how often the system was asked

private:
  struct Tag;
  bool reserve();
  bool grow(uint64_t bytes);
  void *refuse(int64_t bytes, const char *reason);
  void unlink(Tag *tag);
  void link(Tag *tag);
  Tag *after(Tag *tag) const;

  uint8_t *base = nullptr;
  uint64_t limit, reserved = 0, usable = 0, inUse = 0, most = 0, requests = 0;
  Tag *freeList = nullptr, *last = nullptr;
  std::string why;
};

/// Memory of one owner that only grows (worker scratch, outputs): 64-byte aligned, old contents are lost.
class GrowingBuffer {
public:
  GrowingBuffer() = default;
  ~GrowingBuffer();
  GrowingBuffer(const GrowingBuffer &) = delete;
  GrowingBuffer(GrowingBuffer &&other) noexcept { swap(other); }
  void swap(GrowingBuffer &other) noexcept {
    std::swap(base, other.base);
    std::swap(capacity, other.capacity);
  }
  /// Null when it can't be had. Never null for 0 bytes. Counts in `requests` when the system was asked.
  uint8_t *ensure(int64_t bytes, uint64_t &requests);
  uint8_t *data() const { return base; }
  uint64_t size() const { return capacity; }
  bool holds(const void *address) const { return address >= base && address < base + capacity; }

private:
  uint8_t *base = nullptr;
  uint64_t capacity = 0;
};

} // namespace hone::rt
#endif
