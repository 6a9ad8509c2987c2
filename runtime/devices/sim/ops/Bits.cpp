// Logic, shifts, bit fields, permutations of bytes and dot products of packed integers.
#include "runtime/devices/sim/ops/Lanes.h"
#include <algorithm>
#include <bit>

namespace hone::rt::sim {
namespace {

/// Shifts to the left are done without a sign.
template <class T>
using Raw = std::conditional_t<sizeof(T) == 2, uint32_t, std::make_unsigned_t<T>>;
template <class F, class T>
constexpr Handler two = binary<T, T, T, F>;

struct And {
  template <class T>
  T operator()(T a, T b) const {
    return a & b;
  }
};
struct Or {
  template <class T>
  T operator()(T a, T b) const {
    return a | b;
  }
};
struct Xor {
  template <class T>
  T operator()(T a, T b) const {
    return a ^ b;
  }
};
struct Not {
  template <class T>
  T operator()(T a) const {
    return static_cast<T>(~a);
  }
  uint8_t operator()(uint8_t a) const { return !a; }
};
struct Cnot {
  template <class T>
  T operator()(T a) const {
    return a == 0;
  }
};
struct Shl {
  template <class T>
  T operator()(T a, uint32_t n) const {
    return n >= 8 * sizeof(T) ? T(0) : static_cast<T>(Raw<T>(a) << n);
  }
};
struct Shr {
  template <class T>
  T operator()(T a, uint32_t n) const {
    return static_cast<T>(n >= 8 * sizeof(T) ? (a < 0 ? T(-1) : T(0)) : a >> n);
  }
};
} // namespace

template <class F>
static void decodeLogic(Decoding &d) {
  Type type = d.takeType();
  operands(d, 2, bytesOf(type));
  d.op.run = handlerFor(d, type,
                        {{Type::Pred, two<F, uint8_t>},
                         {Type::B16, two<F, uint16_t>},
                         {Type::B32, two<F, uint32_t>},
                         {Type::B64, two<F, uint64_t>}});
}

template <class F>
static void decodeNot(Decoding &d) {
  Type type = d.takeType();
  operands(d, 1, bytesOf(type));
  d.op.run = handlerFor(d, type,
                        {{Type::Pred, unary<uint8_t, uint8_t, F>},
                         {Type::B16, unary<uint16_t, uint16_t, F>},
                         {Type::B32, unary<uint32_t, uint32_t, F>},
                         {Type::B64, unary<uint64_t, uint64_t, F>}});
}

template <class F>
static void decodeShift(Decoding &d) {
  Type type = d.takeType();
  int bytes = bytesOf(type);
  d.op.d = d.write(size_t(0), bytes);
  d.op.a = d.read(1, bytes);
  d.op.b = d.read(2, 4);
  d.op.run = handlerFor(d, type,
                        {{Type::B16, binary<uint16_t, uint16_t, uint32_t, F>},
                         {Type::U16, binary<uint16_t, uint16_t, uint32_t, F>},
                         {Type::S16, binary<int16_t, int16_t, uint32_t, F>},
                         {Type::B32, binary<uint32_t, uint32_t, uint32_t, F>},
                         {Type::U32, binary<uint32_t, uint32_t, uint32_t, F>},
                         {Type::S32, binary<int32_t, int32_t, uint32_t, F>},
                         {Type::B64, binary<uint64_t, uint64_t, uint32_t, F>},
                         {Type::U64, binary<uint64_t, uint64_t, uint32_t, F>},
                         {Type::S64, binary<int64_t, int64_t, uint32_t, F>}});
}

namespace {
template <bool left, bool wrap>
struct Funnel {
  uint32_t operator()(uint32_t lo, uint32_t hi, uint32_t n) const {
    n = wrap ? n & 31 : std::min(n, 32u);
    uint64_t both = static_cast<uint64_t>(hi) << 32 | lo;
    return static_cast<uint32_t>(left ? (both << n) >> 32 : both >> n);
  }
};
struct Lop3 {
  static void run(Warp &w, const Op &o, uint32_t mask) {
    const uint32_t *a = w.at<uint32_t>(o.a), *b = w.at<uint32_t>(o.b), *c = w.at<uint32_t>(o.c);
    auto table = static_cast<uint32_t>(o.imm);
    uint32_t on[8];
    for (uint32_t i = 0; i < 8; ++i)
      on[i] = table >> i & 1 ? ~0u : 0;
    fill(w.at<uint32_t>(o.d), mask, [&](uint32_t l) {
      uint32_t x = a[l], y = b[l], z = c[l];
      return (on[7] & x & y & z) | (on[6] & x & y & ~z) | (on[5] & x & ~y & z) | (on[4] & x & ~y & ~z) |
             (on[3] & ~x & y & z) | (on[2] & ~x & y & ~z) | (on[1] & ~x & ~y & z) | (on[0] & ~x & ~y & ~z);
    });
  }
};
struct Prmt {
  static uint32_t pick(uint32_t a, uint32_t b, uint32_t selector) {
    uint64_t bytes = static_cast<uint64_t>(b) << 32 | a;
    uint32_t out = 0;
    for (int i = 0; i < 4; ++i) {
      uint32_t which = selector >> (4 * i) & 15;
      auto byte = static_cast<uint32_t>(bytes >> (8 * (which & 7)) & 255);
      if (which & 8)
        byte = byte & 128 ? 255 : 0;
      out |= byte << (8 * i);
    }
    return out;
  }
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t selector) const { return pick(a, b, selector); }
};
/// prmt.f4e and its like: the selector of each of the four positions.
uint32_t prmtSelector(int mode, uint32_t n) {
  static constexpr uint16_t table[6][4] = {
      {0x3210, 0x4321, 0x5432, 0x6543}, {0x5670, 0x6701, 0x7012, 0x0123}, {0x0000, 0x1111, 0x2222, 0x3333},
      {0x3210, 0x3211, 0x3222, 0x3333}, {0x0000, 0x1110, 0x2210, 0x3210}, {0x1010, 0x3232, 0x1010, 0x3232}};
  return table[mode][n & 3];
}
void prmtMode(Warp &w, const Op &o, uint32_t mask) {
  const uint32_t *a = w.at<uint32_t>(o.a), *b = w.at<uint32_t>(o.b), *c = w.at<uint32_t>(o.c);
  fill(w.at<uint32_t>(o.d), mask,
       [&](uint32_t l) { return Prmt::pick(a[l], b[l], prmtSelector(o.flags[0], c[l])); });
}
template <class T>
struct Bfe {
  T operator()(T a, uint32_t at, uint32_t length) const {
    at &= 255;
    length &= 255;
    constexpr uint32_t bits = 8 * sizeof(T);
    using U = std::make_unsigned_t<T>;
    bool sign = std::is_signed_v<T> && length && (U(a) >> std::min(at + length - 1, bits - 1) & 1);
    U out = at < bits ? U(a) >> at : U(0);
    uint32_t have = std::min(length, at < bits ? bits - at : 0);
    U keep = have >= bits ? U(-1) : static_cast<U>((U(1) << have) - 1);
    out &= keep;
    if (sign)
      out |= static_cast<U>(~keep);
    return length ? static_cast<T>(out) : T(0);
  }
};
template <class T>
void bfi(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a), *b = w.at<T>(o.b);
  const uint32_t *at = w.at<uint32_t>(o.c), *length = w.at<uint32_t>(o.e);
  constexpr uint32_t bits = 8 * sizeof(T);
  fill(w.at<T>(o.d), mask, [&](uint32_t l) {
    uint32_t p = at[l] & 255, n = length[l] & 255;
    if (p >= bits || !n)
      return b[l];
    T keep = n >= bits ? T(-1) : static_cast<T>((T(1) << n) - 1);
    return static_cast<T>((b[l] & ~(keep << p)) | (a[l] & keep) << p);
  });
}
struct Popc {
  template <class T>
  uint32_t operator()(T a) const {
    return static_cast<uint32_t>(std::popcount(a));
  }
};
struct Clz {
  template <class T>
  uint32_t operator()(T a) const {
    return static_cast<uint32_t>(std::countl_zero(a));
  }
};
template <bool shift>
struct Bfind {
  template <class T>
  uint32_t operator()(T a) const {
    using U = std::make_unsigned_t<T>;
    U bits = a < 0 ? static_cast<U>(~a) : static_cast<U>(a);
    if (!bits)
      return ~0u;
    auto zeros = static_cast<uint32_t>(std::countl_zero(bits));
    return shift ? zeros : static_cast<uint32_t>(8 * sizeof(T)) - 1 - zeros;
  }
};
struct Brev {
  template <class T>
  T operator()(T a) const {
    T out = 0;
    for (size_t i = 0; i < 8 * sizeof(T); ++i, a >>= 1)
      out = static_cast<T>(out << 1 | (a & 1));
    return out;
  }
};
template <class A, class B, int parts>
struct Dot {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
    for (int i = 0; i < 4; ++i)
      c += static_cast<uint32_t>(static_cast<int32_t>(static_cast<A>(a >> (8 * i))) *
                                 static_cast<int32_t>(static_cast<B>(b >> (8 * i))));
    return c;
  }
};
template <class A, class B, bool high>
struct Dot2 {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
    if (high)
      b >>= 16;
    for (int i = 0; i < 2; ++i)
      c += static_cast<uint32_t>(static_cast<int32_t>(static_cast<A>(a >> (16 * i))) *
                                 static_cast<int32_t>(static_cast<B>(b >> (8 * i))));
    return c;
  }
};
template <class F>
constexpr Handler three = ternary<uint32_t, uint32_t, uint32_t, uint32_t, F>;
} // namespace

