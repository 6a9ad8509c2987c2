// Best fit over a list of blocks; neighbours that are free become one.
#include "runtime/devices/DeviceArena.h"
#include <algorithm>

namespace hone::rt {

constexpr uint64_t alignment = 256, leastSlab = 16u << 20;

DeviceArena::~DeviceArena() {
  for (const Block &block : blocks)
    if (block.starts)
      device.release(block.at);
}

Result<uint64_t> DeviceArena::allocate(int64_t bytes) {
  if (bytes < 0)
    return invalid("asked for an impossible amount of device memory");
  uint64_t size =
      std::max<uint64_t>((static_cast<uint64_t>(bytes) + alignment - 1) / alignment * alignment, alignment);
  auto best = blocks.end();
  for (auto at = blocks.begin(); at != blocks.end() && !oneByOne; ++at)
    if (at->free && at->size >= size && (best == blocks.end() || at->size < best->size))
      best = at;
  if (best == blocks.end()) {
    // Half as much again as there is, if that can be had: few slabs, and few requests.
    uint64_t wanted = oneByOne ? std::max<uint64_t>(static_cast<uint64_t>(bytes), 1)
                               : std::max({size, leastSlab, asked / 2});
    ++requests;
    Result<uint64_t> slab = device.allocate(static_cast<int64_t>(wanted));
    if (!slab.ok() && wanted > size)
      slab = device.allocate(static_cast<int64_t>(wanted = size));
    if (!slab.ok())
      return Status{slab.status().code,
                    text(slab.status().message, " (", asked, " bytes are planned for this run already)")};
    uint64_t held = oneByOne ? size : wanted;
    best = std::find_if(blocks.begin(), blocks.end(), [&](const Block &b) { return b.at > *slab; });
    best = blocks.insert(best, {*slab, held, true, true});
    asked += held;
  }
  uint64_t at = best->at;
  if (best->size > size) {
    Block rest{at + size, best->size - size, true, false};
    best->size = size;
    best = blocks.insert(best + 1, rest) - 1;
  }
  best->free = false;
  inUse += size;
  return at;
}

bool DeviceArena::release(uint64_t address) {
  auto block = std::lower_bound(blocks.begin(), blocks.end(), address,
                                [](const Block &b, uint64_t at) { return b.at < at; });
  if (block == blocks.end() || block->at != address || block->free)
    return false;
  inUse -= block->size;
  if (oneByOne) {
    asked -= block->size;
    device.release(address);
    blocks.erase(block);
    return true;
  }
  block->free = true;
  auto next = block + 1;
  if (next != blocks.end() && next->free && !next->starts) {
    block->size += next->size;
    blocks.erase(next);
  }
  if (!block->starts && (block - 1)->free) {
    (block - 1)->size += block->size;
    blocks.erase(block);
  }
  return true;
}

void DeviceArena::reset() {
  if (oneByOne) {
    for (const Block &block : blocks)
      device.release(block.at);
    blocks.clear();
    asked = inUse = 0;
    return;
  }
  std::vector<Block>::iterator out = blocks.begin();
  for (const Block &block : blocks) {
    if (block.starts)
      *out++ = block;
    else
      (out - 1)->size += block.size;
    (out - 1)->free = true;
  }
  blocks.erase(out, blocks.end());
  inUse = 0;
}

} // namespace hone::rt
