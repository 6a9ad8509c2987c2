// Launches as folders that hone-sim can run again: one kernel of a model, alone.
#ifndef HONE_RUNTIME_DEVICES_SIM_RECORD_H
#define HONE_RUNTIME_DEVICES_SIM_RECORD_H
#include "runtime/devices/sim/Memory.h"
#include "runtime/devices/sim/Ptx.h"
#include "runtime/devices/sim/Sim.h"

namespace hone::rt::sim {

/// Writes `launch` of `kernel` into a folder of its own in `folder`: the PTX, the buffers that its parameters
/// point to as they are before it runs, and a script `replay` that gives them to hone-sim and passes on its
/// own arguments. The folder is named after the kernel and its PTX: of equal kernels the first launch is
/// kept. Refused where buffers have more than 64 MiB.
Status recordLaunch(const std::string &folder, const std::string &device, const Module &module,
                    const Function &kernel, const KernelLaunch &launch, const Memory &memory);

} // namespace hone::rt::sim
#endif
