// Builds kernels around bodies and runs them on a device of their own.
#include "test/sim/Harness.h"
#include <bit>
#include <cstring>
#include <random>

namespace hone::simtest {

Outcome run(const std::string &body, const Start &how, const std::string &before) {
  std::string code = ".version 8.5\n.target sm_" + std::to_string(how.options.capability) +
                     (how.options.chipSpecific ? "a" : "") + "\n.address_size 64\n" + before +
                     "\n.visible .entry k(.param .u64 in, .param .u64 out)\n{\n.reg .pred %p<8>;\n.reg .b16 "
                     "%h<32>;\n.reg .b32 %r<64>;\n"
                     ".reg .f32 %f<64>;\n.reg .b64 %d<32>;\n.reg .f64 %g<8>;\nld.param.u64 %d30, "
                     "[in];\nld.param.u64 %d31, [out];\n"
                     "mov.u32 %r63, %tid.x;\n" +
                     body + "\nret;\n}\n";
  Outcome outcome;
  outcome.out.resize(how.out);
  auto device = rt::sim::openSim(how.options);
  rt::sim::SimDevice &sim = **device;
  auto module = sim.load(code, "test.ptx");
  if (!module.ok()) {
    outcome.error = module.status().message;
    return outcome;
  }
  auto kernel = (*module)->kernel("k");
  if (!kernel.ok()) {
    outcome.error = kernel.status().message;
    return outcome;
  }
  auto in = sim.allocate(static_cast<int64_t>(how.in.size() * 8), "in", false);
  auto out = sim.allocate(static_cast<int64_t>(how.out * 8), "out", false);
  EXPECT_TRUE(sim.copyIn(*in, how.in.data(), static_cast<int64_t>(how.in.size() * 8)).ok());
  void *arguments[] = {&*in, &*out};
  rt::KernelLaunch launch;
  launch.grid[0] = how.grid;
  launch.block[0] = how.block;
  launch.cluster[0] = how.cluster;
  launch.sharedBytes = how.shared;
  launch.arguments = arguments;
  if (rt::Status status = sim.launch(**kernel, launch); !status.ok())
    outcome.error = status.message;
  outcome.findings = sim.takeFindings();
  EXPECT_TRUE(sim.copyOut(outcome.out.data(), *out, static_cast<int64_t>(how.out * 8)).ok());
  return outcome;
}

std::string print(const Outcome &outcome) {
  std::string all = outcome.error;
  for (const Finding &f : outcome.findings)
    all += "\n" + f.text();
  return all;
}

bool has(const Outcome &outcome, Fault fault) {
  for (const Finding &f : outcome.findings)
    if (f.fault == fault)
      return true;
  return false;
}

std::vector<uint64_t> lanes(const std::string &body, const std::string &result,
                            const std::vector<uint64_t> &in) {
  std::string text = "mul.wide.u32 %d29, %r63, 24;\nadd.u64 %d30, %d30, %d29;\nmul.wide.u32 %d29, %r63, "
                     "8;\nadd.u64 %d31, %d31, %d29;\n";
  for (int i = 0; i < 3; ++i) {
    std::string n = std::to_string(i);
    text += "ld.global.u64 %d" + n + ", [%d30+" + std::to_string(8 * i) + "];\ncvt.u32.u64 %r" + n + ", %d" +
            n + ";\ncvt.u16.u64 %h" + n + ", %d" + n + ";\nmov.b32 %f" + n + ", %r" + n + ";\nmov.b64 %g" +
            n + ", %d" + n + ";\n";
  }
  text += body + "\n";
  switch (result[1]) {
  case 'p':
    text += "selp.u64 %d28, 1, 0, " + result + ";\n";
    break;
  case 'h':
    text += "cvt.u64.u16 %d28, " + result + ";\n";
    break;
  case 'r':
    text += "cvt.u64.u32 %d28, " + result + ";\n";
    break;
  case 'f':
    text += "mov.b32 %r62, " + result + ";\ncvt.u64.u32 %d28, %r62;\n";
    break;
  default:
    text += "mov.b64 %d28, " + result + ";\n";
  }
  Start how;
  how.in = in;
  how.out = 32;
  Outcome outcome = run(text + "st.global.u64 [%d31], %d28;", how);
  EXPECT_EQ(print(outcome), "") << body;
  return outcome.out;
}

static std::vector<uint64_t> inputs(bool floats, uint64_t seed) {
  std::mt19937_64 random(seed);
  static constexpr uint64_t edges[] = {0,
                                       1,
                                       2,
                                       31,
                                       32,
                                       63,
                                       64,
                                       0x7f,
                                       0x80,
                                       0xff,
                                       0x7fff,
                                       0x8000,
                                       0xffff,
                                       0x7fffffff,
                                       0x80000000,
                                       0xffffffff,
                                       0x7fffffffffffffff,
                                       0x8000000000000000,
                                       ~0ull};
  static constexpr float numbers[] = {0.0f,     -0.0f, 1.0f,         -1.5f,    0.3333333f, 1e-40f,
                                      65504.0f, 1e20f, -3e38f,       INFINITY, -INFINITY,  NAN,
                                      2.5f,     3.5f,  -0.49999997f, 448.5f};
  std::vector<uint64_t> in;
  for (int i = 0; i < 96; ++i) {
    if (floats && random() % 2)
      in.push_back(std::bit_cast<uint32_t>(numbers[random() % std::size(numbers)]));
    else if (floats)
      in.push_back(std::bit_cast<uint32_t>(
          static_cast<float>(static_cast<int64_t>(random() % 20001) - 10000) / 128.0f));
    else
      in.push_back(random() % 2 ? edges[random() % std::size(edges)] : random() >> (random() % 64));
  }
  return in;
}

void checkRows(const std::vector<Row> &rows, bool floats) {
  for (const Row &row : rows)
    for (uint64_t seed = 0; seed < 4; ++seed) {
      std::vector<uint64_t> in = inputs(floats, seed), out = lanes(row.body, row.result, in);
      for (size_t l = 0; l < 32; ++l) {
        uint64_t a = in[3 * l], b = in[3 * l + 1], c = in[3 * l + 2];
        EXPECT_EQ(out[l], row.expected(a, b, c))
            << std::hex << row.body << " of " << a << ", " << b << ", " << c;
      }
    }
}

} // namespace hone::simtest
