// Races: what is ordered is not reported, what is not ordered is, with both sides.
#include "test/sim/Harness.h"

namespace hone::simtest {
namespace {

const char *buffer = ".shared .align 16 .b8 buffer[1024];";
// Each thread's word, and that of the thread one warp further.
const std::string addresses = "mov.u32 %r20, buffer;\nmad.lo.u32 %r1, %r63, 4, %r20;\nadd.u32 %r2, %r63, "
                              "32;\nand.b32 %r2, %r2, 63;\nmad.lo.u32 %r2, %r2, 4, %r20;\n";

Outcome two(const std::string &body, Start how = {}) {
  how.block = 64;
  return run(addresses + body, how, buffer);
}

TEST(Detector, ReadAfterWrite) {
  Outcome outcome = two("st.shared.u32 [%r1], %r63;\nbar.sync 0;\nld.shared.u32 %r3, [%r2];");
  EXPECT_EQ(print(outcome), "");
  outcome = two("st.shared.u32 [%r1], %r63;\nld.shared.u32 %r3, [%r2];");
  // In order of warps the first reads what was never written; the second's reads race.
  ASSERT_TRUE(has(outcome, Fault::Race) && has(outcome, Fault::Poison)) << print(outcome);
  for (const Finding &f : outcome.findings)
    if (f.fault == Fault::Race) {
      EXPECT_EQ(f.first.what, "read");
      EXPECT_EQ(f.second.what, "written");
      EXPECT_EQ(f.first.warp, 1u);
      EXPECT_EQ(f.second.warp, 0u);
      EXPECT_EQ(f.second.opcode, "st.shared.u32");
      EXPECT_EQ(f.first.line, f.second.line + 1);
    }
}

TEST(Detector, WriteAfterReadInEveryOrder) {
  const std::string body =
      "st.shared.u32 [%r1], %r63;\nbar.sync 0;\nld.shared.u32 %r3, [%r2];\nst.shared.u32 [%r1], %r3;";
  EXPECT_TRUE(has(two(body), Fault::Race));
  for (uint64_t seed = 1; seed < 5; ++seed) {
    Start how;
    how.options.seed = seed;
    how.options.randomSchedule = true;
    EXPECT_TRUE(has(two(body, how), Fault::Race)) << seed;
  }
  EXPECT_EQ(print(two("st.shared.u32 [%r1], %r63;\nbar.sync 0;\nld.shared.u32 %r3, [%r2];\nbar.sync "
                      "0;\nst.shared.u32 [%r1], %r3;")),
            "");
}

TEST(Detector, WriteAfterWrite) {
  Outcome outcome = two("st.shared.u32 [buffer], %r63;");
  ASSERT_TRUE(has(outcome, Fault::Race));
  EXPECT_NE(outcome.findings[0].message.find("write after write of shared+0 (buffer+0)"), std::string::npos)
      << print(outcome);
}

TEST(Detector, InsideOneWarp) {
  // Lockstep is no order: only bar.warp.sync is.
  const std::string neighbour = "xor.b32 %r4, %r1, 4;\nst.shared.u32 [%r1], %r63;\n";
  EXPECT_TRUE(has(two(neighbour + "ld.shared.u32 %r3, [%r4];"), Fault::Race));
  EXPECT_EQ(print(two(neighbour + "bar.warp.sync -1;\nld.shared.u32 %r3, [%r4];")), "");
  EXPECT_TRUE(has(two(neighbour + "shfl.sync.bfly.b32 %r5, %r63, 1, 31, -1;\nld.shared.u32 %r3, [%r4];"),
                  Fault::Race));
}

TEST(Detector, BytesOfOneWordAreTold) {
  const std::string bytes = "add.u32 %r5, %r63, %r20;\nst.shared.u8 [%r5], %r63;\n";
  EXPECT_EQ(print(two(bytes)), "");
  EXPECT_EQ(print(two(bytes + "bar.sync 0;\nld.shared.u8 %r3, [buffer+5];")), "");
  EXPECT_TRUE(has(two(bytes + "ld.shared.u8 %r3, [buffer+5];"), Fault::Race));
}

TEST(Detector, ManyReadersAreKept) {
  // Every warp of a large block has read the word: the last one's write races with all but itself.
  Start how;
  how.block = 256;
  Outcome outcome =
      run("setp.eq.u32 %p1, %r63, 0;\n@%p1 st.shared.u32 [buffer], 1;\nbar.sync 0;\nld.shared.u32 %r1, "
          "[buffer];\nsetp.eq.u32 %p2, %r63, 255;\n@%p2 st.shared.u32 [buffer], 2;",
          how, buffer);
  ASSERT_TRUE(has(outcome, Fault::Race));
  EXPECT_NE(outcome.findings[0].message.find("write after read"), std::string::npos);
  // With a barrier among the readers of seven warps and the writer only, the eighth is missing.
  outcome = run("setp.eq.u32 %p1, %r63, 0;\n@%p1 st.shared.u32 [buffer], 1;\nbar.sync 0;\nld.shared.u32 %r1, "
                "[buffer];\nsetp.lt.u32 %p2, %r63, 32;\n@%p2 bra END;\nbar.sync 1, 224;\n"
                "setp.eq.u32 %p3, %r63, 255;\n@%p3 st.shared.u32 [buffer], 2;\nEND:",
                how, buffer);
  ASSERT_TRUE(has(outcome, Fault::Race)) << print(outcome);
  EXPECT_EQ(outcome.findings[0].second.warp, 0u);
}

TEST(Detector, NamedBarriersAndArrivals) {
  // A producer warp arrives, a consumer warp waits.
  const std::string head = "setp.lt.u32 %p1, %r63, 32;\n@%p1 bra CONSUME;\nst.shared.u32 [%r2], "
                           "%r63;\nbar.arrive 1, 64;\nbra END;\nCONSUME:\n";
  EXPECT_EQ(print(two(head + "bar.sync 1, 64;\nld.shared.u32 %r3, [%r1];\nEND:")), "");
  EXPECT_TRUE(has(two("setp.lt.u32 %p1, %r63, 32;\n@%p1 bra CONSUME;\nbar.arrive 1, 64;\nst.shared.u32 "
                      "[%r2], %r63;\nbra END;\nCONSUME:\nbar.sync 1, 64;\nld.shared.u32 %r3, [%r1];\nEND:"),
                  Fault::Race));
}

TEST(Detector, AtomicsDoNotRaceWithEachOther) {
  const std::string zero = "setp.eq.u32 %p1, %r63, 0;\n@%p1 st.shared.u32 [buffer], 0;\nbar.sync 0;\n";
  EXPECT_EQ(print(two(zero + "atom.shared.add.u32 %r3, [buffer], 1;")), "");
  EXPECT_TRUE(
      has(two(zero + "atom.shared.add.u32 %r3, [buffer], 1;\nld.shared.u32 %r4, [buffer];"), Fault::Race));
  EXPECT_EQ(
      print(two(zero + "atom.shared.add.u32 %r3, [buffer], 1;\nbar.sync 0;\nld.shared.u32 %r4, [buffer];")),
      "");
}

TEST(Detector, FencesAndFlags) {
  // Thread 32 writes data, then a flag; thread 0 waits for the flag.
  auto message = [](const std::string &release, const std::string &acquire) {
    return two("setp.eq.u32 %p1, %r63, 0;\n@%p1 st.shared.u32 [buffer], 0;\nbar.sync 0;\nsetp.eq.u32 %p2, "
               "%r63, 32;\n@%p2 bra WRITE;\n@!%p1 bra END;\n"
               "SPIN:\nld.volatile.shared.u32 %r5, [buffer];\nsetp.eq.u32 %p3, %r5, 0;\n@%p3 bra SPIN;\n" +
               acquire +
               "\nld.shared.u32 %r6, [buffer+64];\nbra END;\nWRITE:\nst.shared.u32 [buffer+64], 7;\n" +
               release + "\nst.volatile.shared.u32 [buffer], 1;\nEND:");
  };
  EXPECT_EQ(print(message("membar.cta;", "membar.cta;")), "");
  EXPECT_TRUE(has(message("", "membar.cta;"), Fault::Race));
  EXPECT_TRUE(has(message("membar.cta;", ""), Fault::Race));
  EXPECT_EQ(print(two("setp.eq.u32 %p1, %r63, 0;\n@%p1 st.shared.u32 [buffer], 0;\nbar.sync 0;\nsetp.eq.u32 "
                      "%p2, %r63, 32;\n@%p2 bra WRITE;\n@!%p1 bra END;\n"
                      "SPIN:\nld.acquire.cta.shared.u32 %r5, [buffer];\nsetp.eq.u32 %p3, %r5, 0;\n@%p3 bra "
                      "SPIN;\nld.shared.u32 %r6, [buffer+64];\nbra END;\n"
                      "WRITE:\nst.shared.u32 [buffer+64], 7;\nst.release.cta.shared.u32 [buffer], 1;\nEND:")),
            "");
}

TEST(Detector, GlobalMemoryBetweenBlocks) {
  auto message = [](const std::string &release, bool look) {
    Start how;
    how.grid = 2;
    how.block = 1;
    how.in = {0, 0};
    how.options.checks.globalRaces = look;
    return run(
        "mov.u32 %r1, %ctaid.x;\nsetp.eq.u32 %p1, %r1, 1;\n@%p1 bra WRITE;\nSPIN:\nld.acquire.gpu.global.u32 "
        "%r5, [%d30];\nsetp.eq.u32 %p3, %r5, 0;\n@%p3 bra SPIN;\n"
        "ld.global.u32 %r6, [%d30+8];\nbra END;\nWRITE:\nst.global.u32 [%d30+8], 7;\n" +
            release + "\nEND:",
        how);
  };
  // The first block waits for the second: both have to be resident.
  EXPECT_EQ(print(message("st.release.gpu.global.u32 [%d30], 1;", true)), "");
  Outcome outcome = message("st.relaxed.gpu.global.u32 [%d30], 1;", true);
  ASSERT_TRUE(has(outcome, Fault::Race)) << print(outcome);
  EXPECT_EQ(outcome.findings[0].second.block[0], 1u);
  EXPECT_TRUE(has(message("st.release.cta.global.u32 [%d30], 1;", true),
                  Fault::Race)); // the block's scope is not enough
  EXPECT_EQ(print(message("st.relaxed.gpu.global.u32 [%d30], 1;", false)), "");
}

TEST(Detector, ChecksCanBeTurnedOff) {
  Start how;
  how.options.checks = *rt::sim::CheckSet::parse("none");
  EXPECT_EQ(print(two("st.shared.u32 [buffer], %r63;\nld.shared.u32 %r3, [%r2];", how)), "");
  how.options.checks = *rt::sim::CheckSet::parse("races");
  Outcome outcome = two("st.shared.u32 [buffer], %r63;\nld.shared.u32 %r3, [%r2];", how);
  EXPECT_TRUE(has(outcome, Fault::Race) && !has(outcome, Fault::Poison));
}

} // namespace
} // namespace hone::simtest
