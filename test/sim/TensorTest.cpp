// mma.sync, mma.sp, ldmatrix and its like against matrices multiplied one element at a time. The fragment
// maps here are written from the manual's pictures: which lane and register holds which element.
#include "test/sim/Harness.h"
#include <bit>
#include <cstring>
#include <random>

namespace hone::simtest {
namespace {

using U = uint64_t;

struct Element {
  const char *name;
  int bits;
  bool sign;
};
uint32_t encode(const Element &e, int v) { // small integers are exact in every type
  std::string name = e.name;
  if (name == "f16")
    return std::bit_cast<uint16_t>(static_cast<_Float16>(v));
  if (name == "bf16")
    return std::bit_cast<uint32_t>(static_cast<float>(v)) >> 16;
  if (name == "tf32")
    return std::bit_cast<uint32_t>(static_cast<float>(v));
  if (name == "e4m3" || name == "e5m2") {
    static constexpr uint8_t four[] = {0, 0x38, 0x40, 0x44, 0x48}, five[] = {0, 0x3c, 0x40, 0x42, 0x44};
    return (name == "e4m3" ? four : five)[std::abs(v)] | (v < 0 ? 0x80 : 0);
  }
  return static_cast<uint32_t>(v) & ((1u << e.bits) - 1);
}

/// Inputs lie as 32-bit words of each lane: A's registers, then B's, C's, and metadata.
void checkMma(const std::string &shape, Element a, Element b, const std::string &d, int m, int k,
              bool sparse = false) {
  std::mt19937 random(5);
  int n = 8, per = 32 / a.bits, held = sparse ? k / 2 : k;
  std::vector<std::vector<int>> A(static_cast<size_t>(m), std::vector<int>(static_cast<size_t>(k))),
      B(static_cast<size_t>(k), std::vector<int>(8)), C(static_cast<size_t>(m), std::vector<int>(8));
  std::vector<std::vector<int>> packed(static_cast<size_t>(m), std::vector<int>(static_cast<size_t>(held)));
  std::vector<std::vector<int>> which(static_cast<size_t>(m), std::vector<int>(static_cast<size_t>(k / 4)));
  auto value = [&](bool sign) {
    return sign ? static_cast<int>(random() % 9) - 4 : static_cast<int>(random() % 5);
  };
  auto at = [](auto &x, int i, int j) -> int & { return x[static_cast<size_t>(i)][static_cast<size_t>(j)]; };
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < k && !sparse; ++j)
      at(packed, i, j) = at(A, i, j) = value(a.sign);
    for (int g = 0; g < k / 4 && sparse; ++g) {
      static constexpr int pairs[] = {0x4, 0x8, 0xc, 0x9, 0xd, 0xe};
      int bits = at(which, i, g) = pairs[random() % 6];
      for (int e = 0; e < 2; ++e)
        at(A, i, 4 * g + (bits >> 2 * e & 3)) = at(packed, i, 2 * g + e) = value(a.sign);
    }
    for (int j = 0; j < n; ++j)
      at(C, i, j) = value(true);
  }
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < n; ++j)
      at(B, i, j) = value(b.sign);
  int na = m * held * a.bits / 32 / 32, nb = n * k * b.bits / 32 / 32, nd = m * n / 32,
      nr = d == "f16" ? nd / 2 : nd;
  Start how{.out = 32u * 16};
  std::vector<uint32_t> words(32 * 32);
  for (int l = 0; l < 32; ++l) {
    uint32_t *w = words.data() + l * 32;
    int g = l / 4, t = l % 4;
    for (int r = 0; r < na; ++r)
      for (int e = 0; e < per; ++e) {
        int row = g + (m == 16 && na > 1 ? r % 2 * 8 : 0),
            column = per * t + e + (m == 16 && na > 1 ? r / 2 : r) * 4 * per;
        w[r] |= encode(a, at(packed, row, column)) << (e * a.bits);
      }
    for (int r = 0; r < nb; ++r)
      for (int e = 0; e < per; ++e)
        w[8 + r] |= encode(b, at(B, per * t + e + r * 4 * per, g)) << (e * b.bits);
    for (int r = 0; r < nd; ++r) {
      int v = at(C, g + r / 2 * 8, 2 * t + r % 2);
      if (d == "f16")
        w[16 + r / 2] |= static_cast<uint32_t>(std::bit_cast<uint16_t>(static_cast<_Float16>(v)))
                         << (16 * (r % 2));
      else
        w[16 + r] = d == "f32" ? std::bit_cast<uint32_t>(static_cast<float>(v)) : static_cast<uint32_t>(v);
    }
    if (sparse) { // k = 16 of 16 bits: lane t = 0; k = 32: t = 0 has the first four groups, t = 1 the others
      for (int group = 0; group < k / 4; ++group)
        if ((k == 16 && t == 0) || (k == 32 && t == group / 4))
          for (int half = 0; half < 2; ++half)
            w[24] |= static_cast<uint32_t>(at(which, g + 8 * half, group)) << (16 * half + 4 * (group % 4));
    }
  }
  how.in.resize(words.size() / 2);
  memcpy(how.in.data(), words.data(), words.size() * 4);
  std::string body = "mul.wide.u32 %d1, %r63, 128;\nadd.u64 %d30, %d30, %d1;\n", list[4];
  for (int i = 0; i < 25; ++i)
    body += "ld.global.u32 %r" + std::to_string(i) + ", [%d30+" + std::to_string(4 * i) + "];\n";
  auto registers = [](const std::string &name, int first, int count) {
    std::string out = "{";
    for (int i = 0; i < count; ++i)
      out += (i ? ", " : "") + name + std::to_string(first + i);
    return out + "}";
  };
  std::string layout = m == 8 && false ? "" : ".row.col";
  body += std::string("mma") + (sparse ? ".sp::ordered_metadata" : "") + ".sync.aligned." + shape + layout +
          "." + d + "." + a.name + "." + b.name + "." + d + " " + registers("%r", 32, nr) + ", " +
          registers("%r", 0, na) + ", " + registers("%r", 8, nb) + ", " + registers("%r", 16, nr) +
          (sparse ? ", %r24, 0x0" : "") + ";\n";
  body += "mul.wide.u32 %d1, %r63, 64;\nadd.u64 %d31, %d31, %d1;\n";
  for (int i = 0; i < nr; ++i)
    body += "st.global.u32 [%d31+" + std::to_string(4 * i) + "], %r" + std::to_string(32 + i) + ";\n";
  Outcome outcome = run(body, how);
  ASSERT_EQ(print(outcome), "") << shape << a.name;
  for (int l = 0; l < 32; ++l)
    for (int r = 0; r < nd; ++r) {
      int row = l / 4 + r / 2 * 8, column = 2 * (l % 4) + r % 2, want = at(C, row, column);
      for (int i = 0; i < k; ++i)
        want += at(A, row, i) * at(B, i, column);
      uint32_t bits;
      memcpy(&bits, reinterpret_cast<char *>(outcome.out.data()) + l * 64 + (d == "f16" ? r / 2 : r) * 4, 4);
      double got =
          d == "f16"
              ? static_cast<double>(std::bit_cast<_Float16>(static_cast<uint16_t>(bits >> (16 * (r % 2)))))
          : d == "f32" ? static_cast<double>(std::bit_cast<float>(bits))
                       : static_cast<int32_t>(bits);
      EXPECT_EQ(got, want) << shape << " " << a.name << " row " << row << " column " << column;
    }
}

