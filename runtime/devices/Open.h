// Devices by name, as users write them: "cuda", "cuda:1", "sim", "sim:sm_80".
#ifndef HONE_RUNTIME_DEVICES_OPEN_H
#define HONE_RUNTIME_DEVICES_OPEN_H
#include "runtime/devices/Device.h"

namespace hone::rt {

struct DeviceRequest {
  std::string name;  ///< kind[:what]; empty: a GPU of this machine
  std::string chip;  ///< of the file's kernels ("sm_80"): what `sim` without a chip simulates
  std::string check; ///< of the simulator: "bounds,races" or "all"; empty: its default
};

struct OpenedDevice {
  std::unique_ptr<Device> device;
  bool takesCubins = false; ///< besides PTX
  bool isSimulator = false; ///< memory is cheap to ask for, and each buffer wants bounds of its own
};

/// Errors name the device and what this machine lacks.
Result<OpenedDevice> openDevice(const DeviceRequest &request);

} // namespace hone::rt
#endif
