// Floating-point arithmetic and approximate functions. All types round to nearest even once; approximate
// functions are exact to the last place of f32, so a kernel's result does not hang on one chip's tables. f16
// and bf16 ops compute in f32 (fma in f64) and round.
#include "runtime/devices/sim/ops/Half.h"
#include "runtime/devices/sim/ops/Lanes.h"
#include <algorithm>
#include <cfenv>

namespace hone::rt::sim {
namespace {

struct Add {
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
};
struct Sub {
  template <class T>
  T operator()(T a, T b) const {
    return a - b;
  }
};
struct Mul {
  template <class T>
  T operator()(T a, T b) const {
    return a * b;
  }
};
struct Div {
  template <class T>
  T operator()(T a, T b) const {
    return a / b;
  }
};
/// A NaN loses against a number; -0 is less than +0.
struct Min {
  template <class T>
  T operator()(T a, T b) const {
    return a < b ? a : b < a ? b : a != a ? b : b != b ? a : std::signbit(a) ? a : b;
  }
};
struct Max {
  template <class T>
  T operator()(T a, T b) const {
    return a > b ? a : b > a ? b : a != a ? b : b != b ? a : std::signbit(a) ? b : a;
  }
};
template <class F>
struct PassNan { // min.NaN, max.NaN
  template <class T>
  T operator()(T a, T b) const {
    return a != a ? a : b != b ? b : F()(a, b);
  }
};
struct Abs {
  template <class T>
  T operator()(T a) const {
    return std::fabs(a);
  }
};
struct Neg {
  template <class T>
  T operator()(T a) const {
    return -a;
  }
};
struct Rcp {
  template <class T>
  T operator()(T a) const {
    return T(1) / a;
  }
};
struct Sqrt {
  template <class T>
  T operator()(T a) const {
    return std::sqrt(a);
  }
};
struct Rsqrt {
  float operator()(float a) const { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(a))); }
  double operator()(double a) const { return 1.0 / std::sqrt(a); }
};
struct Ex2 {
  float operator()(float a) const { return std::exp2(a); }
};
struct Lg2 {
  float operator()(float a) const { return std::log2(a); }
};
struct Sin {
  float operator()(float a) const { return std::sin(a); }
};
struct Cos {
  float operator()(float a) const { return std::cos(a); }
};
struct Tanh {
  float operator()(float a) const { return std::tanh(a); }
};
struct Copysign { // the sign of a, the magnitude of b
  template <class T>
  T operator()(T a, T b) const {
    return std::copysign(b, a);
  }
};

/// How results are changed at the end, from op.flags[0].
enum Ending : uint8_t { Flush = 1, Saturate = 2, Relu = 4 };
template <class T>
T ending(T v, uint8_t how) {
  if (how & Flush)
    v = std::fabs(v) < std::is_same_v<T, float> * 0x1p-126f ? std::copysign(T(0), v) : v;
  if (how & Saturate)
    v = v > 0 ? std::min(v, T(1)) : T(0);
  if (how & Relu)
    v = v > 0 || v != v ? v : T(0);
  return v;
}

struct FusedPlain {
  template <class T>
  static void run(Warp &w, const Op &o, uint32_t mask) {
    const T *a = w.at<T>(o.a), *b = w.at<T>(o.b), *c = w.at<T>(o.c);
    fill(w.at<T>(o.d), mask, [&](uint32_t l) { return ending(std::fma(a[l], b[l], c[l]), o.flags[0]); });
  }
};
#ifdef __x86_64__
/// The same as vector code, where the machine has it.
template <class T>
__attribute__((target("avx2,fma"))) void fusedVector(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a), *b = w.at<T>(o.b), *c = w.at<T>(o.c);
  T *d = w.at<T>(o.d);
  if (mask == everyLane) {
    for (int l = 0; l < 32; ++l)
      d[l] = __builtin_elementwise_fma(a[l], b[l], c[l]);
  } else {
    for (uint32_t l = 0; l < 32; ++l)
      d[l] = mask >> l & 1 ? __builtin_elementwise_fma(a[l], b[l], c[l]) : d[l];
  }
}
#endif
template <class T>
Handler fused(uint8_t how) {
#ifdef __x86_64__
  static const bool vector = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (!how && vector)
    return fusedVector<T>;
#endif
  return FusedPlain::run<T>;
}

