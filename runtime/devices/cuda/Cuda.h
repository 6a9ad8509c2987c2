// NVIDIA GPUs by the driver API. The driver's library is opened when a device is asked for: programs need
// neither CUDA's headers nor its libraries.
#ifndef HONE_RUNTIME_DEVICES_CUDA_CUDA_H
#define HONE_RUNTIME_DEVICES_CUDA_CUDA_H
#include "runtime/devices/Device.h"

namespace hone::rt {

/// GPU number `index`. `library`: another driver, for tests.
Result<std::unique_ptr<Device>> openCuda(int index, const char *library = "libcuda.so.1");

} // namespace hone::rt
#endif
