// Branches, calls, special registers and barriers' results.
#include "test/sim/Harness.h"

namespace hone::simtest {
namespace {

using U = uint64_t;
const std::string place = "mul.wide.u32 %d29, %r63, 8;\nadd.u64 %d31, %d31, %d29;\n";
const std::string give = "\ncvt.u64.u32 %d10, %r10;\nst.global.u64 [%d31], %d10;";

Outcome store(const std::string &body, uint32_t block = 32, const std::string &before = "") {
  return run(place + body + give, Start{.block = block, .out = block}, before);
}

TEST(Flow, DivergedLoops) {
  Outcome outcome = store("mov.u32 %r10, 0;\nmov.u32 %r1, 0;\nLOOP:\nadd.u32 %r10, %r10, %r1;\nadd.u32 %r1, "
                          "%r1, 1;\nsetp.le.u32 %p1, %r1, %r63;\n@%p1 bra LOOP;");
  EXPECT_EQ(print(outcome), "");
  for (U l = 0; l < 32; ++l)
    EXPECT_EQ(outcome.out[l], l * (l + 1) / 2);
}

TEST(Flow, PartsComeTogether) {
  // After both sides of a branch the whole warp takes part again.
  Outcome outcome = store("setp.lt.u32 %p1, %r63, 10;\n@%p1 bra LEFT;\nmov.u32 %r1, 1;\nbra "
                          "BOTH;\nLEFT:\nmov.u32 %r1, 2;\nBOTH:\nactivemask.b32 %r10;");
  EXPECT_EQ(outcome.out[0], 0xffffffffu);
  EXPECT_EQ(outcome.out[31], 0xffffffffu);
}

TEST(Flow, LanesThatWaitForEachOther) {
  // Lane 0 spins on a flag that lane 1 sets later in the same warp.
  Outcome outcome =
      store("mov.u32 %r10, 0;\nsetp.ne.u32 %p1, %r63, 0;\n@%p1 bra OTHERS;\nSPIN:\nld.volatile.shared.u32 "
            "%r1, [flag];\nsetp.ne.u32 %p2, %r1, 1;\n@%p2 bra SPIN;\n"
            "bra DONE;\nOTHERS:\nsetp.eq.u32 %p3, %r63, 1;\n@%p3 st.volatile.shared.u32 [flag], "
            "1;\nDONE:\nmov.u32 %r10, 3;",
            2, ".shared .align 4 .u32 flag;");
  EXPECT_FALSE(has(outcome, Fault::Deadlock)) << print(outcome);
  EXPECT_EQ(outcome.out[0], 3u);
}

TEST(Flow, CallsWithArgumentsAndResults) {
  const char *square = ".func (.param .b32 result) square(.param .b32 x)\n{\n.reg .b32 %r<3>;\nld.param.u32 "
                       "%r1, [x];\nmul.lo.u32 %r2, %r1, %r1;\nst.param.b32 [result], %r2;\nret;\n}\n"
                       ".func (.param .b32 result) twice(.param .b32 x)\n{\n.reg .b32 %r<3>;\nld.param.u32 "
                       "%r1, [x];\n{\n.param .b32 a;\n.param .b32 b;\nst.param.b32 [a], %r1;\n"
                       "call.uni (b), square, (a);\nld.param.b32 %r2, [b];\n}\nadd.u32 %r2, %r2, "
                       "%r2;\nst.param.b32 [result], %r2;\nret;\n}\n";
  const char *call = "{\n.param .b32 a;\n.param .b32 b;\nst.param.b32 [a+0], %r63;\ncall (b), twice, "
                     "(a);\nld.param.b32 %r10, [b+0];\n}\n";
  Outcome outcome = store(call, 32, square);
  EXPECT_EQ(print(outcome), "");
  EXPECT_EQ(outcome.out[5], 50u);
  // Only some lanes call.
  outcome = store(
      std::string("mov.u32 %r10, 1;\nsetp.gt.u32 %p1, %r63, 3;\n@%p1 bra NO;\n") + call + "NO:", 32, square);
  EXPECT_EQ(outcome.out[3], 18u);
  EXPECT_EQ(outcome.out[4], 1u);
  outcome = store("call f;", 32, ".func f()\n{\ncall f;\nret;\n}\n");
  EXPECT_NE(outcome.error.find("calls itself"), std::string::npos);
}

TEST(Flow, BranchTables) {
  Outcome outcome =
      store("and.b32 %r1, %r63, 3;\nT: .branchtargets A, B, C, B;\nbrx.idx %r1, T;\nA:\nmov.u32 %r10, "
            "10;\nbra E;\nB:\nmov.u32 %r10, 11;\nbra E;\nC:\nmov.u32 %r10, 12;\nE:");
  EXPECT_EQ(print(outcome), "");
  EXPECT_EQ(outcome.out[0], 10u);
  EXPECT_EQ(outcome.out[1], 11u);
  EXPECT_EQ(outcome.out[6], 12u);
  EXPECT_EQ(outcome.out[7], 11u);
}

TEST(Flow, SpecialRegisters) {
  EXPECT_EQ(store("mov.u32 %r10, %laneid;").out[7], 7u);
  EXPECT_EQ(store("mov.u32 %r10, %ntid.x;", 64).out[40], 64u);
  EXPECT_EQ(store("mov.u32 %r10, %warpid;", 64).out[40], 1u);
  EXPECT_EQ(store("mov.u32 %r10, %lanemask_lt;").out[5], 31u);
  EXPECT_EQ(store("mov.u32 %r10, WARP_SZ;").out[5], 32u);
}

TEST(Flow, BarrierReductions) {
  const char *body =
      "setp.lt.u32 %p1, %r63, 40;\nbar.red.popc.u32 %r10, 0, %p1;\nbar.red.and.pred %p2, 0, "
      "%p1;\nbar.red.or.pred %p3, 0, %p1;\n@%p2 add.u32 %r10, %r10, 1000;\n@%p3 add.u32 %r10, %r10, 100;";
  EXPECT_EQ(store(body, 64).out[63], 140u);
}

TEST(Flow, TrapAndAssertionsAreFindings) { EXPECT_TRUE(has(store("trap;"), Fault::Trap)); }

TEST(Flow, DeadlocksSayWhoWaitsWhere) {
  // Half of the block waits at a barrier that the other half never reaches.
  Outcome outcome =
      store("setp.lt.u32 %p1, %r63, 32;\n@%p1 bra NO;\nbar.sync 1, 64;\nNO:\nmov.u32 %r10, 0;", 64);
  ASSERT_TRUE(has(outcome, Fault::Deadlock)) << print(outcome);
  EXPECT_NE(outcome.findings[0].message.find("32 threads wait at bar.sync"), std::string::npos)
      << print(outcome);
  EXPECT_NE(outcome.findings[0].message.find("32 have exited"), std::string::npos) << print(outcome);
}

TEST(Flow, BarriersInDivergedWarpsAreFindings) {
  Outcome outcome = store(
      "setp.lt.u32 %p1, %r63, 16;\n@%p1 bra NO;\nbar.sync 0;\nbra NO;\nNO:\nbar.sync 1;\nmov.u32 %r10, 0;");
  EXPECT_TRUE(has(outcome, Fault::Divergence)) << print(outcome);
}

TEST(Flow, ExitedThreadsAreNotWaitedFor) {
  EXPECT_EQ(print(store("setp.lt.u32 %p1, %r63, 32;\n@%p1 exit;\nbar.sync 0;\nmov.u32 %r10, 0;", 64)), "");
}

} // namespace
} // namespace hone::simtest
