// What generated code calls for the device: memory, copies, launches. A fault of a kernel may show
// only at a later call, so messages name every kernel since the device was last known to be well.
#include "runtime/context/Context.h"

namespace hone::rt {

void *Context::deviceAlloc(HoneRuntime *runtime, int64_t bytes) {
  Context &self = of(runtime);
  if (!self.deviceArena || !self.problem.empty())
    return nullptr;
  Result<uint64_t> memory = self.deviceArena->allocate(bytes);
  if (!memory.ok()) {
    self.record(-1, memory.status().message);
    return nullptr;
  }
  return reinterpret_cast<void *>(*memory);
}

void Context::deviceRelease(HoneRuntime *runtime, void *block) {
  Context &self = of(runtime);
  if (!self.deviceArena || !self.deviceArena->release(reinterpret_cast<uint64_t>(block)))
    self.record(-1, "the code released device memory that is not in use");
}

/// Records why the device failed; `op` is what was asked of it then.
int32_t Context::deviceFailed(int32_t op, const Status &status) {
  if (firstUnproven < 0 || firstUnproven == op)
    record(op, status.message);
  else
    record(op, status.message, " (a kernel since ", code->where(firstUnproven), "may be the cause)");
  return 1;
}

int32_t Context::transfer(HoneRuntime *runtime, void *to, const void *from, int64_t bytes, int32_t direction,
                          int32_t op) {
  Context &self = of(runtime);
  if (!self.problem.empty() || !self.deviceArena)
    return 1;
  int64_t start = self.profiling ? self.now() : 0;
  Device &device = self.code->program()->device();
  bool toDevice = direction == HONE_TO_DEVICE;
  Status status = toDevice ? device.copyIn(reinterpret_cast<uint64_t>(to), from, bytes)
                           : device.copyOut(to, reinterpret_cast<uint64_t>(from), bytes);
  if (!status.ok())
    return self.deviceFailed(op, status);
  if (!toDevice)
    self.firstUnproven = -1; // it has waited for all kernels
  if (self.profiling)
    self.remember(op, start, self.now());
  return 0;
}

int32_t Context::launch(HoneRuntime *runtime, const HoneLaunch *how, int32_t op) {
  Context &self = of(runtime);
  if (!self.problem.empty() || !self.deviceArena)
    return 1;
  if (how->grid[0] == 0 || how->grid[1] == 0 || how->grid[2] == 0)
    return 0;
  DeviceProgram &program = *self.code->program();
  DeviceKernel *kernel = program.kernel(how->kernel);
  constexpr int64_t most[] = {INT32_MAX, 65535, 65535};
  KernelLaunch launch;
  for (int axis = 0; axis < 3; ++axis) {
    if (how->grid[axis] < 0 || how->grid[axis] > most[axis]) {
      self.record(op, "expected at most ", most[axis], " blocks of a kernel, got ", how->grid[axis]);
      return 1;
    }
    launch.grid[axis] = static_cast<uint32_t>(how->grid[axis]);
  }
  if (!kernel) {
    self.record(op, "the file has no device kernel ", how->kernel);
    return 1;
  }
  launch.block[0] = static_cast<uint32_t>(how->threads);
  launch.sharedBytes = static_cast<uint32_t>(how->sharedBytes);
  launch.arguments = how->arguments;
  if (Status status = self.mapMatrices(*how); !status.ok()) {
    self.record(op, status.message);
    return 1;
  }
  int64_t start = self.profiling ? self.now() : 0;
  if (self.firstUnproven < 0)
    self.firstUnproven = op;
  if (!self.profiling) {
    if (Status status = program.device().launch(*kernel, launch); !status.ok())
      return self.deviceFailed(op, status);
    if (program.isSimulator()) // it has been waited for
      self.firstUnproven = -1;
    return 0;
  }
  // Times are of the kernel, not of asking for it.
  Result<int64_t> took = program.device().launchTimed(*kernel, launch);
  if (!took.ok())
    return self.deviceFailed(op, took.status());
  self.firstUnproven = -1;
  self.remember(op, start, start + *took);
  return 0;
}

/// Points the last arguments to tensor maps, which are made once for each matrix.
Status Context::mapMatrices(const HoneLaunch &how) {
  constexpr size_t most = 4096; // sizes and places that change with every run must not fill the memory
  for (int64_t i = 0; i < how.matrixCount; ++i) {
    const HoneMatrix &matrix = how.matrices[i];
    if (tensorMaps.size() + static_cast<size_t>(how.matrixCount) > most && i == 0)
      tensorMaps.clear();
    auto [at, isNew] =
        tensorMaps.try_emplace({static_cast<int64_t>(reinterpret_cast<uintptr_t>(matrix.data)), matrix.lines,
                                matrix.lineLength, matrix.elementBytes, matrix.boxLines});
    if (isNew) {
      TensorMap map;
      map.address = reinterpret_cast<uint64_t>(matrix.data);
      map.elementBytes = static_cast<int>(matrix.elementBytes);
      map.sizes[0] = static_cast<uint64_t>(matrix.lineLength);
      map.sizes[1] = static_cast<uint64_t>(matrix.lines);
      map.strides[0] = static_cast<uint64_t>(matrix.lineLength * matrix.elementBytes);
      map.box[0] = static_cast<uint32_t>(128 / matrix.elementBytes);
      map.box[1] = static_cast<uint32_t>(matrix.boxLines);
      map.swizzleBytes = 128;
      if (Status status = code->program()->device().encode(map, at->second.bytes); !status.ok()) {
        tensorMaps.erase(at);
        return status;
      }
    }
    how.arguments[how.argumentCount - how.matrixCount + i] = at->second.bytes;
  }
  return {};
}

Status Context::finishDevice() {
  if (!deviceArena)
    return {};
  Status status = code->program()->device().synchronize();
  if (!status.ok() && problem.empty())
    deviceFailed(firstUnproven, status);
  firstUnproven = -1;
  return status;
}

} // namespace hone::rt
