// Integer arithmetic.
#include "runtime/devices/sim/ops/Lanes.h"
#include <algorithm>
#include <bit>

namespace hone::rt::sim {
namespace {

template <class T>
using Wide = std::conditional_t<
    sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
    std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
                       std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>>>;
/// Arithmetic wraps around: it is done without a sign.
template <class T>
using Raw = std::conditional_t<sizeof(T) == 2, uint32_t, std::make_unsigned_t<T>>;

struct Add {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(Raw<T>(a) + Raw<T>(b));
  }
};
struct Sub {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(Raw<T>(a) - Raw<T>(b));
  }
};
struct MulLo {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(Raw<T>(a) * Raw<T>(b));
  }
};
struct MulHi {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>((Wide<T>(a) * Wide<T>(b)) >> (8 * sizeof(T)));
  }
};
struct MulWide {
  template <class T>
  Wide<T> operator()(T a, T b) const {
    return Wide<T>(a) * Wide<T>(b);
  }
};
template <class M>
struct MadOf {
  template <class T, class C>
  C operator()(T a, T b, C c) const {
    return static_cast<C>(Raw<C>(M()(a, b)) + Raw<C>(c));
  }
};
/// What the hardware gives for a division by zero is all ones; the PTX manual leaves it open.
struct Div {
  template <class T>
  T operator()(T a, T b) const {
    if (b == 0)
      return static_cast<T>(-1);
    if constexpr (std::is_signed_v<T>)
      if (b == T(-1))
        return static_cast<T>(0 - Raw<T>(a));
    return static_cast<T>(a / b);
  }
};
struct Rem {
  template <class T>
  T operator()(T a, T b) const {
    if (b == 0)
      return a;
    if constexpr (std::is_signed_v<T>)
      if (b == T(-1))
        return 0;
    return static_cast<T>(a % b);
  }
};
struct Min {
  template <class T>
  T operator()(T a, T b) const {
    return a < b ? a : b;
  }
};
struct Max {
  template <class T>
  T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};
struct Abs {
  template <class T>
  T operator()(T a) const {
    return a < 0 ? static_cast<T>(0 - Raw<T>(a)) : a;
  }
};
struct Neg {
  template <class T>
  T operator()(T a) const {
    return static_cast<T>(0 - Raw<T>(a));
  }
};
struct Saturating {
  int32_t sum(int64_t v) const {
    return static_cast<int32_t>(std::min<int64_t>(std::max<int64_t>(v, INT32_MIN), INT32_MAX));
  }
};
struct AddSat : Saturating {
  int32_t operator()(int32_t a, int32_t b) const { return sum(int64_t(a) + b); }
};
struct SubSat : Saturating {
  int32_t operator()(int32_t a, int32_t b) const { return sum(int64_t(a) - b); }
};
struct Sad {
  template <class T>
  T operator()(T a, T b, T c) const {
    return static_cast<T>(Raw<T>(c) + (a < b ? Raw<T>(b) - Raw<T>(a) : Raw<T>(a) - Raw<T>(b)));
  }
};
template <class F>
struct Pair16 { // two halves of a word
  template <class T>
  uint32_t operator()(uint32_t a, uint32_t b, T) const {
    auto lo = static_cast<uint16_t>(F()(static_cast<T>(a), static_cast<T>(b)));
    auto hi = static_cast<uint16_t>(F()(static_cast<T>(a >> 16), static_cast<T>(b >> 16)));
    return lo | static_cast<uint32_t>(hi) << 16;
  }
};
template <class F, class T>
struct Pair16Of {
  uint32_t operator()(uint32_t a, uint32_t b) const { return Pair16<F>()(a, b, T()); }
};

template <class F, class T>
constexpr Handler two = binary<T, T, T, F>;

template <class F>
Handler arithmetic(Decoding &d, Type type) {
  return handlerFor(d, type,
                    {{Type::U16, two<F, uint16_t>},
                     {Type::S16, two<F, int16_t>},
                     {Type::U32, two<F, uint32_t>},
                     {Type::S32, two<F, int32_t>},
                     {Type::U64, two<F, uint64_t>},
                     {Type::S64, two<F, int64_t>},
                     {Type::U16x2, two<Pair16Of<F, uint16_t>, uint32_t>},
                     {Type::S16x2, two<Pair16Of<F, int16_t>, uint32_t>}});
}

} // namespace

/// add, sub, mul, min, max ... of floating-point types are in Float.cpp; true: decoded there.
bool decodeFloat(Decoding &d, Type type);