// Handlers for a type T, with and without an ending. Narrow types and pairs of them go through f32.
template <class T, class F>
void one(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a);
  if (!o.flags[0])
    return fill(w.at<T>(o.d), mask, [&](uint32_t l) { return F()(a[l]); });
  fill(w.at<T>(o.d), mask, [&](uint32_t l) { return ending(F()(a[l]), o.flags[0]); });
}
template <class T, class F>
void two(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a), *b = w.at<T>(o.b);
  if (!o.flags[0])
    return fill(w.at<T>(o.d), mask, [&](uint32_t l) { return F()(a[l], b[l]); });
  fill(w.at<T>(o.d), mask, [&](uint32_t l) { return ending(F()(a[l], b[l]), o.flags[0]); });
}
/// N narrow elements in one register of type R.
template <class H, class R, class F>
void narrow(Warp &w, const Op &o, uint32_t mask) {
  constexpr int n = sizeof(R) / 2;
  const R *a = w.at<R>(o.a), *b = w.at<R>(o.b == none ? o.a : o.b), *c = w.at<R>(o.c == none ? o.a : o.c);
  fill(w.at<R>(o.d), mask, [&](uint32_t l) {
    R out = 0;
    for (int i = 0; i < n; ++i) {
      auto part = [i](R r) { return H::get(static_cast<uint16_t>(r >> (16 * i))); };
      float v = ending(F()(part(a[l]), part(b[l]), part(c[l])), o.flags[0]);
      out = static_cast<R>(out | static_cast<R>(static_cast<R>(H::put(v)) << (16 * i)));
    }
    return out;
  });
}
template <class F>
struct OfOne {
  float operator()(float a, float, float) const { return F()(a); }
};
template <class F>
struct OfTwo {
  float operator()(float a, float b, float) const { return F()(a, b); }
};
struct Fused {
  float operator()(float a, float b, float c) const {
    return static_cast<float>(static_cast<double>(a) * b + c);
  }
};

template <class Of>
Handler narrowFor(Type type) {
  switch (type) {
  case Type::F16:
    return narrow<F16, uint16_t, Of>;
  case Type::F16x2:
    return narrow<F16, uint32_t, Of>;
  case Type::BF16:
    return narrow<BF16, uint16_t, Of>;
  case Type::BF16x2:
    return narrow<BF16, uint32_t, Of>;
  default:
    return nullptr;
  }
}
template <class F>
Handler oneFor(Type type) {
  return type == Type::F32 ? one<float, F> : type == Type::F64 ? one<double, F> : narrowFor<OfOne<F>>(type);
}
template <class F>
Handler twoFor(Type type) {
  return type == Type::F32 ? two<float, F> : type == Type::F64 ? two<double, F> : narrowFor<OfTwo<F>>(type);
}

