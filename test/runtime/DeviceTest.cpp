// Devices without a device: choosing code, device memory, what is said where there is no GPU, and the
// driver's functions on a stand-in for its library.
#include "runtime/context/DeviceProgram.h"
#include "runtime/devices/DeviceArena.h"
#include "runtime/devices/cuda/Cuda.h"
#include <gtest/gtest.h>
#include <map>

using namespace hone::rt;

TEST(DeviceCode, CubinsRunOnTheirChipAndNewerOnesOfItsGeneration) {
  EXPECT_GT(cubinFits("sm_80", 80), 0);
  EXPECT_GT(cubinFits("sm_80", 86), 0);
  EXPECT_GT(cubinFits("sm_86", 86), cubinFits("sm_80", 86)); // its own is better
  EXPECT_EQ(cubinFits("sm_86", 80), 0);
  EXPECT_EQ(cubinFits("sm_80", 90), 0);
  EXPECT_GT(cubinFits("sm_90a", 90), 0);
  EXPECT_EQ(cubinFits("sm_100a", 103), 0); // of this chip only
  EXPECT_EQ(cubinFits("ptx", 80), 0);
  EXPECT_EQ(cubinFits("sm_", 80), 0);
}

namespace {
/// Hands out addresses, and counts.
struct CountingDevice : Device {
  std::map<uint64_t, int64_t> held;
  uint64_t next = 4096;
  int64_t limit = INT64_MAX, total = 0;
  int asked = 0;
  std::string name() const override { return "counting"; }
  int capability() const override { return 80; }
  Result<uint64_t> allocate(int64_t bytes) override {
    ++asked;
    if (total + bytes > limit)
      return invalid("out of memory: asked for ", bytes, " bytes");
    total += bytes;
    uint64_t at = next;
    held[at] = bytes;
    next += static_cast<uint64_t>(bytes + 4095) / 4096 * 4096 + 4096;
    return at;
  }
  void release(uint64_t address) override {
    total -= held.at(address);
    held.erase(address);
  }
  Status copyIn(uint64_t, const void *, int64_t) override { return {}; }
  Status copyOut(void *, uint64_t, int64_t) override { return {}; }
  Status copy(uint64_t, uint64_t, int64_t) override { return {}; }
  Result<std::unique_ptr<DeviceModule>> load(std::string_view) override { return invalid("no code"); }
  Status launch(DeviceKernel &, const KernelLaunch &) override { return {}; }
  Status synchronize() override { return {}; }
  Status encode(const TensorMap &, void *) override { return {}; }
};
} // namespace

TEST(DeviceArena, ReusesBlocksAndAsksForNothingOnceWarm) {
  CountingDevice device;
  {
    DeviceArena arena(device, false);
    for (int run = 0; run < 3; ++run) {
      arena.reset();
      uint64_t a = *arena.allocate(1000), b = *arena.allocate(0), c = *arena.allocate(70000);
      EXPECT_EQ(a % 256, 0u);
      EXPECT_NE(a, b);
      EXPECT_TRUE(arena.release(b));
      EXPECT_TRUE(arena.release(a));
      EXPECT_EQ(*arena.allocate(1200), a) << "the blocks in front have become one";
      EXPECT_TRUE(arena.release(c));
      EXPECT_FALSE(arena.release(c)) << "released twice";
      EXPECT_FALSE(arena.release(12));
    }
    EXPECT_EQ(device.asked, 1);
    EXPECT_GE(*arena.allocate(100 << 20), 4096u);
    EXPECT_EQ(device.asked, 2);
  }
  EXPECT_TRUE(device.held.empty());
}

TEST(DeviceArena, OneByOneEveryBlockIsTheDevicesOwn) {
  CountingDevice device;
  DeviceArena arena(device, true);
  uint64_t a = *arena.allocate(1000);
  EXPECT_EQ(device.held.at(a), 1000);
  EXPECT_TRUE(arena.release(a));
  EXPECT_TRUE(device.held.empty());
  (void)*arena.allocate(8);
  arena.reset();
  EXPECT_TRUE(device.held.empty());
}

TEST(DeviceArena, SaysWhatWasAskedAndPlanned) {
  CountingDevice device;
  device.limit = 20 << 20;
  DeviceArena arena(device, false);
  ASSERT_TRUE(arena.allocate(1 << 20).ok());
  Result<uint64_t> failed = arena.allocate(30 << 20);
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.status().message.find("asked for 31457280 bytes"), std::string::npos);
  EXPECT_NE(failed.status().message.find("16777216 bytes are planned"), std::string::npos);
}

TEST(Devices, SayWhatIsMissing) {
  auto message = [](DeviceRequest request) {
    Result<OpenedDevice> opened = openDevice(request);
    return opened.ok() ? "" : opened.status().message;
  };
  EXPECT_NE(message({"tpu", "", ""}).find("device 'tpu' does not exist"), std::string::npos);
  EXPECT_NE(message({"cuda:x", "", ""}).find("expected cuda or cuda:N"), std::string::npos);
  EXPECT_NE(message({"cuda", "", "all"}).find("checks are the simulator's"), std::string::npos);
  Result<std::unique_ptr<Device>> absent = openCuda(0, "libhone-no-such-driver.so");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.status().message, "cuda:0: there is no NVIDIA driver on this machine "
                                     "(libhone-no-such-driver.so can't be opened)");
}

