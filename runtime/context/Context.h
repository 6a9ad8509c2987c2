// One execution of a module at a time: its memory, worker threads, outputs and the functions
// that generated code calls (runtime/abi/Abi.h). Contexts share nothing that changes.
#ifndef HONE_RUNTIME_CONTEXT_CONTEXT_H
#define HONE_RUNTIME_CONTEXT_CONTEXT_H
#include "runtime/base/Arena.h"
#include "runtime/context/Module.h"
#include "runtime/devices/DeviceArena.h"
#include "runtime/devices/host/Pool.h"
#include <array>
#include <atomic>
#include <map>
#include <span>

namespace hone::rt {

/// A tensor of the caller; `name` may be null where the position tells.
struct TensorView {
  const char *name = nullptr;
  DType dtype = DType::F32;
  int rank = 0;
  const int64_t *dims = nullptr;
  const void *data = nullptr;
};

/// One dispatch or library call of the last run; times in ns since the run began.
struct Slice {
  int32_t op;
  int64_t start, end;
};

class Context {
public:
  static Result<std::unique_ptr<Context>> create(std::shared_ptr<Module> module);
  ~Context();

  Status run(std::span<const TensorView> inputs);
  /// Output `index` of the last run; null before one has succeeded.
  const HoneTensorRef *output(size_t index) const;

  const Module &module() const { return *code; }
  void setProfiling(bool on) { profiling = on; }
  std::span<const Slice> slices() const { return profile; }
  /// How often this context asked the system for memory.
  uint64_t memoryRequests() const {
    return requests + arena.growths() +
           (deviceArena && !code->program()->isSimulator() ? deviceArena->growths() : 0);
  }
  uint64_t arenaBytes() const { return arena.committed(); }
  uint64_t arenaPeak() const { return arena.peak(); }

private:
  struct Interface : HoneRuntime {
    Context *context;
  };
  explicit Context(std::shared_ptr<Module> module);
  Status bind(std::span<const TensorView> inputs);
  Status bindOne(size_t index, const TensorView &given);
  Status bindDim(size_t input, size_t axis, int64_t size);
  void keepFedOutputs();
  Status execute();
  template <typename... Parts>
  void record(int32_t op, const Parts &...parts);
  void remember(int32_t op, int64_t start, int64_t end);
  int64_t now() const;

  static Context &of(HoneRuntime *runtime) { return *static_cast<Interface *>(runtime)->context; }
  static void *alloc(HoneRuntime *, int64_t bytes);
  static void release(HoneRuntime *, void *block);
  static void *outputMemory(HoneRuntime *, int32_t index, int64_t bytes);
  static void dispatch(HoneRuntime *, HoneKernel, const void *args, int64_t units, int64_t cost,
                       int64_t scratchBytes, int32_t op);
  static int32_t library(HoneRuntime *, int32_t function, HoneTensorRef *, const int64_t *params, int32_t op);
  static int32_t fail(HoneRuntime *, const char *message, int32_t op);
  static void *deviceAlloc(HoneRuntime *, int64_t bytes);
  static void deviceRelease(HoneRuntime *, void *block);
  static int32_t transfer(HoneRuntime *, void *to, const void *from, int64_t bytes, int32_t direction,
                          int32_t op);
  static int32_t launch(HoneRuntime *, const HoneLaunch *, int32_t op);
  int32_t deviceFailed(int32_t op, const Status &status);
  Status mapMatrices(const HoneLaunch &how);
  Status finishDevice();

  std::shared_ptr<Module> code;
  Interface interface;
  Arena arena;
  std::unique_ptr<DeviceArena> deviceArena; // null: the module runs on the host
  struct alignas(64) EncodedMap {
    char bytes[128];
  };
  std::map<std::array<int64_t, 5>, EncodedMap> tensorMaps; // by address, lines, their length and width, box
  int32_t firstUnproven = -1; // call since which the device has not been waited for
  std::unique_ptr<Pool> pool;
  std::vector<HoneTensorRef> inputRefs, outputRefs;
  struct Symbol {
    int64_t size; // -1: not seen yet in this run
    size_t input; // that gave it
  };
  std::vector<Symbol> symbols;
  std::vector<GrowingBuffer> outputs, spares;
  std::vector<bool> given;
  std::vector<Slice> profile;
  std::string problem; // of this run; empty: none
  uint64_t requests = 0;
  int64_t began = 0;
  bool profiling = false, complete = false;
  std::atomic<bool> running{false};
};

/// The first problem is the cause; later ones only follow from it.
template <typename... Parts>
void Context::record(int32_t op, const Parts &...parts) {
  if (!problem.empty())
    return;
  try {
    problem = code->where(op) + text(parts...);
  } catch (...) {
    problem = "no memory"; // fits into the string itself
  }
}

} // namespace hone::rt
#endif
