// The simulator as the runtime's device: options, memory, launches, and what it refuses.
#include "test/sim/Harness.h"

namespace hone::simtest {
namespace {

using namespace rt;
using namespace rt::sim;

TEST(Device, OptionsFromText) {
  auto o = SimOptions::parse(
      "sim:sm_80,seed=7,schedule=random,async=early,threads=2,resident=8,check=races+poison");
  ASSERT_TRUE(o.ok()) << o.status().message;
  EXPECT_EQ(o->capability, 80);
  EXPECT_FALSE(o->chipSpecific);
  EXPECT_EQ(o->seed, 7u);
  EXPECT_TRUE(o->randomSchedule);
  EXPECT_EQ(o->resident, 8);
  EXPECT_TRUE(o->checks.races && o->checks.poison && !o->checks.async);
  EXPECT_TRUE(SimOptions::parse("sim:sm_90a")->chipSpecific);
  EXPECT_TRUE(SimOptions::parse("sim").ok());
  for (const char *wrong :
       {"sim:sm_20", "sim:speed=9", "sim:seed=x", "sim:check=everything", "sim:threads=0"})
    EXPECT_FALSE(SimOptions::parse(wrong).ok()) << wrong;
}

TEST(Device, CopiesAreChecked) {
  auto device = openSim({});
  auto a = (*device)->allocate(64);
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(*a % 256, 0u);
  char bytes[64] = {1, 2, 3};
  EXPECT_TRUE((*device)->copyIn(*a, bytes, 64).ok());
  EXPECT_FALSE((*device)->copyIn(*a + 1, bytes, 64).ok());
  EXPECT_FALSE((*device)->copyOut(bytes, 12345, 1).ok());
  auto b = (*device)->allocate(64);
  EXPECT_TRUE((*device)->copy(*b, *a, 64).ok());
  char back[64] = {};
  EXPECT_TRUE((*device)->copyOut(back, *b, 64).ok());
  EXPECT_EQ(back[2], 3);
  (*device)->release(*a);
  EXPECT_FALSE((*device)->copyOut(bytes, *a, 1).ok());
}

TEST(Device, MemoryLimitSaysHowMuch) {
  SimOptions options;
  options.memoryBytes = 1000;
  auto device = openSim(options);
  ASSERT_TRUE((*device)->allocate(600).ok());
  auto more = (*device)->allocate(600);
  ASSERT_FALSE(more.ok());
  EXPECT_NE(more.status().message.find("asked for 600 bytes, 400 of 1000 are free"), std::string::npos)
      << more.status().message;
}

TEST(Device, RefusesOtherChips) {
  SimOptions options;
  options.capability = 80;
  options.chipSpecific = false;
  auto device = openSim(options);
  auto module = (*device)->load(".version 8.0\n.target sm_90\n.address_size 64\n", "new.ptx");
  ASSERT_FALSE(module.ok());
  EXPECT_EQ(module.status().message, "new.ptx: the code is for sm_90, the device is sim:sm_80");
}

TEST(Device, RefusesWrongLaunches) {
  auto error = [](Start how, const char *text) {
    std::string message = run("", how).error;
    EXPECT_NE(message.find(text), std::string::npos) << message;
  };
  error(Start{.block = 1025}, "expected a block of 1 to 1024 threads, got 1025");
  error(Start{.grid = 0}, "expected a grid of 1 to");
  error(Start{.shared = 300000}, "has at most 232448 bytes of shared memory");
  error(Start{.grid = 3, .cluster = 2}, "is no multiple of the cluster");
  Start old{.grid = 2, .cluster = 2};
  old.options.capability = 80;
  old.options.chipSpecific = false;
  error(old, "sim:sm_80 has no clusters");
}

TEST(Device, VariablesOfTheModule) {
  Start how{.out = 32};
  Outcome outcome = run(
      "mul.wide.u32 %d29, %r63, 8;\nadd.u64 %d31, %d31, %d29;\nmov.u64 %d1, pointer;\nld.global.u64 %d2, "
      "[%d1];\nld.u32 %r1, [%d2];\ncvt.u64.u32 %d10, %r1;\nst.global.u64 [%d31], %d10;",
      how,
      ".global .align 4 .u32 numbers[3] = {4, 5, 6};\n.global .align 8 .u64 pointer = generic(numbers)+8;");
  EXPECT_EQ(print(outcome), "");
  EXPECT_EQ(outcome.out[0], 6u);
}

TEST(Device, SpinningGridsAreResident) {
  // Every block waits until all have arrived.
  Start how{.grid = 12, .block = 32, .in = {0}, .out = 1};
  Outcome outcome =
      run("setp.ne.u32 %p1, %r63, 0;\n@%p1 bra END;\natom.global.add.u32 %r1, [%d30], "
          "1;\nSPIN:\nld.volatile.global.u32 %r2, [%d30];\nsetp.lt.u32 %p2, %r2, 12;\n@%p2 bra SPIN;\nEND:",
          how);
  EXPECT_EQ(print(outcome), "");
  how.options.resident = 4;
  how.options.threads = 1;
  EXPECT_TRUE(has(
      run("setp.ne.u32 %p1, %r63, 0;\n@%p1 bra END;\natom.global.add.u32 %r1, [%d30], "
          "1;\nSPIN:\nld.volatile.global.u32 %r2, [%d30];\nsetp.lt.u32 %p2, %r2, 12;\n@%p2 bra SPIN;\nEND:",
          how),
      Fault::Deadlock));
}

TEST(Device, TensorMapsAreChecked) {
  auto device = openSim({});
  alignas(64) char bytes[128];
  TensorMap map;
  map.address = 4096;
  map.sizes[0] = 64;
  map.sizes[1] = 8;
  map.strides[0] = 128;
  map.box[0] = 64;
  map.box[1] = 8;
  map.swizzleBytes = 128;
  EXPECT_TRUE((*device)->encode(map, bytes).ok());
  map.box[0] = 128;
  EXPECT_FALSE((*device)->encode(map, bytes).ok()); // wider than the swizzle
  map.box[0] = 64;
  map.strides[0] = 120;
  EXPECT_FALSE((*device)->encode(map, bytes).ok());
}

} // namespace
} // namespace hone::simtest
