// setp and set: comparisons of all types, ordered and unordered, combined with a predicate.
#include "runtime/devices/sim/ops/Half.h"
#include "runtime/devices/sim/ops/Lanes.h"

namespace hone::rt::sim {
namespace {

enum Combine : uint8_t { NotCombined, And, Or, Xor };
/// What set writes for true.
enum Result : uint8_t { Predicate, AllOnes, One32, Pair };

struct Eq {
  template <class T>
  bool operator()(T a, T b) const {
    return a == b;
  }
};
struct Ne { // of floating-point numbers: ordered
  template <class T>
  bool operator()(T a, T b) const {
    return a < b || a > b;
  }
};
struct Lt {
  template <class T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};
struct Le {
  template <class T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};
struct Gt {
  template <class T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
struct Ge {
  template <class T>
  bool operator()(T a, T b) const {
    return a >= b;
  }
};
struct Num {
  template <class T>
  bool operator()(T a, T b) const {
    return a == a && b == b;
  }
};
struct Nan {
  template <class T>
  bool operator()(T a, T b) const {
    return a != a || b != b;
  }
};
template <class F>
struct Unordered {
  template <class T>
  bool operator()(T a, T b) const {
    return a != a || b != b || F()(a, b);
  }
};

// How a lane of a register reads as a number.
template <class T>
struct Plain {
  using Bits = T;
  static T get(T bits) { return bits; }
};

template <class As, class F>
void compare(Warp &w, const Op &o, uint32_t mask) {
  using T = typename As::Bits;
  const T *a = w.at<T>(o.a), *b = w.at<T>(o.b);
  uint8_t result[32];
  for (int l = 0; l < 32; ++l)
    result[l] = F()(As::get(a[l]), As::get(b[l]));
  const uint8_t *c = o.c == none ? nullptr : w.at<uint8_t>(o.c);
  // The second destination of setp takes the opposite comparison, combined the same way.
  for (int which = 0; which < 2; ++which) {
    uint32_t to = which ? o.e : o.d;
    if (to == none)
      continue;
    auto value = [&](uint32_t l) {
      uint8_t r = which ? !result[l] : result[l];
      if (!c)
        return r;
      auto p = static_cast<uint8_t>(c[l] != o.flags[2]);
      return static_cast<uint8_t>(o.flags[0] == And ? r & p : o.flags[0] == Or ? r | p : r ^ p);
    };
    if (o.flags[1] == Predicate)
      fill(w.at<uint8_t>(to), mask, value);
    else
      fill(w.at<uint32_t>(to), mask, [&](uint32_t l) {
        return !value(l) ? 0u : o.flags[1] == AllOnes ? ~0u : 0x3f800000u;
      });
  }
}

struct Comparison {
  std::string_view name;
  Handler s16, u16, s32, u32, s64, u64, f16, bf16, f32, f64;
};
template <class F>
constexpr Comparison all(std::string_view name) {
  return {name,
          compare<Plain<int16_t>, F>,
          compare<Plain<uint16_t>, F>,
          compare<Plain<int32_t>, F>,
          compare<Plain<uint32_t>, F>,
          compare<Plain<int64_t>, F>,
          compare<Plain<uint64_t>, F>,
          compare<F16, F>,
          compare<BF16, F>,
          compare<Plain<float>, F>,
          compare<Plain<double>, F>};
}
template <class F>
constexpr Comparison unsignedOnly(std::string_view name) {
  return {name,
          nullptr,
          compare<Plain<uint16_t>, F>,
          nullptr,
          compare<Plain<uint32_t>, F>,
          nullptr,
          compare<Plain<uint64_t>, F>,
          nullptr,
          nullptr,
          nullptr,
          nullptr};
}
template <class F>
constexpr Comparison floatOnly(std::string_view name) {
  return {name,
          nullptr,
          nullptr,
          nullptr,
          nullptr,
          nullptr,
          nullptr,
          compare<F16, F>,
          compare<BF16, F>,
          compare<Plain<float>, F>,
          compare<Plain<double>, F>};
}
constexpr Comparison comparisons[] = {all<Eq>("eq"),
                                      all<Ne>("ne"),
                                      all<Lt>("lt"),
                                      all<Le>("le"),
                                      all<Gt>("gt"),
                                      all<Ge>("ge"),
                                      unsignedOnly<Lt>("lo"),
                                      unsignedOnly<Le>("ls"),
                                      unsignedOnly<Gt>("hi"),
                                      unsignedOnly<Ge>("hs"),
                                      floatOnly<Unordered<Eq>>("equ"),
                                      floatOnly<Unordered<Ne>>("neu"),
                                      floatOnly<Unordered<Lt>>("ltu"),
                                      floatOnly<Unordered<Le>>("leu"),
                                      floatOnly<Unordered<Gt>>("gtu"),
                                      floatOnly<Unordered<Ge>>("geu"),
                                      floatOnly<Num>("num"),
                                      floatOnly<Nan>("nan")};

Handler pick(Decoding &d, const Comparison &c, Type type) {
  return handlerFor(d, type,
                    {{Type::S16, c.s16},
                     {Type::U16, c.u16},
                     {Type::B16, c.u16},
                     {Type::S32, c.s32},
                     {Type::U32, c.u32},
                     {Type::B32, c.u32},
                     {Type::S64, c.s64},
                     {Type::U64, c.u64},
                     {Type::B64, c.u64},
                     {Type::F16, c.f16},
                     {Type::BF16, c.bf16},
                     {Type::F32, c.f32},
                     {Type::F64, c.f64}});
}

const Comparison *takeComparison(Decoding &d) {
  for (const Comparison &c : comparisons)
    if (d.take(c.name))
      return &c;
  d.fail("expected a comparison");
  return nullptr;
}

/// setp.lt.f16x2 p|q, a, b: one predicate a half.
template <class As>
void comparePair(Warp &w, const Op &o, uint32_t mask) {
  const uint32_t *a = w.at<uint32_t>(o.a), *b = w.at<uint32_t>(o.b);
  for (uint32_t half = 0; half < 2; ++half) {
    if ((half ? o.e : o.d) == none)
      continue;
    fill(w.at<uint8_t>(half ? o.e : o.d), mask, [&](uint32_t l) {
      float x = As::get(static_cast<uint16_t>(a[l] >> (16 * half))),
            y = As::get(static_cast<uint16_t>(b[l] >> (16 * half)));
      bool lt = x<y, gt = x> y, eq = x == y, un = x != x || y != y;
      return static_cast<uint8_t>((o.imm & 1 && lt) || (o.imm & 2 && eq) || (o.imm & 4 && gt) ||
                                  (o.imm & 8 && un));
    });
  }
}
/// Bits of what makes a comparison true: less, equal, greater, unordered.
int truthOf(std::string_view name) {
  static constexpr std::pair<std::string_view, int> truths[] = {
      {"eq", 2},   {"ne", 5},  {"lt", 1},   {"le", 3},   {"gt", 4},   {"ge", 6},  {"equ", 10},
      {"neu", 13}, {"ltu", 9}, {"leu", 11}, {"gtu", 12}, {"geu", 14}, {"num", 7}, {"nan", 8}};
  for (auto [n, truth] : truths)
    if (n == name)
      return truth;
  return 0;
}

void decodeSetp(Decoding &d) {
  const Comparison *c = takeComparison(d);
  if (!c)
    return;
  d.op.flags[0] = static_cast<uint8_t>(d.takeOneOf({"and", "or", "xor"}) + 1);
  d.take("ftz");
  Type type = d.takeType();
  if (type == Type::None || !d.expectOperands(d.op.flags[0] ? 4 : 3, d.op.flags[0] ? 4 : 3))
    return;
  auto [first, second] = d.pair(0);
  if (first->kind != Operand::Sink)
    d.op.d = d.write(*first, 1);
  if (second && second->kind != Operand::Sink)
    d.op.e = d.write(*second, 1);
  d.op.a = d.read(1, bytesOf(type));
  d.op.b = d.read(2, bytesOf(type));
  if (d.op.flags[0]) {
    d.op.c = d.read(3, 1);
    d.op.flags[2] = d.isNegated(3);
  }
  if (type == Type::F16x2 || type == Type::BF16x2) {
    if (d.op.flags[0])
      d.fail("a combination with a predicate is not supported for pairs");
    d.op.imm = truthOf(c->name);
    d.op.run = type == Type::F16x2 ? comparePair<F16> : comparePair<BF16>;
    return;
  }
  d.op.run = pick(d, *c, type);
  if (!d.op.run)
    d.fail("comparison '.", c->name, "' does not exist for type '.", infoOf(type).name, "'");
}

void decodeSet(Decoding &d) {
  const Comparison *c = takeComparison(d);
  if (!c)
    return;
  d.op.flags[0] = static_cast<uint8_t>(d.takeOneOf({"and", "or", "xor"}) + 1);
  d.take("ftz");
  Type to = d.takeType(), type = d.takeType();
  if (bytesOf(to) != 4 || to == Type::F16x2 || to == Type::BF16x2)
    return d.fail("type '.", infoOf(to).name, "' is not supported as a result");
  d.op.flags[1] = to == Type::F32 ? One32 : AllOnes;
  d.op.d = d.write(size_t(0), 4);
  d.op.a = d.read(1, bytesOf(type));
  d.op.b = d.read(2, bytesOf(type));
  if (d.op.flags[0]) {
    d.op.c = d.read(3, 1);
    d.op.flags[2] = d.isNegated(3);
  }
  d.op.run = pick(d, *c, type);
  if (!d.op.run)
    d.fail("comparison '.", c->name, "' does not exist for type '.", infoOf(type).name, "'");
}

} // namespace

std::span<const Instruction> compareInstructions() {
  static constexpr Instruction table[] = {{"setp", decodeSetp}, {"set", decodeSet}};
  return table;
}

} // namespace hone::rt::sim
