// The device half of a module: the device itself, its kernels loaded, its weights in its memory. Shared by
// the contexts of the module, which take turns on it.
#ifndef HONE_RUNTIME_CONTEXT_DEVICEPROGRAM_H
#define HONE_RUNTIME_CONTEXT_DEVICEPROGRAM_H
#include "runtime/abi/Abi.h"
#include "runtime/devices/Open.h"
#include <mutex>
#include <vector>

namespace hone::rt {

class DeviceProgram {
public:
  /// `table`: the file's hone_device_code. `weights`: the first bytes of the weight segment, which kernels of
  /// the device read.
  static Result<std::shared_ptr<DeviceProgram>> load(const DeviceRequest &request,
                                                     const HoneDeviceCode *table, const uint8_t *weights,
                                                     uint64_t weightBytes);
  ~DeviceProgram();

  Device &device() { return *opened.device; }
  bool isSimulator() const { return opened.isSimulator; }
  uint64_t weights() const { return weightAddress; }
  uint64_t weightBytes() const { return weightSize; }
  /// Null when the file has no kernel of that number.
  DeviceKernel *kernel(int64_t number) const {
    return number >= 0 && static_cast<size_t>(number) < kernels.size() ? kernels[static_cast<size_t>(number)]
                                                                       : nullptr;
  }
  /// "cuda:0 (NVIDIA H100, sm_90): code of sm_90a", "...: PTX, no code for sm_86 in the file".
  const std::string &description() const { return says; }

  std::mutex turn; ///< held by the context that runs

private:
  Status loadKernels(const HoneDeviceCode *table);
  OpenedDevice opened;
  std::vector<std::unique_ptr<DeviceModule>> modules;
  std::vector<DeviceKernel *> kernels;
  uint64_t weightAddress = 0, weightSize = 0;
  std::string says;
};

/// Whether a cubin for `chip` ("sm_80", "sm_90a") runs on a GPU of `capability` (80, 90). Larger is better;
/// 0: it does not.
int cubinFits(std::string_view chip, int capability);

} // namespace hone::rt
#endif
