// Integer instructions against C++.
#include "test/sim/Harness.h"
#include <algorithm>
#include <bit>

namespace hone::simtest {
namespace {

using U = uint64_t;
int32_t s32(U v) { return static_cast<int32_t>(v); }
uint32_t u32(U v) { return static_cast<uint32_t>(v); }
int16_t s16(U v) { return static_cast<int16_t>(v); }
uint16_t u16(U v) { return static_cast<uint16_t>(v); }
int64_t s64(U v) { return static_cast<int64_t>(v); }
using I128 = __int128;
using U128 = unsigned __int128;

TEST(Integer, Arithmetic) {
  checkRows(
      {
          {"add.s32 %r10, %r0, %r1;", "%r10", [](U a, U b, U) -> U { return u32(a + b); }},
          {"add.u64 %d10, %d0, %d1;", "%d10", [](U a, U b, U) -> U { return a + b; }},
          {"add.s16 %h10, %h0, %h1;", "%h10", [](U a, U b, U) -> U { return u16(a + b); }},
          {"add.s32 %r10, %r0, -7;", "%r10", [](U a, U, U) -> U { return u32(a - 7); }},
          {"add.sat.s32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U {
             return u32(static_cast<U>(std::clamp<int64_t>(int64_t(s32(a)) + s32(b), INT32_MIN, INT32_MAX)));
           }},
          {"sub.s32 %r10, %r0, %r1;", "%r10", [](U a, U b, U) -> U { return u32(a - b); }},
          {"sub.s64 %d10, %d0, %d1;", "%d10", [](U a, U b, U) -> U { return a - b; }},
          {"sub.sat.s32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U {
             return u32(static_cast<U>(std::clamp<int64_t>(int64_t(s32(a)) - s32(b), INT32_MIN, INT32_MAX)));
           }},
          {"mul.lo.s32 %r10, %r0, %r1;", "%r10", [](U a, U b, U) -> U { return u32(a * b); }},
          {"mul.lo.u16 %h10, %h0, %h1;", "%h10", [](U a, U b, U) -> U { return u16(a * b); }},
          {"mul.hi.s32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U { return u32(static_cast<U>(int64_t(s32(a)) * s32(b) >> 32)); }},
          {"mul.hi.u32 %r10, %r0, %r1;", "%r10", [](U a, U b, U) -> U { return U(u32(a)) * u32(b) >> 32; }},
          {"mul.hi.u64 %d10, %d0, %d1;", "%d10",
           [](U a, U b, U) -> U { return static_cast<U>(U128(a) * b >> 64); }},
          {"mul.hi.s64 %d10, %d0, %d1;", "%d10",
           [](U a, U b, U) -> U { return static_cast<U>(I128(s64(a)) * s64(b) >> 64); }},
          {"mul.wide.s32 %d10, %r0, %r1;", "%d10",
           [](U a, U b, U) -> U { return static_cast<U>(int64_t(s32(a)) * s32(b)); }},
          {"mul.wide.u32 %d10, %r0, %r1;", "%d10", [](U a, U b, U) -> U { return U(u32(a)) * u32(b); }},
          {"mul.wide.s16 %r10, %h0, %h1;", "%r10",
           [](U a, U b, U) -> U { return u32(static_cast<U>(int32_t(s16(a)) * s16(b))); }},
          {"mad.lo.s32 %r10, %r0, %r1, %r2;", "%r10", [](U a, U b, U c) -> U { return u32(a * b + c); }},
          {"mad.hi.u32 %r10, %r0, %r1, %r2;", "%r10",
           [](U a, U b, U c) -> U { return u32((U(u32(a)) * u32(b) >> 32) + c); }},
          {"mad.wide.s32 %d10, %r0, %r1, %d2;", "%d10",
           [](U a, U b, U c) -> U { return static_cast<U>(int64_t(s32(a)) * s32(b)) + c; }},
          {"div.u32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U { return u32(b) ? u32(a) / u32(b) : 0xffffffff; }},
          {"div.s32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U {
             return s32(b) ? u32(static_cast<U>(int64_t(s32(a)) / s32(b))) : 0xffffffff;
           }},
          {"rem.s32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U { return s32(b) ? u32(static_cast<U>(int64_t(s32(a)) % s32(b))) : u32(a); }},
          {"rem.u64 %d10, %d0, %d1;", "%d10", [](U a, U b, U) -> U { return b ? a % b : a; }},
          {"min.s32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U { return u32(static_cast<U>(std::min(s32(a), s32(b)))); }},
          {"max.u64 %d10, %d0, %d1;", "%d10", [](U a, U b, U) -> U { return std::max(a, b); }},
          {"max.s16x2 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U {
             return u16(static_cast<U>(std::max(s16(a), s16(b)))) |
                    U(u16(static_cast<U>(std::max(s16(a >> 16), s16(b >> 16))))) << 16;
           }},
          {"abs.s32 %r10, %r0;", "%r10", [](U a, U, U) -> U { return s32(a) < 0 ? u32(0 - a) : u32(a); }},
          {"neg.s64 %d10, %d0;", "%d10", [](U a, U, U) -> U { return 0 - a; }},
          {"sad.u32 %r10, %r0, %r1, %r2;", "%r10",
           [](U a, U b, U c) -> U { return u32(c + (u32(a) < u32(b) ? u32(b) - u32(a) : u32(a) - u32(b))); }},
          {"add.cc.u32 %r10, %r0, %r1;\naddc.u32 %r11, %r1, %r2;", "%r11",
           [](U a, U b, U c) -> U { return u32(b + c + ((U(u32(a)) + u32(b)) >> 32)); }},
          {"sub.cc.u32 %r10, %r0, %r1;\nsubc.u32 %r11, %r1, %r2;", "%r11",
           [](U a, U b, U c) -> U { return u32(b - c - (u32(a) < u32(b))); }},
          {"mad.lo.cc.u32 %r10, %r0, %r1, %r2;\nmadc.hi.u32 %r11, %r0, %r1, %r2;", "%r11",
           [](U a, U b, U c) -> U {
             U product = U(u32(a)) * u32(b);
             return u32((product >> 32) + c + ((U(u32(product)) + u32(c)) >> 32));
           }},
          {"dp4a.s32.s32 %r10, %r0, %r1, %r2;", "%r10",
           [](U a, U b, U c) -> U {
             for (int i = 0; i < 4; ++i)
               c +=
                   static_cast<U>(int32_t(static_cast<int8_t>(a >> 8 * i)) * static_cast<int8_t>(b >> 8 * i));
             return u32(c);
           }},
          {"dp2a.lo.s32.u32 %r10, %r0, %r1, %r2;", "%r10",
           [](U a, U b, U c) -> U {
             for (int i = 0; i < 2; ++i)
               c += static_cast<U>(int64_t(s16(a >> 16 * i)) * static_cast<uint8_t>(b >> 8 * i));
             return u32(c);
           }},
      },
      false);
}

TEST(Integer, BitsAndShifts) {
  checkRows(
      {
          {"and.b32 %r10, %r0, %r1;", "%r10", [](U a, U b, U) -> U { return u32(a & b); }},
          {"or.b64 %d10, %d0, %d1;", "%d10", [](U a, U b, U) -> U { return a | b; }},
          {"xor.b16 %h10, %h0, %h1;", "%h10", [](U a, U b, U) -> U { return u16(a ^ b); }},
          {"not.b32 %r10, %r0;", "%r10", [](U a, U, U) -> U { return u32(~a); }},
          {"cnot.b32 %r10, %r0;", "%r10", [](U a, U, U) -> U { return u32(a) == 0; }},
          {"shl.b32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U { return u32(b) > 31 ? 0 : u32(a << u32(b)); }},
          {"shr.u32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U { return u32(b) > 31 ? 0 : u32(a) >> u32(b); }},
          {"shr.s32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U { return u32(static_cast<U>(s32(a) >> std::min(u32(b), 31u))); }},
          {"shr.s64 %d10, %d0, %r1;", "%d10",
           [](U a, U b, U) -> U { return static_cast<U>(s64(a) >> std::min(u32(b), 63u)); }},
          {"shl.b64 %d10, %d0, 40;", "%d10", [](U a, U, U) -> U { return a << 40; }},
          {"shf.l.wrap.b32 %r10, %r0, %r1, %r2;", "%r10",
           [](U a, U b, U c) -> U { return ((u32(b) * (1ull << 32) | u32(a)) << (c & 31)) >> 32; }},
          {"shf.r.clamp.b32 %r10, %r0, %r1, %r2;", "%r10",
           [](U a, U b, U c) -> U { return u32((u32(b) * (1ull << 32) | u32(a)) >> std::min(u32(c), 32u)); }},
          {"lop3.b32 %r10, %r0, %r1, %r2, 0xe8;", "%r10",
           [](U a, U b, U c) -> U { return u32((a & b) | (a & c) | (b & c)); }},
          {"lop3.b32 %r10, %r0, %r1, %r2, 0x1b;", "%r10",
           [](U a, U b, U c) -> U {
             uint32_t out = 0;
             for (int i = 0; i < 32; ++i)
               out |= (0x1bu >> ((a >> i & 1) * 4 + (b >> i & 1) * 2 + (c >> i & 1)) & 1) << i;
             return out;
           }},
          {"prmt.b32 %r10, %r0, %r1, 0x7531;", "%r10",
           [](U a, U b, U) -> U {
             return (a >> 8 & 255) | (a >> 24 & 255) << 8 | (b >> 8 & 255) << 16 | (b >> 24 & 255) << 24;
           }},
          {"prmt.b32 %r10, %r0, %r1, 0x8000;", "%r10",
           [](U a, U, U) -> U { return (a & 255) * 0x010101 | (a & 128 ? 0xff000000 : 0); }},
          {"bfe.u32 %r10, %r0, 5, 7;", "%r10", [](U a, U, U) -> U { return a >> 5 & 127; }},
          {"bfe.s32 %r10, %r0, 5, 7;", "%r10",
           [](U a, U, U) -> U { return u32(static_cast<U>(s32(a << 20) >> 25)); }},
          {"bfe.s32 %r10, %r0, 28, 16;", "%r10",
           [](U a, U, U) -> U { return u32(static_cast<U>(s32(a) >> 28)); }},
          {"bfi.b32 %r10, %r0, %r1, 5, 7;", "%r10",
           [](U a, U b, U) -> U { return u32((b & ~(127ull << 5)) | (a & 127) << 5); }},
          {"popc.b64 %r10, %d0;", "%r10", [](U a, U, U) -> U { return static_cast<U>(std::popcount(a)); }},
          {"clz.b32 %r10, %r0;", "%r10",
           [](U a, U, U) -> U { return static_cast<U>(std::countl_zero(u32(a))); }},
          {"bfind.u32 %r10, %r0;", "%r10",
           [](U a, U, U) -> U {
             return u32(a) ? 31u - static_cast<U>(std::countl_zero(u32(a))) : 0xffffffff;
           }},
          {"brev.b32 %r10, %r0;", "%r10",
           [](U a, U, U) -> U {
             uint32_t out = 0;
             for (int i = 0; i < 32; ++i)
               out |= (a >> i & 1) << (31 - i);
             return out;
           }},
          {"mov.b64 %d10, {%r0, %r1};", "%d10", [](U a, U b, U) -> U { return u32(a) | b << 32; }},
          {"mov.b64 {%r10, %r11}, %d0;", "%r11", [](U a, U, U) -> U { return a >> 32; }},
          {"mov.b32 {%h10, %h11}, %r0;", "%h11", [](U a, U, U) -> U { return u16(a >> 16); }},
      },
      false);
}

TEST(Integer, ComparisonsAndSelections) {
  checkRows(
      {
          {"setp.lt.s32 %p1, %r0, %r1;", "%p1", [](U a, U b, U) -> U { return s32(a) < s32(b); }},
          {"setp.lo.u32 %p1, %r0, %r1;", "%p1", [](U a, U b, U) -> U { return u32(a) < u32(b); }},
          {"setp.ge.s64 %p1, %d0, %d1;", "%p1", [](U a, U b, U) -> U { return s64(a) >= s64(b); }},
          {"setp.eq.s16 %p1, %h0, %h1;", "%p1", [](U a, U b, U) -> U { return u16(a) == u16(b); }},
          {"setp.ne.b32 %p1, %r0, %r1;", "%p1", [](U a, U b, U) -> U { return u32(a) != u32(b); }},
          {"setp.gt.u32 %p2, %r1, 5;\nsetp.lt.and.s32 %p1, %r0, %r1, %p2;", "%p1",
           [](U a, U b, U) -> U { return s32(a) < s32(b) && u32(b) > 5; }},
          {"setp.gt.u32 %p2, %r1, 5;\nsetp.lt.or.s32 %p1, %r0, %r1, !%p2;", "%p1",
           [](U a, U b, U) -> U { return s32(a) < s32(b) || u32(b) <= 5; }},
          {"setp.gt.u32 %p2|%p1, %r0, %r1;", "%p1", [](U a, U b, U) -> U { return u32(a) <= u32(b); }},
          {"setp.gt.u32 %p1, %r0, %r1;\nselp.b32 %r10, %r1, %r2, %p1;", "%r10",
           [](U a, U b, U c) -> U { return u32(a) > u32(b) ? u32(b) : u32(c); }},
          {"setp.gt.u32 %p1, %r0, %r1;\nmov.u32 %r10, %r2;\n@!%p1 mov.u32 %r10, 9;", "%r10",
           [](U a, U b, U c) -> U { return u32(a) > u32(b) ? u32(c) : 9; }},
          {"slct.s32.s32 %r10, %r0, %r1, %r2;", "%r10",
           [](U a, U b, U c) -> U { return s32(c) >= 0 ? u32(a) : u32(b); }},
          {"set.gt.u32.s32 %r10, %r0, %r1;", "%r10",
           [](U a, U b, U) -> U { return s32(a) > s32(b) ? 0xffffffff : 0; }},
          {"cvt.s64.s32 %d10, %r0;", "%d10", [](U a, U, U) -> U { return static_cast<U>(int64_t(s32(a))); }},
          {"cvt.s32.s8 %r10, %r0;", "%r10",
           [](U a, U, U) -> U { return u32(static_cast<U>(int64_t(static_cast<int8_t>(a)))); }},
          {"cvt.u32.u8 %r10, %r0;", "%r10", [](U a, U, U) -> U { return a & 255; }},
          {"cvt.u16.u8 %h10, %h0;", "%h10", [](U a, U, U) -> U { return a & 255; }},
          {"cvt.sat.s8.s32 %r10, %r0;", "%r10",
           [](U a, U, U) -> U { return u32(static_cast<U>(int64_t(std::clamp(s32(a), -128, 127)))); }},
          {"cvt.sat.u8.s32 %r10, %r0;", "%r10",
           [](U a, U, U) -> U { return static_cast<U>(std::clamp(s32(a), 0, 255)); }},
          {"cvt.pack.sat.s8.s32.b32 %r10, %r0, %r1, %r2;", "%r10",
           [](U a, U b, U c) -> U {
             auto one = [](U v) { return static_cast<U>(std::clamp(s32(v), -128, 127)) & 255; };
             return u32(c << 16 | one(a) << 8 | one(b));
           }},
      },
      false);
}

} // namespace
} // namespace hone::simtest
