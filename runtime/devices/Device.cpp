// What devices do that have nothing better.
#include "runtime/devices/Device.h"
#include <chrono>

namespace hone::rt {

Result<int64_t> Device::launchTimed(DeviceKernel &kernel, const KernelLaunch &how) {
  auto start = std::chrono::steady_clock::now();
  if (Status status = launch(kernel, how); !status.ok())
    return status;
  if (Status status = synchronize(); !status.ok())
    return status;
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count();
}

} // namespace hone::rt