// stand-in-driver.c: two GPUs of sm_86 with 1 MiB each, whose memory is the host's; a module holds what it
// was given.
TEST(Cuda, DrivesTheDriver) {
  Result<std::unique_ptr<Device>> none = openCuda(2, HONE_STAND_IN_DRIVER);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().message, "cuda:2: there is no GPU 2: this machine has 2, counted from 0");

  Result<std::unique_ptr<Device>> opened = openCuda(1, HONE_STAND_IN_DRIVER);
  ASSERT_TRUE(opened.ok()) << opened.status().message;
  Device &device = **opened;
  EXPECT_EQ(device.name(), "cuda:1 (stand-in, sm_86)");
  EXPECT_EQ(device.capability(), 86);
  Result<uint64_t> memory = device.allocate(64);
  ASSERT_TRUE(memory.ok());
  Result<uint64_t> tooMuch = device.allocate(2 << 20);
  ASSERT_FALSE(tooMuch.ok());
  EXPECT_NE(tooMuch.status().message.find("out of memory: asked for 2097152 bytes"), std::string::npos);
  int32_t in[2] = {3, 4}, out[2] = {};
  ASSERT_TRUE(device.copyIn(*memory, in, sizeof in).ok());

  Result<std::unique_ptr<DeviceModule>> bad = device.load("nonsense");
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.status().message.find("line 1 makes no sense"), std::string::npos) << bad.status().message;
  Result<std::unique_ptr<DeviceModule>> module = device.load(".version 8.5");
  ASSERT_TRUE(module.ok());
  EXPECT_FALSE((*module)->kernel("missing").ok());
  Result<DeviceKernel *> kernel = (*module)->kernel("twice"); // doubles `count` integers
  ASSERT_TRUE(kernel.ok());
  uint64_t address = *memory;
  int64_t count = 2;
  void *arguments[] = {&address, &count};
  KernelLaunch launch;
  launch.arguments = arguments;
  launch.sharedBytes = 64 << 10;
  ASSERT_TRUE(device.launch(**kernel, launch).ok());
  ASSERT_TRUE(device.copyOut(out, *memory, sizeof out).ok());
  EXPECT_EQ(out[0], 6);
  EXPECT_EQ(out[1], 8);
  Result<int64_t> took = device.launchTimed(**kernel, launch);
  ASSERT_TRUE(took.ok()) << took.status().message;
  EXPECT_EQ(*took, 250000);
  count = -1; // the stand-in faults, and says so when it is waited for
  ASSERT_TRUE(device.launch(**kernel, launch).ok());
  Status fault = device.synchronize();
  EXPECT_NE(fault.message.find("CUDA_ERROR_ILLEGAL_ADDRESS"), std::string::npos) << fault.message;
  device.release(*memory);
}

namespace {
/// Doubles `count` floats; the loop's condition is made the way LLVM makes it.
const char *const twice = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry twice(.param .u64 .ptr .global .align 16 data, .param .u64 count) .reqntid 64, 1, 1
{
  .reg .pred %p<3>;
  .reg .b32 %r<4>;
  .reg .b64 %rd<6>;
  ld.param.b64 %rd1, [data];
  ld.param.b64 %rd2, [count];
  mov.u32 %r1, %tid.x;
  cvt.u64.u32 %rd3, %r1;
  mov.pred %p2, -1;
again:
  setp.ge.u64 %p1, %rd3, %rd2;
  @%p1 bra done;
  shl.b64 %rd4, %rd3, 2;
  add.s64 %rd5, %rd1, %rd4;
  ld.global.b32 %r2, [%rd5];
  add.rn.f32 %r3, %r2, %r2;
  st.global.b32 [%rd5], %r3;
  add.s64 %rd3, %rd3, 64;
  @%p2 bra again;
done:
  ret;
}
)";
} // namespace

TEST(DeviceProgram, LoadsTheKernelsOfAFileAndItsWeights) {
  std::string code = twice;
  const HoneDeviceCode table[] = {{"twice", "sm_80", 0, "\177ELF", 4},
                                  {"twice", "ptx", 0, code.c_str(), code.size() + 1},
                                  {nullptr, nullptr, 0, nullptr, 0}};
  std::vector<float> weights(100, 1.5f);
  auto loaded = DeviceProgram::load({"sim", "sm_80", "all"}, table,
                                    reinterpret_cast<const uint8_t *>(weights.data()), 4 * weights.size());
  ASSERT_TRUE(loaded.ok()) << loaded.status().message;
  DeviceProgram &program = **loaded;
  EXPECT_EQ(program.description(), "sim:sm_80: PTX");
  EXPECT_TRUE(program.isSimulator());
  EXPECT_EQ(program.kernel(1), nullptr);
  ASSERT_NE(program.kernel(0), nullptr);
  uint64_t address = program.weights(), count = 70;
  void *arguments[] = {&address, &count};
  KernelLaunch launch;
  launch.block[0] = 64;
  launch.arguments = arguments;
  ASSERT_TRUE(program.device().launch(*program.kernel(0), launch).ok());
  ASSERT_TRUE(program.device().copyOut(weights.data(), address, 400).ok());
  EXPECT_EQ(weights[69], 3.0f);
  EXPECT_EQ(weights[70], 1.5f);
  count = 200; // beyond the weights
  Status outside = program.device().launch(*program.kernel(0), launch);
  ASSERT_FALSE(outside.ok());
  EXPECT_NE(outside.message.find("bounds"), std::string::npos) << outside.message;
}

TEST(DeviceProgram, SaysWhatItCanNotRun) {
  const HoneDeviceCode table[] = {{"twice", "sm_90a", 0, "\177ELF", 4}, {nullptr, nullptr, 0, nullptr, 0}};
  auto loaded = DeviceProgram::load({"sim:sm_80", "sm_90a", ""}, table, nullptr, 0);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().message, "has no code of a kernel for sim:sm_80");
}