// Carry of add.cc and its like: one flag a lane, in a slot of its own.
static uint32_t carrySlot(Decoding &d) { return d.in().carry ? d.in().carry : d.in().carry = d.in().slot(1); }

template <class T, bool subtract>
static void withCarry(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a), *b = w.at<T>(o.b);
  T *d = w.at<T>(o.d);
  auto *carry = w.at<uint8_t>(o.e);
  forLanes(mask, [&](uint32_t l) {
    unsigned __int128 in = o.flags[0] ? carry[l] : 0;
    unsigned __int128 sum = subtract ? static_cast<unsigned __int128>(a[l]) - b[l] - in
                                     : static_cast<unsigned __int128>(a[l]) + b[l] + in;
    d[l] = static_cast<T>(sum);
    if (o.flags[1])
      carry[l] = static_cast<uint8_t>(sum >> (8 * sizeof(T)) & 1);
  });
}

template <class T>
static void madCarry(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a), *b = w.at<T>(o.b), *c = w.at<T>(o.c);
  T *d = w.at<T>(o.d);
  auto *carry = w.at<uint8_t>(o.e);
  forLanes(mask, [&](uint32_t l) {
    unsigned __int128 product = static_cast<unsigned __int128>(a[l]) * b[l];
    if (o.flags[2] && std::is_signed_v<T>) {
      product = static_cast<unsigned __int128>(static_cast<__int128>(a[l]) * b[l]);
    }
    using U = std::make_unsigned_t<T>;
    U part = static_cast<U>(o.flags[2] ? product >> (8 * sizeof(T)) : product);
    unsigned __int128 sum =
        static_cast<unsigned __int128>(part) + static_cast<U>(c[l]) + (o.flags[0] ? carry[l] : 0u);
    d[l] = static_cast<T>(sum);
    if (o.flags[1])
      carry[l] = static_cast<uint8_t>(sum >> (8 * sizeof(T)) & 1);
  });
}

static void decodeCarry(Decoding &d, Type type, bool in, bool out, bool subtract) {
  d.op.flags[0] = in;
  d.op.flags[1] = out;
  d.op.e = carrySlot(d);
  bool wide = bytesOf(type) == 8;
  d.op.run = subtract ? (wide ? withCarry<uint64_t, true> : withCarry<uint32_t, true>)
                      : (wide ? withCarry<uint64_t, false> : withCarry<uint32_t, false>);
  operands(d, 2, bytesOf(type));
}

template <class F, class Sat, bool subtract>
static void decodeAdd(Decoding &d) {
  bool in = d.s.opcode.back() == 'c', out = d.take("cc");
  Type type = d.takeType();
  if (in || out)
    return decodeCarry(d, type, in, out, subtract);
  if (decodeFloat(d, type))
    return;
  operands(d, 2, bytesOf(type));
  d.op.run = d.take("sat") ? handlerFor(d, type, {{Type::S32, two<Sat, int32_t>}}) : arithmetic<F>(d, type);
}

static void decodeMul(Decoding &d) {
  Type type = d.takeType();
  if (decodeFloat(d, type))
    return;
  int part = d.takeOneOf({"lo", "hi", "wide"});
  if (part == 2) {
    d.op.d = d.write(size_t(0), 2 * bytesOf(type));
    d.op.a = d.read(1, bytesOf(type));
    d.op.b = d.read(2, bytesOf(type));
    d.op.run = handlerFor(d, type,
                          {{Type::U16, binary<uint32_t, uint16_t, uint16_t, MulWide>},
                           {Type::S16, binary<int32_t, int16_t, int16_t, MulWide>},
                           {Type::U32, binary<uint64_t, uint32_t, uint32_t, MulWide>},
                           {Type::S32, binary<int64_t, int32_t, int32_t, MulWide>}});
    return;
  }
  operands(d, 2, bytesOf(type));
  d.op.run = part == 1 ? handlerFor(d, type,
                                    {{Type::U16, two<MulHi, uint16_t>},
                                     {Type::S16, two<MulHi, int16_t>},
                                     {Type::U32, two<MulHi, uint32_t>},
                                     {Type::S32, two<MulHi, int32_t>},
                                     {Type::U64, two<MulHi, uint64_t>},
                                     {Type::S64, two<MulHi, int64_t>}})
                       : arithmetic<MulLo>(d, type);
}

template <class M, class T, class C>
static constexpr Handler madOf = ternary<C, T, T, C, MadOf<M>>;