static void decodeShf(Decoding &d) {
  bool left = d.takeOneOf({"l", "r"}) == 0, wrap = d.takeOneOf({"clamp", "wrap"}) == 1;
  d.take("b32");
  operands(d, 3, 4);
  d.op.run = left ? (wrap ? three<Funnel<true, true>> : three<Funnel<true, false>>)
                  : (wrap ? three<Funnel<false, true>> : three<Funnel<false, false>>);
}

static void decodeLop3(Decoding &d) {
  d.take("b32");
  if (!d.expectOperands(5, 5))
    return;
  d.op.d = d.write(size_t(0), 4);
  d.op.a = d.read(1, 4);
  d.op.b = d.read(2, 4);
  d.op.c = d.read(3, 4);
  d.op.imm = d.immediate(4);
  d.op.run = Lop3::run;
}

static void decodePrmt(Decoding &d) {
  d.take("b32");
  int mode = d.takeOneOf({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
  operands(d, 3, 4);
  d.op.flags[0] = static_cast<uint8_t>(mode);
  d.op.run = mode < 0 ? three<Prmt> : prmtMode;
}

static void decodeBfe(Decoding &d) {
  Type type = d.takeType();
  int bytes = bytesOf(type);
  d.op.d = d.write(size_t(0), bytes);
  d.op.a = d.read(1, bytes);
  d.op.b = d.read(2, 4);
  d.op.c = d.read(3, 4);
  d.op.run = handlerFor(d, type,
                        {{Type::U32, ternary<uint32_t, uint32_t, uint32_t, uint32_t, Bfe<uint32_t>>},
                         {Type::S32, ternary<int32_t, int32_t, uint32_t, uint32_t, Bfe<int32_t>>},
                         {Type::U64, ternary<uint64_t, uint64_t, uint32_t, uint32_t, Bfe<uint64_t>>},
                         {Type::S64, ternary<int64_t, int64_t, uint32_t, uint32_t, Bfe<int64_t>>}});
}

static void decodeBfi(Decoding &d) {
  Type type = d.takeType();
  int bytes = bytesOf(type);
  d.op.d = d.write(size_t(0), bytes);
  d.op.a = d.read(1, bytes);
  d.op.b = d.read(2, bytes);
  d.op.c = d.read(3, 4);
  d.op.e = d.read(4, 4);
  d.op.run = handlerFor(d, type, {{Type::B32, bfi<uint32_t>}, {Type::B64, bfi<uint64_t>}});
}

template <class F>
static void decodeCount(Decoding &d) {
  Type type = d.takeType();
  d.op.d = d.write(size_t(0), 4);
  d.op.a = d.read(1, bytesOf(type));
  d.op.run = handlerFor(
      d, type, {{Type::B32, unary<uint32_t, uint32_t, F>}, {Type::B64, unary<uint32_t, uint64_t, F>}});
}

template <bool shift>
static Handler bfindOf(Decoding &d, Type type) {
  return handlerFor(d, type,
                    {{Type::U32, unary<uint32_t, uint32_t, Bfind<shift>>},
                     {Type::S32, unary<uint32_t, int32_t, Bfind<shift>>},
                     {Type::U64, unary<uint32_t, uint64_t, Bfind<shift>>},
                     {Type::S64, unary<uint32_t, int64_t, Bfind<shift>>}});
}
static void decodeBfind(Decoding &d) {
  bool shift = d.take("shiftamt");
  Type type = d.takeType();
  d.op.d = d.write(size_t(0), 4);
  d.op.a = d.read(1, bytesOf(type));
  d.op.run = shift ? bfindOf<true>(d, type) : bfindOf<false>(d, type);
}

static void decodeBrev(Decoding &d) {
  Type type = d.takeType();
  operands(d, 1, bytesOf(type));
  d.op.run = handlerFor(
      d, type, {{Type::B32, unary<uint32_t, uint32_t, Brev>}, {Type::B64, unary<uint64_t, uint64_t, Brev>}});
}

static void decodeDot(Decoding &d) {
  bool two = d.s.opcode == "dp2a", high = two && d.takeOneOf({"lo", "hi"}) == 1;
  int a = isSigned(d.takeType()), b = isSigned(d.takeType());
  static constexpr Handler four[2][2] = {{three<Dot<uint8_t, uint8_t, 4>>, three<Dot<uint8_t, int8_t, 4>>},
                                         {three<Dot<int8_t, uint8_t, 4>>, three<Dot<int8_t, int8_t, 4>>}};
  static constexpr Handler halves[2][2][2] = {
      {{three<Dot2<uint16_t, uint8_t, false>>, three<Dot2<uint16_t, int8_t, false>>},
       {three<Dot2<int16_t, uint8_t, false>>, three<Dot2<int16_t, int8_t, false>>}},
      {{three<Dot2<uint16_t, uint8_t, true>>, three<Dot2<uint16_t, int8_t, true>>},
       {three<Dot2<int16_t, uint8_t, true>>, three<Dot2<int16_t, int8_t, true>>}}};
  operands(d, 3, 4);
  d.op.run = two ? halves[high][a][b] : four[a][b];
}

std::span<const Instruction> bitInstructions() {
  static constexpr Instruction table[] = {
      {"and", decodeLogic<And>},   {"or", decodeLogic<Or>},   {"xor", decodeLogic<Xor>},
      {"not", decodeNot<Not>},     {"cnot", decodeNot<Cnot>}, {"shl", decodeShift<Shl>},
      {"shr", decodeShift<Shr>},   {"shf", decodeShf},        {"lop3", decodeLop3},
      {"prmt", decodePrmt},        {"bfe", decodeBfe},        {"bfi", decodeBfi},
      {"popc", decodeCount<Popc>}, {"clz", decodeCount<Clz>}, {"bfind", decodeBfind},
      {"brev", decodeBrev},        {"dp4a", decodeDot},       {"dp2a", decodeDot},
  };
  return table;
}

} // namespace hone::rt::sim
