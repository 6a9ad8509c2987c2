// TMA into swizzled shared memory and wgmma out of it: the layouts of both agree for every swizzle, for A in
// registers and for B with its columns contiguous. And what wgmma must not do.
#include "test/sim/Harness.h"
#include <bit>
#include <cstring>

namespace hone::simtest {
namespace {

using namespace rt;
using namespace rt::sim;

/// D = A B with A 64 x k, B k x n, all f16 small integers.
struct Multiply {
  int swizzle = 128, n = 8, k = 64;
  bool registers = false;  ///< A comes from registers
  bool transposed = false; ///< B lies as k rows of n
  std::string fence = "wgmma.fence.sync.aligned;\n", wait = "wgmma.wait_group.sync.aligned 0;\n", after = "";
};

uint16_t half(int v) { return std::bit_cast<uint16_t>(static_cast<_Float16>(v)); }
int a(int row, int k) { return (row * 3 + k * 5) % 7 - 3; }
int b(int k, int column) { return (k * 2 + column * 3 + k * column) % 5 - 2; }

std::string number(int64_t v) { return std::to_string(v); }

std::string kernelText(const Multiply &m) {
  int rowBytes = m.swizzle ? m.swizzle : 16, chunks = m.swizzle ? 1 : m.k / 8,
      bRows = m.transposed ? m.k : m.n;
  int aBytes = m.registers ? 0 : 64 * rowBytes * chunks, bBytes = bRows * rowBytes * chunks;
  std::string text =
      ".version 8.5\n.target sm_90a\n.address_size 64\n.extern .shared .align 1024 .b8 smem[];\n.visible "
      ".entry k(.param .align 64 .b8 ma[128], .param .align 64 .b8 mb[128], "
      ".param .u64 a, .param .u64 out)\n{\n.reg .pred %p<4>;\n.reg .b32 %r<32>;\n.reg .f32 %f<" +
      number(m.n) +
      ">;\n.reg .b64 %d<16>;\n.shared .align 8 .b64 bar;\nmov.u32 %r0, %tid.x;\nsetp.eq.u32 %p0, %r0, "
      "0;\n@%p0 mbarrier.init.shared.b64 [bar], 1;\nbar.sync 0;\n"
      "mov.u32 %r1, smem;\nmov.u32 %r2, bar;\nmov.u64 %d0, ma;\nmov.u64 %d1, mb;\nmov.u32 %r3, 0;\n@%p0 "
      "mbarrier.arrive.expect_tx.shared.b64 _, [bar], " +
      number(aBytes + bBytes) + ";\n";
  const char *copy =
      "@%p0 cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%r1+";
  for (int c = 0; c < chunks; ++c) {
    text += "mov.u32 %r4, " + number(8 * c) + ";\n";
    if (!m.registers)
      text += copy + number(c * 64 * rowBytes) + "], [%d0, {%r4, %r3}], [%r2];\n";
    text += copy + number(8192 + c * bRows * rowBytes) + "], [%d1, {%r4, %r3}], [%r2];\n";
  }
  text += "LOOP:\nmbarrier.try_wait.parity.shared.b64 %p1, [bar], 0;\n@!%p1 bra LOOP;\n";
  // Fragments of A: row 16 warp + lane / 4, columns 2 (lane % 4).
  text += "shr.u32 %r5, %r0, 5;\nand.b32 %r6, %r0, 31;\nshr.u32 %r7, %r6, 2;\nmad.lo.u32 %r7, %r5, 16, "
          "%r7;\nand.b32 %r8, %r6, 3;\nld.param.u64 %d2, [a];\nmad.lo.u32 %r9, %r7, " +
          number(m.k) +
          ", 0;\nmad.lo.u32 %r9, %r8, 2, %r9;\nmul.wide.u32 %d3, %r9, 2;\nadd.u64 %d2, %d2, %d3;\n";
  for (int i = 0; i < m.n / 2; ++i)
    text += "mov.f32 %f" + number(i) + ", 0f00000000;\n";
  std::string d;
  for (int i = 0; i < m.n / 2; ++i)
    d += (i ? ", %f" : "{%f") + number(i);
  uint64_t mode = m.swizzle == 128 ? 1 : m.swizzle == 64 ? 2 : m.swizzle == 32 ? 3 : 0;
  auto descriptor = [&](uint64_t leading, uint64_t stride) {
    return mode << 62 | stride >> 4 << 32 | leading >> 4 << 16;
  };
  uint64_t forA = m.swizzle ? descriptor(16, 8u * static_cast<unsigned>(rowBytes)) : descriptor(64 * 16, 128);
  uint64_t forB = m.swizzle ? descriptor(16, 8u * static_cast<unsigned>(rowBytes))
                            : descriptor(static_cast<uint64_t>(bRows) * 16, 128);
  text += "cvt.u64.u32 %d4, %r1;\nshr.u64 %d4, %d4, 4;\nadd.u64 %d5, %d4, " +
          number(static_cast<int64_t>(forA)) + ";\nadd.u64 %d6, %d4, " +
          number(static_cast<int64_t>(forB + 512)) + ";\n" + m.fence;
  for (int step = 0; step < m.k / 16; ++step) {
    // Registers that an op reads stay as they are until it has been waited for: each step has its own.
    std::string fragment;
    for (int r = 0; r < 4; ++r)
      fragment += (r ? ", %r" : "{%r") + number(10 + 4 * step + r);
    fragment += "}";
    if (m.registers)
      for (int r = 0; r < 4; ++r)
        text += "ld.global.b32 %r" + number(10 + 4 * step + r) + ", [%d2+" +
                number(((r % 2) * 8 * m.k + r / 2 * 8 + step * 16) * 2) + "];\n";
    text += "wgmma.mma_async.sync.aligned.m64n" + number(m.n) + "k16.f32.f16.f16 " + d + "}, " +
            (m.registers ? fragment : std::string("%d5")) + ", %d6, 1, 1, 1" + (m.registers ? "" : ", 0") +
            (m.transposed ? ", 1" : ", 0") + ";\n";
    int stepBytes = m.swizzle ? 32 : 64 * 16 * 2, stepB = m.transposed ? 16 * rowBytes
                                                          : m.swizzle  ? 32
                                                                       : bRows * 16 * 2;
    text +=
        "add.u64 %d5, %d5, " + number(stepBytes / 16) + ";\nadd.u64 %d6, %d6, " + number(stepB / 16) + ";\n";
  }
  text += "wgmma.commit_group.sync.aligned;\n" + m.wait + m.after +
          "ld.param.u64 %d7, [out];\nmul.wide.u32 %d8, %r0, " + number(2 * m.n) +
          ";\nadd.u64 %d7, %d7, %d8;\n";
  for (int i = 0; i < m.n / 2; ++i)
    text += "st.global.f32 [%d7+" + number(4 * i) + "], %f" + number(i) + ";\n";
  return text + "ret;\n}\n";
}

Outcome runMultiply(const Multiply &m) {
  auto device = openSim({});
  SimDevice &sim = **device;
  auto module = sim.load(kernelText(m), "wgmma.ptx");
  Outcome outcome;
  outcome.out.resize(static_cast<size_t>(64 * m.n / 2));
  if (!module.ok()) {
    outcome.error = module.status().message;
    return outcome;
  }
  auto kernel = (*module)->kernel("k");
  if (!kernel.ok()) {
    outcome.error = kernel.status().message;
    return outcome;
  }
  std::vector<uint16_t> A, B;
  for (int row = 0; row < 64; ++row)
    for (int k = 0; k < m.k; ++k)
      A.push_back(half(a(row, k)));
  for (int i = 0; i < (m.transposed ? m.k : m.n); ++i)
    for (int j = 0; j < (m.transposed ? m.n : m.k); ++j)
      B.push_back(half(m.transposed ? b(i, j) : b(j, i)));
  auto bytes = [](const auto &v) { return static_cast<int64_t>(v.size() * 2); };
  auto atA = sim.allocate(bytes(A)), atB = sim.allocate(bytes(B)), out = sim.allocate(64 * m.n * 4);
  EXPECT_TRUE(sim.copyIn(*atA, A.data(), bytes(A)).ok() && sim.copyIn(*atB, B.data(), bytes(B)).ok());
  alignas(64) uint8_t maps[2][128];
  for (int i = 0; i < 2; ++i) {
    TensorMap map;
    map.address = i ? *atB : *atA;
    int rows = i ? (m.transposed ? m.k : m.n) : 64, columns = i && m.transposed ? m.n : m.k;
    map.sizes[0] = static_cast<uint64_t>(columns);
    map.sizes[1] = static_cast<uint64_t>(rows);
    map.strides[0] = static_cast<uint64_t>(columns) * 2;
    map.box[0] = static_cast<uint32_t>(m.swizzle ? m.swizzle / 2 : 8);
    map.box[1] = static_cast<uint32_t>(rows);
    map.swizzleBytes = m.swizzle;
    Status status = sim.encode(map, maps[i]);
    EXPECT_TRUE(status.ok()) << status.message;
  }
  void *arguments[] = {maps[0], maps[1], &*atA, &*out};
  KernelLaunch launch;
  launch.block[0] = 128;
  launch.sharedBytes = 32768;
  launch.arguments = arguments;
  if (Status status = sim.launch(**kernel, launch); !status.ok())
    outcome.error = status.message;
  outcome.findings = sim.takeFindings();
  EXPECT_TRUE(sim.copyOut(outcome.out.data(), *out, 64 * m.n * 4).ok());
  return outcome;
}

void check(const Multiply &m, const char *name) {
  Outcome outcome = runMultiply(m);
  ASSERT_EQ(print(outcome), "") << name;
  for (int thread = 0; thread < 128; ++thread)
    for (int i = 0; i < m.n / 2; ++i) {
      int row = thread / 32 * 16 + thread % 32 / 4 + i / 2 % 2 * 8,
          column = i / 4 * 8 + thread % 4 * 2 + i % 2, want = 0;
      for (int k = 0; k < m.k; ++k)
        want += a(row, k) * b(k, column);
      float got;
      memcpy(&got, reinterpret_cast<char *>(outcome.out.data()) + (thread * m.n / 2 + i) * 4, 4);
      ASSERT_EQ(got, static_cast<float>(want)) << name << " row " << row << " column " << column;
    }
}

TEST(Warpgroup, EverySwizzle) {
  check({}, "128 bytes");
  check({.swizzle = 64, .k = 32}, "64 bytes");
  check({.swizzle = 32, .k = 16}, "32 bytes");
  check({.swizzle = 0, .k = 32}, "none");
  check({.n = 64}, "64 columns");
}
TEST(Warpgroup, RegistersAndTransposes) {
  check({.n = 16, .registers = true}, "A in registers");
  check({.n = 64, .k = 64, .registers = true, .transposed = true}, "B by columns");
  check({.swizzle = 64, .n = 32, .k = 32, .registers = true, .transposed = true}, "B by columns, 64 bytes");
}

TEST(Warpgroup, MistakesAreFound) {
  auto finds = [](const Multiply &m, const char *text) {
    Outcome outcome = runMultiply(m);
    ASSERT_TRUE(has(outcome, Fault::Async)) << print(outcome);
    EXPECT_NE(print(outcome).find(text), std::string::npos) << print(outcome);
  };
  finds({.fence = ""}, "wgmma without a wgmma.fence");
  finds({.wait = ""}, "a register is used while the wgmma");
  finds({.wait = "wgmma.wait_group.sync.aligned 1;\n"}, "a register is used while the wgmma");
  // Another warp writes what is still read; its own wait does not help.
  finds({.wait = "setp.lt.u32 %p2, %r0, 32;\n@%p2 st.shared.u32 [smem+8192], "
                 "%r0;\nwgmma.wait_group.sync.aligned 0;\n"},
        "may still read it");
}

} // namespace
} // namespace hone::simtest
