// atom and red on all spaces and types. Blocks on other host threads touch the same memory, so every update
// is a loop of compare and exchange on the bits.
#include "runtime/devices/sim/Access.h"
#include "runtime/devices/sim/ops/Half.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include "runtime/devices/sim/ops/Sync.h"
#include <bit>
#include <cstring>

namespace hone::rt::sim {
namespace {

// What an atomic op makes of the old value and the operands.
struct Add {
  template <class T>
  T operator()(T old, T b, T) const {
    return static_cast<T>(old + b);
  }
};
struct Min {
  template <class T>
  T operator()(T old, T b, T) const {
    return b < old ? b : old;
  }
};
struct Max {
  template <class T>
  T operator()(T old, T b, T) const {
    return old < b ? b : old;
  }
};
struct Inc {
  template <class T>
  T operator()(T old, T b, T) const {
    return old >= b ? T(0) : old + 1;
  }
};
struct Dec {
  template <class T>
  T operator()(T old, T b, T) const {
    return old == 0 || old > b ? b : old - 1;
  }
};
struct And {
  template <class T>
  T operator()(T old, T b, T) const {
    return old & b;
  }
};
struct Or {
  template <class T>
  T operator()(T old, T b, T) const {
    return old | b;
  }
};
struct Xor {
  template <class T>
  T operator()(T old, T b, T) const {
    return old ^ b;
  }
};
struct Exchange {
  template <class T>
  T operator()(T, T b, T) const {
    return b;
  }
};
struct CompareExchange {
  template <class T>
  T operator()(T old, T b, T c) const {
    return old == b ? c : old;
  }
};

// How the bits of an element read as a number.
template <class T>
struct Whole {
  using Bits =
      std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>;
  template <class F>
  static Bits apply(Bits old, Bits b, Bits c, F f) {
    return std::bit_cast<Bits>(f(std::bit_cast<T>(old), std::bit_cast<T>(b), std::bit_cast<T>(c)));
  }
};
template <class H, class B>
struct Narrow {
  using Bits = B;
  template <class F>
  static Bits apply(Bits old, Bits b, Bits c, F f) {
    Bits out = 0;
    for (size_t i = 0; i < sizeof(B) / 2; ++i) {
      auto part = [i](Bits v) { return H::get(static_cast<uint16_t>(v >> (16 * i))); };
      out = static_cast<Bits>(
          out | static_cast<Bits>(static_cast<Bits>(H::put(f(part(old), part(b), part(c)))) << (16 * i)));
    }
    return out;
  }
};

template <class As, class F>
void update(Warp &w, const Op &o, uint32_t mask) {
  using Bits = typename As::Bits;
  uint64_t addresses[32];
  std::byte *at[32];
  addressesOf(w, o, addresses);
  uint8_t order = o.flags[0];
  uint32_t good = resolve(w, o, mask, o.space, addresses, sizeof(Bits) * o.count, {Use::Update, true}, at);
  const uint32_t *slots = w.group->launch->program->lists.data() + o.list;
  bool changed = false;
  forLanes(good, [&](uint32_t l) {
    strongWrite(w, l, at[l], order, true);
    for (uint32_t i = 0; i < o.count; ++i) {
      // Slots: sources, second sources, destinations.
      Bits b = w.at<Bits>(slots[i])[l], c = w.at<Bits>(slots[o.count + i])[l];
      std::atomic_ref<Bits> memory(*reinterpret_cast<Bits *>(at[l] + i * sizeof(Bits)));
      Bits old = memory.load(), next;
      do
        next = As::apply(old, b, c, F());
      while (!memory.compare_exchange_weak(old, next));
      changed |= next != old;
      if (slots[2 * o.count + i] != none)
        w.at<Bits>(slots[2 * o.count + i])[l] = old;
    }
    strongRead(w, l, at[l], order);
  });
  ++w.group->spins;
  if (changed)
    ++w.group->changes;
}

template <class F>
Handler integers(Decoding &d, Type type) {
  return handlerFor(d, type,
                    {{Type::U32, update<Whole<uint32_t>, F>},
                     {Type::S32, update<Whole<int32_t>, F>},
                     {Type::U64, update<Whole<uint64_t>, F>},
                     {Type::S64, update<Whole<int64_t>, F>}});
}
template <class F>
Handler bits(Decoding &d, Type type) {
  return handlerFor(d, type,
                    {{Type::B16, update<Whole<uint16_t>, F>},
                     {Type::B32, update<Whole<uint32_t>, F>},
                     {Type::B64, update<Whole<uint64_t>, F>},
                     {Type::U32, update<Whole<uint32_t>, F>},
                     {Type::U64, update<Whole<uint64_t>, F>}});
}
template <class F>
Handler numbers(Decoding &d, Type type) {
  switch (type) {
  case Type::F32:
    return update<Whole<float>, F>;
  case Type::F64:
    return update<Whole<double>, F>;
  case Type::F16:
    return update<Narrow<F16, uint16_t>, F>;
  case Type::F16x2:
    return update<Narrow<F16, uint32_t>, F>;
  case Type::BF16:
    return update<Narrow<BF16, uint16_t>, F>;
  case Type::BF16x2:
    return update<Narrow<BF16, uint32_t>, F>;
  default:
    return integers<F>(d, type);
  }
}

struct Atomic {
  std::string_view name;
  Handler (*find)(Decoding &, Type);
};
constexpr Atomic atomics[] = {{"add", numbers<Add>},    {"min", numbers<Min>},
                              {"max", numbers<Max>},    {"inc", integers<Inc>},
                              {"dec", integers<Dec>},   {"and", bits<And>},
                              {"or", bits<Or>},         {"xor", bits<Xor>},
                              {"exch", bits<Exchange>}, {"cas", bits<CompareExchange>}};

void decodeAtomic(Decoding &d) {
  bool returns = d.s.opcode == "atom";
  if (d.take("async"))
    return d.fail("red.async is not supported");
  d.op.flags[0] = takeOrder(d, Strong);
  d.op.space = d.takeSpace(Space::Generic);
  const Atomic *atomic = nullptr;
  for (const Atomic &a : atomics)
    if (d.take(a.name))
      atomic = &a;
  if (!atomic)
    return d.fail("expected an atomic operation");
  d.takeAny({"noftz"});
  bool hint = d.take("L2::cache_hint");
  int vector = d.takeOneOf({"v2", "v4", "v8"});
  size_t n = vector < 0 ? 1 : size_t(2) << vector, sources = atomic->name == "cas" ? 2 : 1;
  Type type = d.takeType();
  size_t operands = (returns ? 2 : 1) + sources + (hint ? 1 : 0);
  if (type == Type::None || !d.expectOperands(operands, operands))
    return;
  size_t next = returns ? 1 : 0;
  d.address(next++);
  int bytes = bytesOf(type);
  d.op.count = static_cast<uint8_t>(n);
  d.op.list = d.readList(d.s.operands[next], bytes, n);
  d.readList(d.s.operands[sources == 2 ? next + 1 : next], bytes, n);
  if (returns) {
    d.writeList(d.s.operands[0], bytes, n);
  } else {
    std::vector<uint32_t> nowhere(n, none);
    d.addList(nowhere);
  }
  d.op.run = atomic->find(d, type);
}

} // namespace

std::span<const Instruction> atomicInstructions() {
  static constexpr Instruction table[] = {{"atom", decodeAtomic}, {"red", decodeAtomic}};
  return table;
}

} // namespace hone::rt::sim
