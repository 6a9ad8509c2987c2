// A device with memory and kernels of its own, as the runtime drives it: `cuda` by the driver, `sim` by the
// PTX simulator. Addresses are the device's; only copies cross. Work is done in order; errors of kernels may
// come with a later call, at the latest with synchronize().
#ifndef HONE_RUNTIME_DEVICES_DEVICE_H
#define HONE_RUNTIME_DEVICES_DEVICE_H
#include "runtime/base/Status.h"
#include <cstdint>
#include <memory>
#include <string_view>

namespace hone::rt {

/// How one kernel is started. `arguments[i]` points to the value of parameter i, whose size the kernel's code
/// says (as in cuLaunchKernel).
struct KernelLaunch {
  uint32_t grid[3] = {1, 1, 1}, block[3] = {1, 1, 1}, cluster[3] = {1, 1, 1};
  uint32_t sharedBytes = 0; // dynamic shared memory of a block
  void *const *arguments = nullptr;
};

/// A box of a tensor that bulk copies move (cuTensorMapEncodeTiled's parameters). Sizes from the innermost
/// dimension on; strides in bytes, of all dimensions but the innermost.
struct TensorMap {
  uint64_t address = 0;
  int elementBytes = 2, rank = 2;
  uint64_t sizes[5] = {}, strides[4] = {};
  uint32_t box[5] = {};
  int swizzleBytes = 0; // 0, 32, 64 or 128
};

class DeviceKernel {
public:
  virtual ~DeviceKernel() = default;
};

class DeviceModule {
public:
  virtual ~DeviceModule() = default;
  /// The kernel `name`; it lives as long as the module.
  virtual Result<DeviceKernel *> kernel(std::string_view name) = 0;
};

class Device {
public:
  virtual ~Device() = default;
  virtual std::string name() const = 0; // "cuda:0 (NVIDIA H100, sm_90)", "sim:sm_80"
  virtual int capability() const = 0;   // 80, 90: the chip's number

  /// Device memory, aligned to 256 bytes.
  virtual Result<uint64_t> allocate(int64_t bytes) = 0;
  virtual void release(uint64_t address) = 0;
  virtual Status copyIn(uint64_t to, const void *from, int64_t bytes) = 0;
  virtual Status copyOut(void *to, uint64_t from, int64_t bytes) = 0;
  virtual Status copy(uint64_t to, uint64_t from, int64_t bytes) = 0;

  /// Code: PTX text, or a cubin where the device takes one.
  virtual Result<std::unique_ptr<DeviceModule>> load(std::string_view code) = 0;
  virtual Status launch(DeviceKernel &kernel, const KernelLaunch &launch) = 0;
  virtual Status synchronize() = 0;
  /// Launches, waits, and says how many nanoseconds the kernel took: on the device's clock where it has one.
  virtual Result<int64_t> launchTimed(DeviceKernel &kernel, const KernelLaunch &launch);
  /// Fills the 128 bytes, aligned to 64, that a kernel takes by value.
  virtual Status encode(const TensorMap &map, void *bytes) = 0;
};

} // namespace hone::rt
#endif
