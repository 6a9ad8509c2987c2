// The table of allocations.
#include "runtime/devices/sim/Memory.h"
#include <algorithm>
#include <cstring>
#include <new>

namespace hone::rt::sim {

static constexpr uint64_t alignment = 256;

Region *Memory::insert(std::unique_ptr<Region> region) {
  auto at = std::upper_bound(regions.begin(), regions.end(), region->base,
                             [](uint64_t base, const auto &r) { return base < r->base; });
  return regions.insert(at, std::move(region))->get();
}

Region *Memory::allocate(uint64_t bytes, std::string name, bool uninitialized) {
  auto region = std::make_unique<Region>();
  // Room behind, so that the next allocation never begins where this one ends.
  region->memory.reset(new (std::nothrow) std::byte[bytes + 2 * alignment]);
  if (!region->memory)
    return nullptr;
  region->base = (reinterpret_cast<uint64_t>(region->memory.get()) + alignment - 1) / alignment * alignment;
  region->bytes = bytes;
  region->name = std::move(name);
  memset(reinterpret_cast<void *>(region->base), 0xff, bytes);
  if (uninitialized) {
    region->written.reset(new (std::nothrow) uint8_t[bytes]());
    if (!region->written)
      return nullptr;
  }
  return insert(std::move(region));
}

Region *Memory::adopt(void *memory, uint64_t bytes, std::string name, bool readOnly) {
  auto region = std::make_unique<Region>();
  region->base = reinterpret_cast<uint64_t>(memory);
  region->bytes = bytes;
  region->name = std::move(name);
  region->readOnly = readOnly;
  return insert(std::move(region));
}

bool Memory::release(uint64_t base) {
  return std::erase_if(regions, [base](const auto &r) { return r->base == base; });
}

Region *Memory::find(uint64_t address) const {
  auto at = std::upper_bound(regions.begin(), regions.end(), address,
                             [](uint64_t a, const auto &r) { return a < r->base; });
  if (at == regions.begin())
    return nullptr;
  Region *region = std::prev(at)->get();
  return address - region->base < region->bytes ? region : nullptr;
}

Region *Memory::nearest(uint64_t address) const {
  Region *best = nullptr;
  uint64_t distance = ~0ull;
  for (const auto &r : regions) {
    uint64_t away = address < r->base ? r->base - address : address - (r->base + r->bytes);
    if (away < distance) {
      distance = away;
      best = r.get();
    }
  }
  return best;
}

} // namespace hone::rt::sim
