// ld, st and what only hints at memory.
#include "runtime/devices/sim/Access.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include "runtime/devices/sim/ops/Sync.h"
#include <cstring>

namespace hone::rt::sim {
namespace {

/// Elements of T in memory, in registers of R that may be wider.
template <class T, class R>
void load(Warp &w, const Op &o, uint32_t mask) {
  uint64_t addresses[32];
  std::byte *from[32];
  addressesOf(w, o, addresses);
  uint8_t order = o.flags[0];
  uint32_t good =
      resolve(w, o, mask, o.space, addresses, sizeof(T) * o.count, {Use::Read, (order & Strong) != 0}, from);
  const uint32_t *slots = w.group->launch->program->lists.data() + o.list;
  for (uint32_t i = 0; i < o.count; ++i) {
    R *d = w.at<R>(slots[i]);
    forLanes(good, [&](uint32_t l) {
      T value;
      memcpy(&value, from[l] + i * sizeof(T), sizeof(T));
      d[l] = static_cast<R>(value);
    });
    forLanes(mask & ~good, [&](uint32_t l) { d[l] = static_cast<R>(-1); });
  }
  if (order & Strong) {
    ++w.group->spins;
    forLanes(good, [&](uint32_t l) { strongRead(w, l, from[l], order); });
  }
}

template <class T, class R>
void store(Warp &w, const Op &o, uint32_t mask) {
  uint64_t addresses[32];
  std::byte *to[32];
  addressesOf(w, o, addresses);
  uint8_t order = o.flags[0];
  uint32_t good =
      resolve(w, o, mask, o.space, addresses, sizeof(T) * o.count, {Use::Write, (order & Strong) != 0}, to);
  if (order & Strong)
    forLanes(good, [&](uint32_t l) { strongWrite(w, l, to[l], order, false); });
  const uint32_t *slots = w.group->launch->program->lists.data() + o.list;
  for (uint32_t i = 0; i < o.count; ++i) {
    const R *d = w.at<R>(slots[i]);
    forLanes(good, [&](uint32_t l) {
      auto value = static_cast<T>(d[l]);
      memcpy(to[l] + i * sizeof(T), &value, sizeof(T));
    });
  }
  ++w.group->changes;
}

template <class T>
Handler wider(bool writes, int registerBytes) {
  switch (registerBytes) {
  case 2:
    if constexpr (sizeof(T) <= 2)
      return writes ? store<T, std::conditional_t<std::is_signed_v<T>, int16_t, uint16_t>>
                    : load<T, std::conditional_t<std::is_signed_v<T>, int16_t, uint16_t>>;
    break;
  case 4:
    if constexpr (sizeof(T) <= 4)
      return writes ? store<T, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>
                    : load<T, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>;
    break;
  case 8:
    if constexpr (sizeof(T) <= 8)
      return writes ? store<T, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>
                    : load<T, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;
    break;
  case 16:
    if constexpr (sizeof(T) == 16)
      return writes ? store<T, T> : load<T, T>;
    break;
  default:
    break;
  }
  return nullptr;
}

Handler handlerOf(Type type, bool writes, int registerBytes) {
  bool sign = isSigned(type);
  switch (bytesOf(type)) {
  case 1:
    return sign ? wider<int8_t>(writes, registerBytes) : wider<uint8_t>(writes, registerBytes);
  case 2:
    return sign ? wider<int16_t>(writes, registerBytes) : wider<uint16_t>(writes, registerBytes);
  case 4:
    return sign ? wider<int32_t>(writes, registerBytes) : wider<uint32_t>(writes, registerBytes);
  case 8:
    return wider<uint64_t>(writes, registerBytes);
  case 16:
    return wider<unsigned __int128>(writes, registerBytes);
  default:
    return nullptr;
  }
}

/// Hints about caches, which nothing here depends on.
void takeCacheHints(Decoding &d) {
  d.takeAny({"ca",
             "cg",
             "cs",
             "lu",
             "cv",
             "wb",
             "wt",
             "nc",
             "L1::evict_normal",
             "L1::evict_unchanged",
             "L1::evict_first",
             "L1::evict_last",
             "L1::no_allocate",
             "L2::64B",
             "L2::128B",
             "L2::256B",
             "L2::evict_first",
             "L2::evict_last",
             "L2::evict_normal",
             "unified"});
}

void decodeAccess(Decoding &d, bool writes) {
  d.op.flags[0] = takeOrder(d, Weak);
  d.op.space = d.takeSpace(Space::Generic);
  takeCacheHints(d);
  bool hint = d.take("L2::cache_hint");
  int vector = d.takeOneOf({"v2", "v4", "v8"});
  size_t n = vector < 0 ? 1 : size_t(2) << vector;
  Type type = d.takeType();
  if (type == Type::None || !d.expectOperands(hint ? 3 : 2, hint ? 3 : 2))
    return;
  if (type == Type::Pred)
    return d.fail("predicates have no place in memory");
  const Operand &value = d.s.operands[writes ? 1 : 0];
  d.address(writes ? size_t(0) : size_t(1));
  std::span<const Operand> elements =
      value.kind == Operand::Vector ? std::span(value.parts) : std::span(&value, 1);
  if (elements.size() != n)
    return d.fail("expected a vector of ", n, ", got ", elements.size());
  int bytes = std::max(bytesOf(type), 2), found = 0;
  std::vector<uint32_t> slots;
  for (const Operand &element : elements) {
    Slot slot = writes ? d.readAny(element, bytes) : d.writeAny(element, found ? found : bytes);
    if (slot.at == none)
      return;
    if (found && slot.bytes != found)
      return d.fail("registers of a vector differ in width");
    found = slot.bytes;
    slots.push_back(slot.at);
  }
  d.op.count = static_cast<uint8_t>(n);
  d.op.list = d.addList(slots);
  d.op.run = handlerOf(type, writes, found);
  if (!d.op.run)
    d.fail("a register of ", found * 8, " bits cannot hold type '.", infoOf(type).name, "'");
}

void decodeLd(Decoding &d) { decodeAccess(d, false); }
void decodeSt(Decoding &d) {
  if (d.take("async"))
    return d.fail("st.async is not supported");
  decodeAccess(d, true);
}

void nothing(Warp &, const Op &, uint32_t) {}

/// prefetch, prefetchu, applypriority, discard: the operands must be right, the rest is the caches' affair.
void decodeHint(Decoding &d) {
  d.takeSpace(Space::Generic);
  d.takeAny({"L1", "L2", "L2::evict_last", "L2::evict_normal", "tensormap"});
  if (d.count())
    d.address(size_t(0));
  d.op.run = nothing;
}

/// createpolicy: a value that only cache hints take.
void makePolicy(Warp &w, const Op &o, uint32_t mask) {
  fill(w.at<uint64_t>(o.d), mask, [&](uint32_t) { return uint64_t(0x12f0000000000000); });
}
void decodeCreatepolicy(Decoding &d) {
  d.takeAny({"fractional", "range", "cvt", "global", "b64"});
  for (const char *level :
       {"L2::evict_first", "L2::evict_last", "L2::evict_normal", "L2::evict_unchanged", "L2"})
    d.take(level);
  d.takeAny({"L2::evict_first", "L2::evict_unchanged"});
  d.op.d = d.write(size_t(0), 8);
  d.op.run = makePolicy;
}

} // namespace

std::span<const Instruction> memoryInstructions() {
  static constexpr Instruction table[] = {{"ld", decodeLd},          {"ldu", decodeLd},
                                          {"st", decodeSt},          {"prefetch", decodeHint},
                                          {"prefetchu", decodeHint}, {"applypriority", decodeHint},
                                          {"discard", decodeHint},   {"createpolicy", decodeCreatepolicy}};
  return table;
}

} // namespace hone::rt::sim
