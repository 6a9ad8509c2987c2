// Address resolution. Shared addresses are offsets in the block's memory; generic ones are addresses of the
// host, and so are those of global, local, parameter and constant memory.
#include "runtime/devices/sim/Access.h"

namespace hone::rt::sim {

void addressesOf(const Warp &warp, const Op &op, uint64_t *addresses) {
  auto offset = static_cast<uint64_t>(op.imm);
  if (op.flags[3] == 4) {
    const uint32_t *a = warp.at<uint32_t>(op.a);
    for (int lane = 0; lane < 32; ++lane)
      addresses[lane] = a[lane] + static_cast<uint32_t>(offset);
  } else {
    const uint64_t *a = warp.at<uint64_t>(op.a);
    for (int lane = 0; lane < 32; ++lane)
      addresses[lane] = a[lane] + offset;
  }
}

bool sharedOffset(const Warp &warp, Space space, uint64_t address, uint64_t bytes, uint64_t &offset) {
  const Group &group = *warp.group;
  uint64_t rank = warp.block->rank, within = address, size = group.launch->sharedBytes;
  if (space == Space::SharedCluster && address >> 24) {
    rank = (address >> 24) - 1;
    within = address & 0xffffff;
  } else if (space == Space::Generic) {
    uint64_t from = address - reinterpret_cast<uint64_t>(group.shared);
    if (from >= group.sharedStride * group.blocks.size())
      return false;
    rank = from / group.sharedStride;
    within = from % group.sharedStride;
  }
  if (rank >= group.blocks.size() || within > size || bytes > size - within)
    return false;
  offset = rank * group.sharedStride + within;
  return true;
}

void reportBounds(Warp &warp, const Op &op, uint32_t lane, Space space, uint64_t address, uint64_t bytes,
                  Use use) {
  const Launch &launch = *warp.group->launch;
  const char *what = use == Use::Read ? "read" : use == Use::Write ? "written" : "updated";
  if (space == Space::Shared || space == Space::SharedCluster)
    return reportLane(warp, op, lane, Fault::Bounds, what,
                      text(bytes, " bytes at ", nameOf(space), "+", address,
                           " are not in the block's shared memory of ", launch.sharedBytes, " bytes (",
                           launch.dynamicShared, " of them given at the launch)"),
                      space, address);
  const Region *near = launch.memory->nearest(address);
  std::string where = "there is no allocation";
  if (near && address < near->base)
    where = text(near->base - address, " bytes before '", near->name, "' of ", near->bytes, " bytes");
  else if (near && address >= near->base + near->bytes)
    where =
        text("at byte ", address - near->base, " of '", near->name, "', which has ", near->bytes, " bytes");
  else if (near)
    where = text("it begins at byte ", address - near->base, " of '", near->name, "', which has ",
                 near->bytes, " bytes", near->readOnly ? " and is read-only" : "");
  reportLane(warp, op, lane, Fault::Bounds, what,
             text(
                 bytes, " bytes at ", nameOf(space), " address 0x",
                 [&] {
                   char hex[20];
                   snprintf(hex, sizeof hex, "%llx", static_cast<unsigned long long>(address));
                   return std::string(hex);
                 }(),
                 " are outside of memory: ", where),
             space, address);
}

static Accessor accessor(const Warp &warp, const Op &op, uint32_t lane, bool strong) {
  return {&warp.group->clocks, warp.firstThread + lane,
          static_cast<uint32_t>(&op - warp.group->launch->program->ops.data()), strong};
}

void checkShared(Warp &warp, const Op &op, uint32_t lane, uint64_t offset, uint64_t bytes, AccessMode mode,
                 ShadowCell::State to, bool async) {
  Shadow &shadow = warp.group->shadow;
  if (shadow.empty())
    return;
  Accessor by = accessor(warp, op, lane, mode.strong);
  by.async = async;
  Other other;
  Clash clash = Clash::None;
  if (mode.use != Use::Write)
    clash = shadow.read(offset, bytes, by, other);
  bool writes = mode.use != Use::Read;
  if (clash != Clash::None)
    reportClash(warp, op, lane, clash, other, false, Space::Shared, offset, nullptr);
  if (writes && (clash = shadow.write(offset, bytes, by, other, to)) != Clash::None)
    reportClash(warp, op, lane, clash, other, true, Space::Shared, offset, nullptr);
}

void checkGlobal(Warp &warp, const Op &op, uint32_t lane, const Region &region, uint64_t address,
                 uint64_t bytes, AccessMode mode) {
  uint64_t at = address - region.base;
  if (region.written) {
    // Other host threads write flags of their own blocks; what a flag says never goes back to "not written".
    if (mode.use != Use::Write)
      for (uint64_t i = at; i < at + bytes; ++i)
        if (!std::atomic_ref(region.written[i]).load(std::memory_order_relaxed)) {
          reportClash(warp, op, lane, Clash::Uninitialized, {}, false, Space::Global, i, &region);
          break;
        }
    if (mode.use != Use::Read)
      for (uint64_t i = at; i < at + bytes; ++i)
        std::atomic_ref(region.written[i]).store(1, std::memory_order_relaxed);
  }
  if (!region.shadow)
    return;
  Accessor by = accessor(warp, op, lane, mode.strong);
  Other other;
  Clash clash = Clash::None;
  if (mode.use != Use::Write && (clash = region.shadow->read(at, bytes, by, other)) != Clash::None)
    reportClash(warp, op, lane, clash, other, false, Space::Global, at, &region);
  if (mode.use != Use::Read && (clash = region.shadow->write(at, bytes, by, other)) != Clash::None)
    reportClash(warp, op, lane, clash, other, true, Space::Global, at, &region);
}

/// Reports the lanes whose address is no multiple of `bytes`.
static uint32_t aligned(Warp &warp, const Op &op, uint32_t mask, Space space, const uint64_t *addresses,
                        uint32_t bytes, Use use) {
  uint64_t low = 0;
  for (int lane = 0; lane < 32; ++lane)
    low |= (mask >> lane & 1) ? addresses[lane] : 0;
  if (!(low & (bytes - 1)))
    return mask;
  uint32_t good = mask;
  forLanes(mask, [&](uint32_t lane) {
    if (addresses[lane] & (bytes - 1)) {
      good &= ~(1u << lane);
      if (warp.group->launch->options->checks.align)
        reportLane(warp, op, lane, Fault::Align, use == Use::Read ? "read" : "written",
                   text("an access of ", bytes, " bytes needs an address that is a multiple of it, got one ",
                        addresses[lane] & (bytes - 1), " bytes past"),
                   space, addresses[lane]);
    }
  });
  return good;
}

static uint32_t resolveShared(Warp &warp, const Op &op, uint32_t mask, Space space, const uint64_t *addresses,
                              uint32_t bytes, AccessMode mode, std::byte **to) {
  uint32_t good = 0;
  bool traced = !warp.group->shadow.empty();
  forLanes(mask, [&](uint32_t lane) {
    uint64_t offset;
    if (!sharedOffset(warp, space, addresses[lane], bytes, offset))
      return reportBounds(warp, op, lane, space, addresses[lane], bytes, mode.use);
    to[lane] = warp.group->shared + offset;
    good |= 1u << lane;
    if (traced)
      checkShared(warp, op, lane, offset, bytes, mode);
  });
  return good;
}

static bool resolveLocal(Warp &warp, const Op &op, uint32_t lane, uint64_t address, uint32_t bytes,
                         std::byte **to) {
  uint64_t each = warp.group->launch->program->localBytes;
  uint64_t from = address - reinterpret_cast<uint64_t>(warp.local);
  if (from >= each * 32 || from / each != lane || (from + bytes - 1) / each != lane)
    return false;
  to[lane] = warp.local + from;
  return true;
}

uint32_t resolve(Warp &warp, const Op &op, uint32_t mask, Space space, const uint64_t *addresses,
                 uint32_t bytes, AccessMode mode, std::byte **to) {
  mask = aligned(warp, op, mask, space, addresses, bytes, mode.use);
  if (space == Space::Shared || space == Space::SharedCluster)
    return resolveShared(warp, op, mask, space, addresses, bytes, mode, to);
  if (!mask)
    return 0;

  // Mostly all lanes are in the allocation of the last access.
  const Region *region = warp.lastRegion;
  if (region && region->bytes >= bytes && !(region->readOnly && mode.use != Use::Read)) {
    uint64_t base = region->base, most = region->bytes - bytes;
    uint32_t outside = 0;
    for (uint32_t lane = 0; lane < 32; ++lane)
      outside |= static_cast<uint32_t>(addresses[lane] - base > most) << lane;
    if (!(outside & mask)) {
      for (int lane = 0; lane < 32; ++lane)
        to[lane] = reinterpret_cast<std::byte *>(addresses[lane]);
      if (region->written || region->shadow)
        forLanes(mask,
                 [&](uint32_t lane) { checkGlobal(warp, op, lane, *region, addresses[lane], bytes, mode); });
      return mask;
    }
  }
  const Launch &launch = *warp.group->launch;
  uint32_t good = 0;
  forLanes(mask, [&](uint32_t lane) {
    uint64_t address = addresses[lane], offset;
    if (resolveLocal(warp, op, lane, address, bytes, to)) {
      good |= 1u << lane;
      return;
    }
    if (space == Space::Generic && sharedOffset(warp, Space::Generic, address, bytes, offset)) {
      to[lane] = warp.group->shared + offset;
      good |= 1u << lane;
      checkShared(warp, op, lane, offset, bytes, mode);
      return;
    }
    const Region *found = launch.memory->find(address);
    auto *first = reinterpret_cast<uint64_t *>(const_cast<uint64_t *>(launch.parameters.data()));
    uint64_t inParameters = address - reinterpret_cast<uint64_t>(first), all = launch.parameters.size() * 8;
    if (!found && mode.use == Use::Read && inParameters < all && bytes <= all - inParameters) {
      to[lane] = reinterpret_cast<std::byte *>(address);
      good |= 1u << lane;
      return;
    }
    if (!found || address - found->base + bytes > found->bytes || (found->readOnly && mode.use != Use::Read))
      return reportBounds(warp, op, lane, space, address, bytes, mode.use);
    warp.lastRegion = found;
    to[lane] = reinterpret_cast<std::byte *>(address);
    good |= 1u << lane;
    if (found->written || found->shadow)
      checkGlobal(warp, op, lane, *found, address, bytes, mode);
  });
  return good;
}

} // namespace hone::rt::sim