TEST(Tensor, MmaOfAllTypes) {
  Element f16{"f16", 16, true}, bf16{"bf16", 16, true}, tf32{"tf32", 32, true}, s8{"s8", 8, true},
      u8{"u8", 8, false}, s4{"s4", 4, true}, u4{"u4", 4, false}, e4m3{"e4m3", 8, true}, e5m2{"e5m2", 8, true};
  checkMma("m16n8k16", f16, f16, "f32", 16, 16);
  checkMma("m16n8k16", f16, f16, "f16", 16, 16);
  checkMma("m16n8k8", f16, f16, "f32", 16, 8);
  checkMma("m16n8k16", bf16, bf16, "f32", 16, 16);
  checkMma("m16n8k8", bf16, bf16, "f32", 16, 8);
  checkMma("m16n8k4", tf32, tf32, "f32", 16, 4);
  checkMma("m16n8k8", tf32, tf32, "f32", 16, 8);
  checkMma("m16n8k32", s8, s8, "s32", 16, 32);
  checkMma("m16n8k16", u8, s8, "s32", 16, 16);
  checkMma("m8n8k16", s8, u8, "s32", 8, 16);
  checkMma("m16n8k64", s4, s4, "s32", 16, 64);
  checkMma("m16n8k32", u4, s4, "s32", 16, 32);
  checkMma("m16n8k32", e4m3, e4m3, "f32", 16, 32);
  checkMma("m16n8k32", e5m2, e4m3, "f32", 16, 32);
  checkMma("m16n8k32", e4m3, e5m2, "f16", 16, 32);
}

