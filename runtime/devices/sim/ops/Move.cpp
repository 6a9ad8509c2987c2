// mov with its packing of vectors, selections, and conversions between address spaces.
#include "runtime/devices/sim/ops/Lanes.h"
#include <cstring>

namespace hone::rt::sim {
namespace {

struct Copy {
  template <class T>
  T operator()(T a) const {
    return a;
  }
};

template <class T>
void move(Warp &w, const Op &o, uint32_t mask) {
  if (mask == everyLane)
    memcpy(w.at<T>(o.d), w.at<T>(o.a), 32 * sizeof(T));
  else
    unary<T, T, Copy>(w, o, mask);
}

/// Lanes are `bytes` wide parts of the list's slots, laid side by side in the slot d: mov.b32 r, {h0, h1}.
void pack(Warp &w, const Op &o, uint32_t mask) {
  const uint32_t *slots = w.group->launch->program->lists.data() + o.list;
  uint32_t whole = o.bytes * o.count;
  forLanes(mask, [&](uint32_t l) {
    std::byte joined[16];
    for (uint32_t i = 0; i < o.count; ++i)
      memcpy(joined + i * o.bytes, w.frame + slots[i] + l * o.bytes, o.bytes);
    memcpy(w.frame + o.d + l * whole, joined, whole);
  });
}
void unpack(Warp &w, const Op &o, uint32_t mask) {
  const uint32_t *slots = w.group->launch->program->lists.data() + o.list;
  uint32_t whole = o.bytes * o.count;
  forLanes(mask, [&](uint32_t l) {
    std::byte joined[16];
    memcpy(joined, w.frame + o.a + l * whole, whole);
    for (uint32_t i = 0; i < o.count; ++i)
      memcpy(w.frame + slots[i] + l * o.bytes, joined + i * o.bytes, o.bytes);
  });
}

void readSpecial(Warp &w, const Op &o, uint32_t mask) {
  forLanes(mask, [&](uint32_t l) {
    uint64_t value = specialValue(static_cast<int>(o.imm), w, l);
    memcpy(w.frame + o.d + l * o.bytes, &value, o.bytes);
  });
}

constexpr std::initializer_list<TypeHandler> moves = {
    {Type::Pred, move<uint8_t>}, {Type::B16, move<uint16_t>},          {Type::U16, move<uint16_t>},
    {Type::S16, move<uint16_t>}, {Type::F16, move<uint16_t>},          {Type::BF16, move<uint16_t>},
    {Type::B32, move<uint32_t>}, {Type::U32, move<uint32_t>},          {Type::S32, move<uint32_t>},
    {Type::F32, move<uint32_t>}, {Type::F16x2, move<uint32_t>},        {Type::BF16x2, move<uint32_t>},
    {Type::B64, move<uint64_t>}, {Type::U64, move<uint64_t>},          {Type::S64, move<uint64_t>},
    {Type::F64, move<uint64_t>}, {Type::B128, move<unsigned __int128>}};

void decodeMov(Decoding &d) {
  Type type = d.takeType();
  if (type == Type::None || !d.expectOperands(2, 2))
    return;
  int bytes = bytesOf(type);
  const Operand &to = d.s.operands[0], &from = d.s.operands[1];
  if (to.kind == Operand::Vector || from.kind == Operand::Vector) {
    bool packs = from.kind == Operand::Vector;
    size_t n = (packs ? from : to).parts.size();
    if (n != 2 && n != 4 && n != 8)
      return d.fail("expected a vector of 2, 4 or 8");
    d.op.count = static_cast<uint8_t>(n);
    d.op.bytes = static_cast<uint8_t>(bytes / static_cast<int>(n));
    d.op.list = packs ? d.readList(from, d.op.bytes, n) : d.writeList(to, d.op.bytes, n);
    (packs ? d.op.d : d.op.a) = packs ? d.write(to, bytes) : d.read(from, bytes);
    d.op.run = packs ? pack : unpack;
    return;
  }
  d.op.d = d.write(to, bytes);
  if (int special = from.kind == Operand::Name ? findSpecial(from.name) : -1;
      special >= 0 && (specialChanges(special) || specialBytes(special) != bytes)) {
    d.op.imm = special;
    d.op.bytes = static_cast<uint8_t>(bytes);
    d.op.run = readSpecial;
    return;
  }
  d.op.a = d.read(from, bytes);
  d.op.moves = bytes == 4;
  d.op.run = handlerFor(d, type, moves);
}

template <class T>
void select(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a), *b = w.at<T>(o.b);
  const uint8_t *p = w.at<uint8_t>(o.c);
  fill(w.at<T>(o.d), mask, [&](uint32_t l) { return p[l] ? a[l] : b[l]; });
}
void decodeSelp(Decoding &d) {
  Type type = d.takeType();
  if (!d.expectOperands(4, 4))
    return;
  int bytes = bytesOf(type);
  bool negated = d.isNegated(3);
  d.op.d = d.write(size_t(0), bytes);
  d.op.a = d.read(negated ? 2 : 1, bytes);
  d.op.b = d.read(negated ? 1 : 2, bytes);
  d.op.c = d.read(3, 1);
  d.op.run = bytes == 1   ? select<uint8_t>
             : bytes == 2 ? select<uint16_t>
             : bytes == 4 ? select<uint32_t>
                          : select<uint64_t>;
}

template <class T, class C>
void selectBySign(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a), *b = w.at<T>(o.b);
  const C *c = w.at<C>(o.c);
  fill(w.at<T>(o.d), mask, [&](uint32_t l) { return c[l] >= 0 ? a[l] : b[l]; });
}
void decodeSlct(Decoding &d) {
  d.take("ftz");
  Type type = d.takeType(), by = d.takeType();
  int bytes = bytesOf(type);
  d.op.d = d.write(size_t(0), bytes);
  d.op.a = d.read(1, bytes);
  d.op.b = d.read(2, bytes);
  d.op.c = d.read(3, 4);
  if (bytes == 4)
    d.op.run = handlerFor(
        d, by, {{Type::S32, selectBySign<uint32_t, int32_t>}, {Type::F32, selectBySign<uint32_t, float>}});
  else
    d.op.run = handlerFor(
        d, by, {{Type::S32, selectBySign<uint64_t, int32_t>}, {Type::F32, selectBySign<uint64_t, float>}});
}