// Directed rounding: the handler runs under the machine's rounding mode.
void directed(Warp &w, const Op &o, uint32_t mask) {
  static constexpr int modes[] = {FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  int before = std::fegetround();
  std::fesetround(modes[o.flags[1]]);
  o.inner(w, o, mask);
  std::fesetround(before);
}
void finish(Decoding &d) {
  if (d.op.flags[1] == 0)
    return;
  --d.op.flags[1];
  d.op.inner = d.op.run;
  d.op.run = directed;
}

void takeEnding(Decoding &d) {
  d.op.flags[1] = static_cast<uint8_t>(d.takeOneOf({"rz", "rm", "rp"}) + 1);
  d.takeRounding();
  d.op.flags[0] = static_cast<uint8_t>((d.take("sat") ? Saturate : 0) | (d.take("relu") ? Relu : 0));
}

/// Only f32: the functions of the special function unit.
template <class F>
void decodeFunction(Decoding &d) {
  bool flush = false;
  for (std::string_view modifier : d.s.modifiers)
    flush |= modifier == "ftz";
  takeEnding(d);
  Type type = d.takeType();
  if (flush)
    d.op.flags[0] |= Flush;
  operands(d, 1, bytesOf(type));
  d.op.run = type == Type::F32 ? one<float, F> : narrowFor<OfOne<F>>(type);
  if (!d.op.run)
    d.fail("type '.", infoOf(type).name, "' is not supported");
}
template <class F>
void decodeRoot(Decoding &d) {
  takeEnding(d);
  Type type = d.takeType();
  operands(d, 1, bytesOf(type));
  d.op.run = handlerFor(d, type, {{Type::F32, one<float, F>}, {Type::F64, one<double, F>}});
  finish(d);
}

void decodeFma(Decoding &d) {
  takeEnding(d);
  Type type = d.takeType();
  operands(d, 3, bytesOf(type));
  d.op.run = type == Type::F32   ? fused<float>(d.op.flags[0])
             : type == Type::F64 ? fused<double>(d.op.flags[0])
                                 : narrowFor<Fused>(type);
  if (!d.op.run)
    d.fail("type '.", infoOf(type).name, "' is not supported");
  finish(d);
}

void decodeCopysign(Decoding &d) {
  Type type = d.takeType();
  operands(d, 2, bytesOf(type));
  d.op.run = handlerFor(d, type, {{Type::F32, two<float, Copysign>}, {Type::F64, two<double, Copysign>}});
}

/// testp.finite and its like: a predicate about the kind of number.
template <class T>
void testKind(Warp &w, const Op &o, uint32_t mask) {
  const T *a = w.at<T>(o.a);
  fill(w.at<uint8_t>(o.d), mask, [&](uint32_t l) {
    int kind = std::fpclassify(a[l]);
    const bool is[] = {kind != FP_NAN && kind != FP_INFINITE,
                       kind == FP_INFINITE,
                       kind != FP_NAN,
                       kind == FP_NAN,
                       kind == FP_NORMAL,
                       kind == FP_SUBNORMAL};
    return static_cast<uint8_t>(is[o.flags[0]]);
  });
}
void decodeTestp(Decoding &d) {
  int kind = d.takeOneOf({"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  if (kind < 0)
    d.fail("expected a kind of number");
  Type type = d.takeType();
  d.op.flags[0] = static_cast<uint8_t>(kind);
  d.op.d = d.write(size_t(0), 1);
  d.op.a = d.read(1, bytesOf(type));
  d.op.run = handlerFor(d, type, {{Type::F32, testKind<float>}, {Type::F64, testKind<double>}});
}

} // namespace

namespace {
Handler addFor(Type type, bool) { return twoFor<Add>(type); }
Handler subFor(Type type, bool) { return twoFor<Sub>(type); }
Handler mulFor(Type type, bool) { return twoFor<Mul>(type); }
Handler divFor(Type type, bool) { return twoFor<Div>(type); }
Handler minFor(Type type, bool nan) { return nan ? twoFor<PassNan<Min>>(type) : twoFor<Min>(type); }
Handler maxFor(Type type, bool nan) { return nan ? twoFor<PassNan<Max>>(type) : twoFor<Max>(type); }
Handler absFor(Type type, bool) { return oneFor<Abs>(type); }
Handler negFor(Type type, bool) { return oneFor<Neg>(type); }
Handler madFor(Type type, bool) {
  return type == Type::F32 ? fused<float>(0) : type == Type::F64 ? fused<double>(0) : nullptr;
}
/// Opcodes that integers have too: Integer.cpp comes here for floating-point types.
constexpr struct {
  std::string_view opcode;
  int operands;
  Handler (*find)(Type, bool nan);
} shared[] = {{"add", 2, addFor}, {"sub", 2, subFor}, {"mul", 2, mulFor},
              {"div", 2, divFor}, {"min", 2, minFor}, {"max", 2, maxFor},
              {"abs", 1, absFor}, {"neg", 1, negFor}, {"mad", 3, madFor}};
} // namespace

/// True when `type` is a floating-point type and the op is decoded.
bool decodeFloat(Decoding &d, Type type) {
  if (!isFloat(type))
    return false;
  bool nan = d.take("NaN");
  takeEnding(d);
  for (const auto &row : shared)
    if (row.opcode == d.s.opcode) {
      operands(d, row.operands, bytesOf(type));
      d.op.run = row.find(type, nan);
      finish(d);
    }
  if (!d.op.run)
    d.fail("type '.", infoOf(type).name, "' is not supported");
  return true;
}

std::span<const Instruction> floatInstructions() {
  static constexpr Instruction table[] = {
      {"fma", decodeFma},           {"rcp", decodeRoot<Rcp>},     {"sqrt", decodeRoot<Sqrt>},
      {"rsqrt", decodeRoot<Rsqrt>}, {"ex2", decodeFunction<Ex2>}, {"lg2", decodeFunction<Lg2>},
      {"sin", decodeFunction<Sin>}, {"cos", decodeFunction<Cos>}, {"tanh", decodeFunction<Tanh>},
      {"copysign", decodeCopysign}, {"testp", decodeTestp},
  };
  return table;
}

} // namespace hone::rt::sim