static void decodeMad(Decoding &d) {
  bool in = d.s.opcode == "madc", out = d.take("cc");
  Type type = d.takeType();
  if (!in && !out && decodeFloat(d, type))
    return;
  int part = d.takeOneOf({"lo", "hi", "wide"}), bytes = bytesOf(type);
  if (in || out) {
    d.op.flags[0] = in;
    d.op.flags[1] = out;
    d.op.flags[2] = part == 1;
    d.op.e = carrySlot(d);
    d.op.run = handlerFor(d, type,
                          {{Type::U32, madCarry<uint32_t>},
                           {Type::S32, madCarry<int32_t>},
                           {Type::U64, madCarry<uint64_t>},
                           {Type::S64, madCarry<int64_t>}});
    return operands(d, 3, bytes);
  }
  if (part == 2) {
    d.op.d = d.write(size_t(0), 2 * bytes);
    d.op.a = d.read(1, bytes);
    d.op.b = d.read(2, bytes);
    d.op.c = d.read(3, 2 * bytes);
    d.op.run = handlerFor(d, type,
                          {{Type::U16, madOf<MulWide, uint16_t, uint32_t>},
                           {Type::S16, madOf<MulWide, int16_t, int32_t>},
                           {Type::U32, madOf<MulWide, uint32_t, uint64_t>},
                           {Type::S32, madOf<MulWide, int32_t, int64_t>}});
    return;
  }
  operands(d, 3, bytes);
  if (part == 1)
    d.op.run = handlerFor(d, type,
                          {{Type::U32, madOf<MulHi, uint32_t, uint32_t>},
                           {Type::S32, madOf<MulHi, int32_t, int32_t>},
                           {Type::U64, madOf<MulHi, uint64_t, uint64_t>},
                           {Type::S64, madOf<MulHi, int64_t, int64_t>}});
  else
    d.op.run = handlerFor(d, type,
                          {{Type::U16, madOf<MulLo, uint16_t, uint16_t>},
                           {Type::S16, madOf<MulLo, int16_t, int16_t>},
                           {Type::U32, madOf<MulLo, uint32_t, uint32_t>},
                           {Type::S32, madOf<MulLo, int32_t, int32_t>},
                           {Type::U64, madOf<MulLo, uint64_t, uint64_t>},
                           {Type::S64, madOf<MulLo, int64_t, int64_t>}});
}

template <class F>
static void decodeTwo(Decoding &d) {
  Type type = d.takeType();
  if (decodeFloat(d, type))
    return;
  operands(d, 2, bytesOf(type));
  d.op.run = arithmetic<F>(d, type);
}

template <class F>
static void decodeOne(Decoding &d) {
  Type type = d.takeType();
  if (decodeFloat(d, type))
    return;
  operands(d, 1, bytesOf(type));
  d.op.run = handlerFor(d, type,
                        {{Type::S16, unary<int16_t, int16_t, F>},
                         {Type::S32, unary<int32_t, int32_t, F>},
                         {Type::S64, unary<int64_t, int64_t, F>}});
}

static void decodeSad(Decoding &d) {
  Type type = d.takeType();
  operands(d, 3, bytesOf(type));
  d.op.run = handlerFor(d, type,
                        {{Type::U32, ternary<uint32_t, uint32_t, uint32_t, uint32_t, Sad>},
                         {Type::S32, ternary<int32_t, int32_t, int32_t, int32_t, Sad>},
                         {Type::U64, ternary<uint64_t, uint64_t, uint64_t, uint64_t, Sad>},
                         {Type::S64, ternary<int64_t, int64_t, int64_t, int64_t, Sad>}});
}

std::span<const Instruction> integerInstructions() {
  static constexpr Instruction table[] = {
      {"add", decodeAdd<Add, AddSat, false>},
      {"addc", decodeAdd<Add, AddSat, false>},
      {"sub", decodeAdd<Sub, SubSat, true>},
      {"subc", decodeAdd<Sub, SubSat, true>},
      {"mul", decodeMul},
      {"mad", decodeMad},
      {"madc", decodeMad},
      {"div", decodeTwo<Div>},
      {"rem", decodeTwo<Rem>},
      {"min", decodeTwo<Min>},
      {"max", decodeTwo<Max>},
      {"abs", decodeOne<Abs>},
      {"neg", decodeOne<Neg>},
      {"sad", decodeSad},
  };
  return table;
}

} // namespace hone::rt::sim