/// Only shared addresses differ from generic ones: `imm` is the sign of the block's base.
void convertShared(Warp &w, const Op &o, uint32_t mask) {
  uint64_t base = reinterpret_cast<uint64_t>(w.block->shared) * static_cast<uint64_t>(o.imm);
  const uint64_t *a = w.at<uint64_t>(o.a);
  fill(w.at<uint64_t>(o.d), mask, [&](uint32_t l) { return a[l] + base; });
}
/// cvta.shared::cluster: the rank is above bit 24, see mapa.
void convertCluster(Warp &w, const Op &o, uint32_t mask) {
  auto base = reinterpret_cast<uint64_t>(w.group->shared);
  uint64_t stride = w.group->sharedStride;
  const uint64_t *a = w.at<uint64_t>(o.a);
  fill(w.at<uint64_t>(o.d), mask, [&](uint32_t l) {
    if (o.imm > 0)
      return base + (a[l] >> 24 ? (a[l] >> 24) - 1 : w.block->rank) * stride + (a[l] & 0xffffff);
    uint64_t from = a[l] - base;
    return (from / stride + 1) << 24 | from % stride;
  });
}
void decodeCvta(Decoding &d) {
  bool to = d.take("to");
  Space space = d.takeSpace(Space::Generic);
  if (space == Space::Generic)
    d.fail("expected an address space");
  if (d.takeType() != Type::U64)
    d.fail("expected 64-bit addresses");
  operands(d, 1, 8);
  d.op.imm = to ? -1 : 1;
  d.op.run = space == Space::Shared          ? convertShared
             : space == Space::SharedCluster ? convertCluster
                                             : move<uint64_t>;
}

/// isspacep: whether a generic address points into a space.
void testSpace(Warp &w, const Op &o, uint32_t mask) {
  const uint64_t *a = w.at<uint64_t>(o.a);
  const Group &g = *w.group;
  forLanes(mask, [&](uint32_t l) {
    uint64_t inShared = a[l] - reinterpret_cast<uint64_t>(g.shared), stride = g.sharedStride;
    uint64_t inLocal = a[l] - reinterpret_cast<uint64_t>(w.local);
    bool shared = inShared < stride * g.blocks.size(),
         local = inLocal < g.launch->program->localBytes * 32ull;
    bool is = o.space == Space::Shared          ? shared && inShared / stride == w.block->rank
              : o.space == Space::SharedCluster ? shared
              : o.space == Space::Local         ? local
              : o.space == Space::Global        ? !shared && !local
                                                : false;
    w.at<uint8_t>(o.d)[l] = is;
  });
}
void decodeIsspacep(Decoding &d) {
  d.op.space = d.takeSpace(Space::Generic);
  d.op.d = d.write(size_t(0), 1);
  d.op.a = d.read(1, 8);
  d.op.run = testSpace;
}

} // namespace

std::span<const Instruction> moveInstructions() {
  static constexpr Instruction table[] = {{"mov", decodeMov},
                                          {"selp", decodeSelp},
                                          {"slct", decodeSlct},
                                          {"cvta", decodeCvta},
                                          {"isspacep", decodeIsspacep}};
  return table;
}

} // namespace hone::rt::sim