TEST(Tensor, SparseMma) {
  Element f16{"f16", 16, true}, bf16{"bf16", 16, true}, s8{"s8", 8, true};
  checkMma("m16n8k32", f16, f16, "f32", 16, 32, true);
  checkMma("m16n8k16", bf16, bf16, "f32", 16, 16, true);
  checkMma("m16n8k32", s8, s8, "s32", 16, 32, true);
}

TEST(Tensor, MatricesFromSharedMemoryAndBack) {
  // Word w of the buffer holds 2w and 2w + 1; rows of 16 bytes follow one another.
  const std::string head =
      "mov.u32 %r20, buffer;\nmad.lo.u32 %r1, %r63, 16, %r20;\n"
      "mul.lo.u32 %r2, %r63, 8;\nmov.u32 %r10, 0;\nFILL:\nshl.b32 %r3, %r2, 1;\nmad.lo.u32 %r4, %r10, 2, "
      "%r3;\nadd.u32 %r4, %r4, 0;\n"
      "mul.lo.u32 %r5, %r63, 8;\nmad.lo.u32 %r5, %r10, 2, %r5;\nadd.u32 %r6, %r5, 1;\nshl.b32 %r6, %r6, "
      "16;\nor.b32 %r5, %r5, %r6;\nmad.lo.u32 %r7, %r10, 4, %r1;\nst.shared.u32 [%r7], %r5;\n"
      "add.u32 %r10, %r10, 1;\nsetp.lt.u32 %p1, %r10, 4;\n@%p1 bra FILL;\nbar.warp.sync -1;\n";
  const std::string give = "mul.wide.u32 %d29, %r63, 8;\nadd.u64 %d31, %d31, %d29;\ncvt.u64.u32 %d10, "
                           "%r32;\nst.global.u64 [%d31], %d10;";
  const char *buffer = ".shared .align 16 .b8 buffer[512];";
  Start how{.out = 32};
  auto pair = [](U lo, U hi) { return lo | hi << 16; };
  // Row r of matrix m is 8 elements from 64m + 8r on.
  Outcome o = run(head + "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r40, %r41, %r32, %r43}, [%r1];\n" + give,
                  how, buffer);
  ASSERT_EQ(print(o), "");
  EXPECT_EQ(o.out[0], pair(128, 129));
  EXPECT_EQ(o.out[13], pair(128 + 3 * 8 + 2, 128 + 3 * 8 + 3));
  o = run(head + "ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r40, %r32}, [%r1];\n" + give, how, buffer);
  EXPECT_EQ(o.out[13], pair(64 + 2 * 8 + 3, 64 + 3 * 8 + 3));
  o = run(head +
              "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r40}, "
              "[%r1];\nmovmatrix.sync.aligned.m8n8.trans.b16 %r32, %r40;\n" +
              give,
          how, buffer);
  EXPECT_EQ(o.out[13], pair(2 * 8 + 3, 3 * 8 + 3));
  o = run(head +
              "ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%r40}, [%r1];\nbar.warp.sync "
              "-1;\nstmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%r1], {%r40};\nbar.warp.sync "
              "-1;\nld.shared.u32 %r32, [%r1];\n" +
              give,
          how, buffer);
  EXPECT_EQ(print(o), "");
  EXPECT_EQ(o.out[5], pair(40, 41));
}

} // namespace
} // namespace hone::simtest
