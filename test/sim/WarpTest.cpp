// Exchanges between lanes.
#include "test/sim/Harness.h"

namespace hone::simtest {
namespace {

using U = uint64_t;
const std::string place = "mul.wide.u32 %d29, %r63, 8;\nadd.u64 %d31, %d31, %d29;\n";
Outcome store(const std::string &body, uint32_t block = 32) {
  return run(place + body + "\ncvt.u64.u32 %d10, %r10;\nst.global.u64 [%d31], %d10;",
             Start{.block = block, .out = block});
}

TEST(Warp, Shuffles) {
  auto out = store("shfl.sync.bfly.b32 %r10|%p1, %r63, 5, 31, -1;").out;
  for (U l = 0; l < 32; ++l)
    EXPECT_EQ(out[l], l ^ 5);
  out = store("shfl.sync.up.b32 %r10|%p1, %r63, 3, 0, -1;\n@!%p1 mov.u32 %r10, 99;").out;
  EXPECT_EQ(out[2], 99u);
  EXPECT_EQ(out[3], 0u);
  out = store("shfl.sync.down.b32 %r10|%p1, %r63, 3, 31, -1;\n@!%p1 mov.u32 %r10, 99;").out;
  EXPECT_EQ(out[28], 31u);
  EXPECT_EQ(out[29], 99u);
  // Segments of eight: c = 31 | 24 << 8.
  out = store("shfl.sync.idx.b32 %r10, %r63, 2, 0x181f, -1;").out;
  EXPECT_EQ(out[13], 10u);
  EXPECT_EQ(out[31], 26u);
  out = store("shfl.sync.down.b32 %r10|%p1, %r63, 2, 0x1807, -1;\n@!%p1 mov.u32 %r10, 99;").out;
  EXPECT_EQ(out[5], 7u);
  EXPECT_EQ(out[6], 99u);
}

TEST(Warp, Votes) {
  EXPECT_EQ(store("setp.lt.u32 %p1, %r63, 5;\nvote.sync.ballot.b32 %r10, %p1, -1;").out[9], 31u);
  EXPECT_EQ(
      store("setp.lt.u32 %p1, %r63, 5;\nvote.sync.any.pred %p2, %p1, -1;\nselp.u32 %r10, 1, 0, %p2;").out[9],
      1u);
  EXPECT_EQ(
      store("setp.lt.u32 %p1, %r63, 5;\nvote.sync.all.pred %p2, !%p1, -1;\nselp.u32 %r10, 1, 0, %p2;").out[9],
      0u);
}

TEST(Warp, MatchReduxElect) {
  EXPECT_EQ(store("and.b32 %r1, %r63, 7;\nmatch.any.sync.b32 %r10, %r1, -1;").out[3], 0x08080808u);
  EXPECT_EQ(store("mov.u32 %r1, 7;\nmatch.all.sync.b32 %r10|%p1, %r1, -1;").out[3], 0xffffffffu);
  EXPECT_EQ(store("redux.sync.add.s32 %r10, %r63, -1;").out[3], 496u);
  EXPECT_EQ(store("sub.s32 %r1, %r63, 16;\nredux.sync.min.s32 %r10, %r1, -1;").out[3], 0xfffffff0u);
  EXPECT_EQ(store("redux.sync.xor.b32 %r10, %r63, -1;").out[3], 0u);
  EXPECT_EQ(store("elect.sync %r10|%p1, -1;\n@%p1 add.u32 %r10, %r10, 50;").out[0], 50u);
}

TEST(Warp, LanesThatComeLaterAreWaitedFor) {
  // Both sides of a branch reach the same shuffle by different ways.
  auto out = store("setp.lt.u32 %p1, %r63, 16;\n@%p1 bra A;\nadd.u32 %r1, %r63, 100;\nbra B;\nA:\nadd.u32 "
                   "%r1, %r63, 200;\nB:\nshfl.sync.bfly.b32 %r10, %r1, 16, 31, -1;")
                 .out;
  EXPECT_EQ(out[0], 116u);
  EXPECT_EQ(out[16], 200u);
  // Each half names only itself.
  Outcome outcome = store("setp.lt.u32 %p1, %r63, 16;\nselp.b32 %r2, 0xffff, 0xffff0000, "
                          "%p1;\nredux.sync.add.s32 %r10, %r63, %r2;");
  EXPECT_EQ(print(outcome), "");
  EXPECT_EQ(outcome.out[0], 120u);
  EXPECT_EQ(outcome.out[16], 376u);
}

TEST(Warp, MissingLanesAreFindings) {
  Outcome outcome = store("setp.lt.u32 %p1, %r63, 16;\n@%p1 bra A;\nshfl.sync.bfly.b32 %r10, %r63, 1, 31, "
                          "-1;\nbra B;\nA:\nbar.warp.sync 0xffff;\nB:\nbar.warp.sync -1;");
  EXPECT_TRUE(has(outcome, Fault::Divergence)) << print(outcome);
  outcome = store("setp.gt.u32 %p1, %r63, 15;\n@%p1 bra A;\nshfl.sync.bfly.b32 %r10, %r63, 1, 31, "
                  "0xff;\nA:\nmov.u32 %r10, 0;");
  ASSERT_TRUE(has(outcome, Fault::Divergence));
  EXPECT_NE(outcome.findings[0].message.find("its member mask does not name"), std::string::npos);
}

} // namespace
} // namespace hone::simtest
