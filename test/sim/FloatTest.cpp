// Floating-point instructions and conversions against C++.
#include "test/sim/Harness.h"
#include <bit>
#include <cmath>

namespace hone::simtest {
namespace {

using U = uint64_t;
float f(U v) { return std::bit_cast<float>(static_cast<uint32_t>(v)); }
/// NaN results compare as one NaN, as PTX gives 0x7fffffff or passes one on.
U bits(float v) { return std::bit_cast<uint32_t>(v); }

/// As checkRows, but any NaN equals any other.
void check(const char *body, std::function<float(float, float, float)> expected) {
  for (int i = 0; i < 64; ++i) {
    static constexpr float numbers[] = {0.0f,     -0.0f, 1.0f,   -1.5f,    0.3333333f, 1e-40f,
                                        65504.0f, 1e20f, -3e38f, INFINITY, -INFINITY,  NAN,
                                        2.5f,     3.5f,  448.5f, -7.25f};
    std::vector<U> in;
    for (int l = 0; l < 96; ++l)
      in.push_back(bits(numbers[(l * 7 + i * 5 + l / 3 * i) % 16]));
    std::vector<U> out = lanes(body, "%f10", in);
    for (size_t l = 0; l < 32; ++l) {
      float want = expected(f(in[3 * l]), f(in[3 * l + 1]), f(in[3 * l + 2])), got = f(out[l]);
      if (std::isnan(want))
        EXPECT_TRUE(std::isnan(got)) << body;
      else
        EXPECT_EQ(bits(got), bits(want)) << body << " of " << f(in[3 * l]) << ", " << f(in[3 * l + 1]) << ", "
                                         << f(in[3 * l + 2]) << ": got " << got << ", expected " << want;
    }
  }
}

TEST(Float, Arithmetic) {
  check("add.f32 %f10, %f0, %f1;", [](float a, float b, float) { return a + b; });
  check("sub.rn.f32 %f10, %f0, %f1;", [](float a, float b, float) { return a - b; });
  check("mul.f32 %f10, %f0, %f1;", [](float a, float b, float) { return a * b; });
  check("div.rn.f32 %f10, %f0, %f1;", [](float a, float b, float) { return a / b; });
  check("fma.rn.f32 %f10, %f0, %f1, %f2;", [](float a, float b, float c) { return std::fma(a, b, c); });
  check("fma.rn.relu.f32 %f10, %f0, %f1, %f2;", [](float a, float b, float c) {
    float v = std::fma(a, b, c);
    return v > 0 || v != v ? v : 0.0f;
  });
  check("add.sat.f32 %f10, %f0, %f1;",
        [](float a, float b, float) { return a + b > 0 ? std::fmin(a + b, 1.0f) : 0.0f; });
  check("abs.f32 %f10, %f0;", [](float a, float, float) { return std::fabs(a); });
  check("neg.f32 %f10, %f0;", [](float a, float, float) { return -a; });
  check("min.NaN.f32 %f10, %f0, %f1;", [](float a, float b, float) {
    return a != a || b != b ? NAN : a < b || (a == b && std::signbit(a)) ? a : b;
  });
  check("max.f32 %f10, %f0, %f1;", [](float a, float b, float) {
    return a != a ? b : b != b ? a : a > b || (a == b && !std::signbit(a)) ? a : b;
  });
  check("rcp.rn.f32 %f10, %f0;", [](float a, float, float) { return 1 / a; });
  check("sqrt.rn.f32 %f10, %f0;", [](float a, float, float) { return std::sqrt(a); });
  check("copysign.f32 %f10, %f0, %f1;", [](float a, float b, float) { return std::copysign(b, a); });
}

TEST(Float, DirectedRounding) {
  auto third = [](const char *mode) {
    std::vector<U> in(96, bits(3.0f));
    return lanes(std::string("mov.f32 %f3, 0f3f800000;\ndiv.") + mode + ".f32 %f10, %f3, %f0;", "%f10",
                 in)[0];
  };
  EXPECT_EQ(third("rp"), third("rm") + 1);
  EXPECT_EQ(third("rz"), third("rm"));
  EXPECT_EQ(third("rn"), bits(1.0f / 3));
}

TEST(Float, Functions) {
  for (auto [body, expected] : std::vector<std::pair<const char *, double (*)(double)>>{
           {"ex2.approx.ftz.f32 %f10, %f0;", [](double a) { return std::exp2(a); }},
           {"lg2.approx.f32 %f10, %f0;", [](double a) { return std::log2(a); }},
           {"sin.approx.f32 %f10, %f0;", [](double a) { return std::sin(a); }},
           {"cos.approx.f32 %f10, %f0;", [](double a) { return std::cos(a); }},
           {"tanh.approx.f32 %f10, %f0;", [](double a) { return std::tanh(a); }},
           {"rsqrt.approx.f32 %f10, %f0;", [](double a) { return 1 / std::sqrt(a); }}}) {
    std::vector<U> in;
    for (int i = 0; i < 96; ++i)
      in.push_back(bits(0.05f * static_cast<float>(i + 1)));
    std::vector<U> out = lanes(body, "%f10", in);
    for (size_t l = 0; l < 32; ++l)
      EXPECT_NEAR(f(out[l]), expected(f(in[3 * l])), 1e-6 * (1 + std::fabs(expected(f(in[3 * l]))))) << body;
  }
}

TEST(Float, HalfConversionsRoundToNearestEven) {
  // Every f16 goes to f32 and back; the compiler's own _Float16 is the reference.
  for (uint32_t base = 0; base < 0x10000; base += 32) {
    std::vector<U> in;
    for (uint32_t l = 0; l < 32; ++l)
      in.insert(in.end(), {base + l, 0, 0});
    std::vector<U> wide = base % 4096 ? std::vector<U>() : lanes("cvt.f32.f16 %f10, %h0;", "%f10", in);
    for (size_t l = 0; l < wide.size(); ++l) {
      auto h = static_cast<uint16_t>(base + l);
      float want = std::bit_cast<_Float16>(h);
      EXPECT_TRUE(wide[l] == bits(want) || std::isnan(want)) << std::hex << h;
    }
  }
  std::vector<U> in;
  for (int l = 0; l < 32; ++l) {
    float v =
        std::ldexp(1.0f + static_cast<float>(l) / 4096 + 1.0f / 2048 * static_cast<float>(l % 3), l * 2 - 40);
    in.insert(in.end(), {bits(v), bits(-v), 0});
  }
  std::vector<U> out = lanes("cvt.rn.f16.f32 %h10, %f0;", "%h10", in),
                 packed = lanes("cvt.rn.f16x2.f32 %r10, %f0, %f1;", "%r10", in);
  std::vector<U> brain = lanes("cvt.rn.bf16x2.f32 %r10, %f0, %f1;", "%r10", in);
  for (size_t l = 0; l < 32; ++l) {
    auto want = std::bit_cast<uint16_t>(static_cast<_Float16>(f(in[3 * l])));
    EXPECT_EQ(out[l], want);
    EXPECT_EQ(packed[l], static_cast<U>(want) << 16 | (want | 0x8000));
    // The upper half of the sum with just under half a unit, one more when the last bit is odd.
    U raw = in[3 * l], b = (raw + 0x7fff + (raw >> 16 & 1)) >> 16;
    EXPECT_EQ(brain[l], b << 16 | (b | 0x8000));
  }
}

TEST(Float, HalfArithmetic) {
  auto half = [](float v) { return static_cast<U>(std::bit_cast<uint16_t>(static_cast<_Float16>(v))); };
  auto two = [&](float lo, float hi) { return half(lo) | half(hi) << 16; };
  std::vector<U> in(96);
  for (size_t l = 0; l < 32; ++l) {
    in[3 * l] = two(1.5f, -2);
    in[3 * l + 1] = two(0.25f, 8);
    in[3 * l + 2] = two(3, 100);
  }
  EXPECT_EQ(lanes("add.f16x2 %r10, %r0, %r1;", "%r10", in)[3], two(1.75f, 6));
  EXPECT_EQ(lanes("mul.rn.f16x2 %r10, %r0, %r1;", "%r10", in)[3], two(0.375f, -16));
  EXPECT_EQ(lanes("fma.rn.f16x2 %r10, %r0, %r1, %r2;", "%r10", in)[3], two(3.375f, 84));
  EXPECT_EQ(lanes("max.f16 %h10, %h0, %h1;", "%h10", in)[3], half(1.5f));
  EXPECT_EQ(lanes("setp.lt.f16 %p1, %h0, %h1;", "%p1", in)[3], 0u);
  EXPECT_EQ(lanes("setp.lt.f16x2 %p1|%p2, %r0, %r1;", "%p2", in)[3], 1u);
  EXPECT_EQ(lanes("neg.f16x2 %r10, %r0;", "%r10", in)[3], two(-1.5f, 2));
}

TEST(Float, Fp8) {
  // Every e4m3 value to f16 and back.
  for (uint32_t base = 0; base < 256; base += 32) {
    std::vector<U> in;
    for (uint32_t l = 0; l < 32; ++l)
      in.insert(in.end(), {base + l, 0, 0});
    for (const char *type : {"e4m3x2", "e5m2x2"}) {
      std::string body = std::string("cvt.rn.f16x2.") + type + " %r10, %h0;\ncvt.rn.satfinite." + type +
                         ".f16x2 %h10, %r10;";
      std::vector<U> out = lanes(body, "%h10", in);
      for (uint32_t l = 0; l < 32; ++l) {
        uint32_t v = base + l, magnitude = v & 0x7f;
        bool special = type[1] == '4' ? magnitude == 0x7f : magnitude >= 0x7c; // NaN; infinity saturates
        if (!special)
          EXPECT_EQ(out[l] & 255, v) << type;
      }
    }
  }
  std::vector<U> in(96, bits(500.0f));
  in[1] = bits(-1.0625f); // between 1 and 1.125: to even
  EXPECT_EQ(lanes("cvt.rn.satfinite.e4m3x2.f32 %h10, %f0, %f1;", "%h10", in)[0], 0x7eb8u);
  EXPECT_EQ(lanes("cvt.rn.satfinite.e5m2x2.f32 %h10, %f0, %f0;", "%h10", in)[0], 0x6060u);
}

TEST(Float, ConversionsToIntegers) {
  auto one = [](const char *body, const char *result, float v) {
    return lanes(body, result, std::vector<U>(96, bits(v)))[0];
  };
  EXPECT_EQ(one("cvt.rni.s32.f32 %r10, %f0;", "%r10", 2.5f), 2u);
  EXPECT_EQ(one("cvt.rzi.s32.f32 %r10, %f0;", "%r10", -2.9f), 0xfffffffeu);
  EXPECT_EQ(one("cvt.rmi.s32.f32 %r10, %f0;", "%r10", -2.1f), 0xfffffffdu);
  EXPECT_EQ(one("cvt.rpi.s32.f32 %r10, %f0;", "%r10", 2.1f), 3u);
  EXPECT_EQ(one("cvt.rzi.u32.f32 %r10, %f0;", "%r10", -5.0f), 0u);
  EXPECT_EQ(one("cvt.rzi.s32.f32 %r10, %f0;", "%r10", 1e20f), 0x7fffffffu);
  EXPECT_EQ(one("cvt.rzi.s32.f32 %r10, %f0;", "%r10", NAN), 0u);
  EXPECT_EQ(one("cvt.rzi.u64.f32 %d10, %f0;", "%d10", 1e19f), 9999999980506447872ull);
  EXPECT_EQ(one("cvt.rni.f32.f32 %f10, %f0;", "%f10", 3.5f), bits(4.0f));
  EXPECT_EQ(one("cvt.sat.f32.f32 %f10, %f0;", "%f10", 3.5f), bits(1.0f));
  EXPECT_EQ(one("cvt.rna.tf32.f32 %r10, %f0;", "%r10", 1.0f + 1.0f / 2048), bits(1.0f + 1.0f / 1024));
  std::vector<U> in(96, 0xffffffffffull);
  EXPECT_EQ(lanes("cvt.rn.f32.u64 %f10, %d0;", "%f10", in)[0], bits(1099511627776.0f));
  EXPECT_EQ(lanes("cvt.rz.f32.u64 %f10, %d0;", "%f10", in)[0], bits(std::nextafter(1099511627776.0f, 0.0f)));
  EXPECT_EQ(lanes("cvt.rn.f64.s32 %g3, %r0;\ncvt.rn.f32.f64 %f10, %g3;", "%f10", in)[0], bits(-1.0f));
}

TEST(Float, ComparisonsWithNaN) {
  for (auto [compare, ordered, unordered] : std::vector<std::tuple<const char *, U, U>>{{"eq", 0, 0},
                                                                                        {"ne", 1, 0},
                                                                                        {"lt", 1, 0},
                                                                                        {"ltu", 1, 1},
                                                                                        {"equ", 0, 1},
                                                                                        {"neu", 1, 1},
                                                                                        {"num", 1, 0},
                                                                                        {"nan", 0, 1}}) {
    std::vector<U> in(96, bits(1.0f));
    in[1] = bits(2.0f);
    in[4] = bits(NAN);
    std::vector<U> out = lanes(std::string("setp.") + compare + ".f32 %p1, %f0, %f1;", "%p1", in);
    EXPECT_EQ(out[0], ordered) << compare;
    EXPECT_EQ(out[1], unordered) << compare;
  }
}

} // namespace
} // namespace hone::simtest
