// Loads, stores and atomics: spaces, widths, vectors, bounds, alignment, initialization.
#include "test/sim/Harness.h"

namespace hone::simtest {
namespace {

using U = uint64_t;
const std::string place = "mul.wide.u32 %d29, %r63, 8;\nadd.u64 %d31, %d31, %d29;\n";

Outcome store(const std::string &body, Start how = {}, const std::string &before = "") {
  how.out = how.out ? how.out : how.block;
  return run(place + body + "\nst.global.u64 [%d31], %d10;", how, before);
}

TEST(Memory, WidthsAndSigns) {
  Start how;
  how.in = {0x8081828384858687, 0x1122334455667788};
  EXPECT_EQ(store("ld.global.s8 %r1, [%d30+7];\ncvt.s64.s32 %d10, %r1;", how).out[3], static_cast<U>(-128));
  EXPECT_EQ(store("ld.global.u8 %h1, [%d30];\ncvt.u64.u16 %d10, %h1;", how).out[3], 0x87u);
  EXPECT_EQ(store("ld.global.s16 %d10, [%d30+6];", how).out[3], 0xffffffffffff8081u);
  EXPECT_EQ(store("ld.global.v2.u32 {%r1, %r2}, [%d30+8];\nmov.b64 %d10, {%r2, %r1};", how).out[3],
            0x5566778811223344u);
  EXPECT_EQ(store("ld.global.v2.b64 {%d1, %d10}, [%d30];", how).out[3], 0x1122334455667788u);
  EXPECT_EQ(store("ld.global.v4.u16 {%h1, %h2, %h3, %h4}, [%d30];\ncvt.u64.u16 %d10, %h4;", how).out[3],
            0x8081u);
}

TEST(Memory, SharedLocalConstAndGeneric) {
  EXPECT_EQ(store("mov.u32 %r1, buffer;\nmad.lo.u32 %r1, %r63, 4, %r1;\nst.shared.u32 [%r1], "
                  "%r63;\nbar.warp.sync -1;\n"
                  "xor.b32 %r2, %r1, 4;\nld.shared.u32 %r3, [%r2];\ncvt.u64.u32 %d10, %r3;",
                  {}, ".shared .align 128 .b8 buffer[128];")
                .out[6],
            7u);
  EXPECT_EQ(store(".local .align 8 .b8 mine[16];\nmov.u64 %d1, mine;\ncvta.local.u64 %d2, %d1;\nst.local.u32 "
                  "[%d1+4], %r63;\nld.u32 %r1, [%d2+4];\ncvt.u64.u32 %d10, %r1;")
                .out[9],
            9u);
  EXPECT_EQ(store("mov.u64 %d1, table;\nld.const.u32 %r1, [%d1+8];\ncvt.u64.u32 %d10, %r1;", {},
                  ".const .align 4 .u32 table[3] = {5, 6, 7};")
                .out[0],
            7u);
  EXPECT_EQ(store("mov.u64 %d1, buffer;\ncvta.shared.u64 %d2, %d1;\nmul.wide.u32 %d3, %r63, 4;\nadd.u64 %d2, "
                  "%d2, %d3;\nst.u32 [%d2], %r63;\nld.u32 %r1, [%d2];\n"
                  "isspacep.shared %p1, %d2;\nselp.u32 %r2, 100, 0, %p1;\nadd.u32 %r1, %r1, "
                  "%r2;\ncvt.u64.u32 %d10, %r1;",
                  {}, ".shared .align 4 .b8 buffer[128];")
                .out[5],
            105u);
}

TEST(Memory, DynamicSharedFollowsStatic) {
  Start how;
  how.shared = 64;
  Outcome outcome = store(
      "mov.u32 %r1, more;\nmov.u32 %r2, %dynamic_smem_size;\nadd.u32 %r1, %r1, %r2;\ncvt.u64.u32 %d10, %r1;",
      how, ".shared .align 4 .b8 one[4];\n.extern .shared .align 128 .b8 more[];");
  EXPECT_EQ(outcome.out[0], 128u + 64u) << print(outcome);
}

TEST(Memory, BoundsNameTheAllocation) {
  Start how;
  how.in = {1, 2};
  Outcome outcome =
      store("mul.wide.u32 %d1, %r63, 8;\nadd.u64 %d1, %d30, %d1;\nld.global.u64 %d10, [%d1];", how);
  ASSERT_TRUE(has(outcome, Fault::Bounds));
  EXPECT_NE(outcome.findings[0].message.find("at byte 16 of 'in', which has 16 bytes"), std::string::npos)
      << print(outcome);
  EXPECT_EQ(outcome.findings[0].count, 30u);
  EXPECT_EQ(outcome.findings[0].first.lane, 2u);
  EXPECT_EQ(outcome.findings[0].first.opcode, "ld.global.u64");
  EXPECT_EQ(outcome.out[1], 2u); // the others went on

  outcome = store("mov.u32 %r1, 4096;\nst.shared.u32 [%r1], %r1;", {});
  ASSERT_TRUE(has(outcome, Fault::Bounds));
  EXPECT_NE(outcome.findings[0].message.find("not in the block's shared memory of 0 bytes"),
            std::string::npos)
      << print(outcome);
  EXPECT_TRUE(
      has(store("mov.u64 %d1, c;\nst.global.u32 [%d1], %r1;", {}, ".const .u32 c = 1;"), Fault::Bounds));
}

TEST(Memory, Alignment) {
  Start how;
  how.in = {1, 2};
  Outcome outcome = store("ld.global.u32 %r1, [%d30+2];\nmov.u64 %d10, 0;", how);
  EXPECT_TRUE(has(outcome, Fault::Align)) << print(outcome);
  how.options.checks.align = false;
  EXPECT_EQ(print(store("ld.global.u32 %r1, [%d30+2];\nmov.u64 %d10, 0;", how)), "");
  EXPECT_TRUE(has(store("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%d30+8];", Start{.in = {1, 2, 3, 4}}),
                  Fault::Align));
}

TEST(Memory, PoisonOfSharedMemory) {
  const char *buffer = ".shared .align 4 .b8 buffer[256];";
  Outcome outcome =
      store("mov.u32 %r1, buffer;\nmad.lo.u32 %r1, %r63, 4, %r1;\nsetp.lt.u32 %p1, %r63, 16;\n@%p1 "
            "st.shared.u32 [%r1], %r63;\nld.shared.u32 %r2, [%r1];\ncvt.u64.u32 %d10, %r2;",
            {}, buffer);
  ASSERT_TRUE(has(outcome, Fault::Poison));
  EXPECT_EQ(outcome.findings[0].first.lane, 16u);
  EXPECT_EQ(outcome.findings[0].count, 16u);
  EXPECT_NE(outcome.findings[0].message.find("(buffer+64)"), std::string::npos);
  // Single bytes are told apart.
  EXPECT_TRUE(has(store("st.shared.u8 [buffer], 1;\nld.shared.u16 %h1, [buffer];", Start{.block = 1}, buffer),
                  Fault::Poison));
  EXPECT_EQ(print(store("st.shared.u8 [buffer], 1;\nst.shared.u8 [buffer+1], 1;\nld.shared.u16 %h1, "
                        "[buffer];\ncvt.u64.u16 %d10, %h1;",
                        Start{.block = 1}, buffer)),
            "");
}

TEST(Memory, Atomics) {
  auto atom = [](const std::string &op, U first) {
    Start how;
    how.in = {first};
    how.out = 33;
    return run("cvt.u64.u32 %d1, %r63;\n" + op + "\nld.global.u64 %d4, [%d30];\nst.global.u64 [%d31], %d4;",
               how)
        .out[0];
  };
  EXPECT_EQ(atom("atom.global.add.u32 %r1, [%d30], %r63;", 5), 5u + 496u);
  EXPECT_EQ(atom("red.global.add.u64 [%d30], %d1;", 1ull << 40), (1ull << 40) + 496);
  EXPECT_EQ(atom("atom.global.max.s32 %r1, [%d30], %r63;", 0xfffffff0), 31u);
  EXPECT_EQ(atom("atom.global.min.u32 %r1, [%d30], %r63;", 77), 0u);
  EXPECT_EQ(atom("atom.global.inc.u32 %r1, [%d30], 9;", 0), 2u);
  EXPECT_EQ(atom("atom.global.and.b32 %r1, [%d30], 12;", 0xff), 12u);
  EXPECT_EQ(atom("atom.global.or.b32 %r1, [%d30], %r63;", 0), 31u);
  EXPECT_EQ(atom("atom.global.cas.b32 %r1, [%d30], 3, 4;", 3), 4u);
  EXPECT_EQ(atom("mov.f32 %f1, 0f3f800000;\nred.global.add.f32 [%d30], %f1;", 0), 0x42000000u);
  EXPECT_EQ(atom("mov.b32 %r1, 0x3c003c00;\nred.global.add.noftz.f16x2 [%d30], %r1;", 0), 0x50005000u);
  // The old value comes back.
  Start how;
  how.in = {100};
  EXPECT_EQ(store("atom.global.add.u32 %r1, [%d30], 1;\ncvt.u64.u32 %d10, %r1;", how).out[31], 131u);
}

} // namespace
} // namespace hone::simtest
