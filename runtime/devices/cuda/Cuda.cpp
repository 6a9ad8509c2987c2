// The driver API behind the device interface: one stream in order, the primary context, which is shared
// with whatever else the process does on the GPU. Numbers are those of cuda.h.
#include "runtime/devices/cuda/Cuda.h"
#include <cstring>
#include <dlfcn.h>
#include <mutex>
#include <vector>

namespace hone::rt {

namespace {

enum Attribute { multiprocessors = 16, capabilityMajor = 75, capabilityMinor = 76 };
constexpr int maxDynamicShared = 8;        // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
constexpr uint32_t plainShared = 48 << 10; // more must be asked for

/// The driver's functions. Loaded once in a process and kept: CUDA does not like to be unloaded.
struct Driver {
#define CUDA_FUNCTION(symbol, name, ...) int (*name)(__VA_ARGS__) = nullptr;
#include "runtime/devices/cuda/Driver.def"
  std::string problem;

  explicit Driver(const char *library) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
      problem = text("there is no NVIDIA driver on this machine (", library, " can't be opened)");
      return;
    }
#define CUDA_OPTIONAL(symbol, name, ...)                                                                     \
  name = reinterpret_cast<int (*)(__VA_ARGS__)>(dlsym(handle, #symbol));
#define CUDA_FUNCTION(symbol, name, ...)                                                                     \
  CUDA_OPTIONAL(symbol, name, __VA_ARGS__)                                                                   \
  if (!name && problem.empty())                                                                              \
    problem = text("the NVIDIA driver is too old: it has no ", #symbol);
#include "runtime/devices/cuda/Driver.def"
    if (problem.empty())
      if (int code = init(0))
        problem = text("the NVIDIA driver does not start: ", describe(code));
  }

  std::string describe(int code) const {
    const char *name = nullptr, *why = nullptr;
    errorName(code, &name);
    errorText(code, &why);
    return text(name ? name : "unknown error", " (", why ? why : "no text", ", ", code, ")");
  }
};

const Driver &driver(const char *library) {
  static std::mutex mutex;
  static std::vector<std::pair<std::string, std::unique_ptr<Driver>>> loaded;
  std::lock_guard<std::mutex> lock(mutex);
  for (auto &[name, known] : loaded)
    if (name == library)
      return *known;
  loaded.emplace_back(library, std::make_unique<Driver>(library));
  return *loaded.back().second;
}

struct CudaKernel : DeviceKernel {
  void *function = nullptr;
  std::string name;
  uint32_t sharedAsked = plainShared;
};

class CudaDevice;

class CudaModule : public DeviceModule {
public:
  CudaModule(CudaDevice &device, void *handle) : device(device), handle(handle) {}
  ~CudaModule() override;
  Result<DeviceKernel *> kernel(std::string_view name) override;

private:
  CudaDevice &device;
  void *handle;
  std::vector<std::unique_ptr<CudaKernel>> kernels;
};

class CudaDevice : public Device {
public:
  CudaDevice(const Driver &cu, int index) : cu(cu), index(index) {}
  ~CudaDevice() override {
    for (void *event : events)
      if (event)
        cu.eventDestroy(event);
    if (stream)
      cu.streamDestroy(stream);
    if (context)
      cu.contextRelease(ordinal);
  }

  Status open() {
    int count = 0;
    if (int code = cu.deviceCount(&count))
      return problem("counting the GPUs", code);
    if (count == 0)
      return invalid("the NVIDIA driver finds no GPU");
    if (index >= count)
      return invalid("there is no GPU ", index, ": this machine has ", count, ", counted from 0");
    char name[128] = {};
    int major = 0, minor = 0;
    if (int code = cu.deviceGet(&ordinal, index))
      return problem("opening it", code);
    cu.deviceName(name, sizeof name - 1, ordinal);
    cu.deviceAttribute(&major, capabilityMajor, ordinal);
    cu.deviceAttribute(&minor, capabilityMinor, ordinal);
    chip = 10 * major + minor;
    label = text("cuda:", index, " (", name, ", sm_", chip, ")");
    if (int code = cu.contextRetain(&context, ordinal))
      return problem("opening it", code);
    cu.contextSet(context);
    constexpr unsigned nonBlocking = 1;
    if (int code = cu.streamCreate(&stream, nonBlocking))
      return problem("making a stream", code);
    return {};
  }

  std::string name() const override { return label; }
  int capability() const override { return chip; }

  Result<uint64_t> allocate(int64_t bytes) override {
    enter();
    uint64_t address = 0;
    if (int code = cu.memAlloc(&address, static_cast<size_t>(bytes > 0 ? bytes : 1))) {
      size_t free = 0, total = 0;
      if (cu.memInfo(&free, &total))
        return problem("asking for memory", code);
      return invalid(label, ": out of memory: asked for ", bytes, " bytes, ", free, " of ", total,
                     " are free");
    }
    return address;
  }
  void release(uint64_t address) override {
    enter();
    cu.memFree(address);
  }
  Status copyIn(uint64_t to, const void *from, int64_t bytes) override {
    enter();
    // Pageable memory is copied aside before the call returns.
    return bytes ? problem("copying to it", cu.copyIn(to, from, static_cast<size_t>(bytes), stream))
                 : Status();
  }
  Status copyOut(void *to, uint64_t from, int64_t bytes) override {
    enter();
    if (bytes)
      if (Status status =
              problem("copying from it", cu.copyOut(to, from, static_cast<size_t>(bytes), stream));
          !status.ok())
        return status;
    return problem("running", cu.streamSynchronize(stream));
  }
  Status copy(uint64_t to, uint64_t from, int64_t bytes) override {
    enter();
    return bytes ? problem("copying on it", cu.copy(to, from, static_cast<size_t>(bytes), stream)) : Status();
  }

  Result<std::unique_ptr<DeviceModule>> load(std::string_view code) override {
    enter();
    // Options of cuModuleLoadDataEx: the driver's compiler says what it does not like.
    char log[1024] = {};
    int keys[] = {5 /* CU_JIT_ERROR_LOG_BUFFER */, 6 /* ..._SIZE_BYTES */};
    void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
    void *handle = nullptr;
    std::string ended(code); // PTX needs its end
    if (int error = cu.moduleLoad(&handle, ended.c_str(), 2, keys, values)) {
      log[sizeof log - 1] = '\0';
      for (char &c : log)
        c = c == '\n' ? ' ' : c;
      Status status = problem("loading code", error);
      status.message += *log ? std::string(": ") + log : "";
      return status;
    }
    return std::unique_ptr<DeviceModule>(new CudaModule(*this, handle));
  }

  Status launch(DeviceKernel &generic, const KernelLaunch &how) override {
    enter();
    auto &kernel = static_cast<CudaKernel &>(generic);
    if (how.sharedBytes > kernel.sharedAsked) {
      if (int code = cu.functionSet(kernel.function, maxDynamicShared, static_cast<int>(how.sharedBytes)))
        return problem("asking for shared memory", code);
      kernel.sharedAsked = how.sharedBytes;
    }
    auto **arguments = const_cast<void **>(how.arguments);
    if (how.cluster[0] * how.cluster[1] * how.cluster[2] > 1)
      return launchClusters(kernel, how, arguments);
    return problem("starting a kernel",
                   cu.launch(kernel.function, how.grid[0], how.grid[1], how.grid[2], how.block[0],
                             how.block[1], how.block[2], how.sharedBytes, stream, arguments, nullptr));
  }

  Result<int64_t> launchTimed(DeviceKernel &kernel, const KernelLaunch &how) override {
    enter();
    for (void *&event : events)
      if (int code = event ? 0 : cu.eventCreate(&event, 0))
        return problem("making an event", code);
    cu.eventRecord(events[0], stream);
    if (Status status = launch(kernel, how); !status.ok())
      return status;
    cu.eventRecord(events[1], stream);
    float milliseconds = 0;
    if (int code = cu.eventSynchronize(events[1]))
      return problem("running", code);
    if (int code = cu.eventElapsed(&milliseconds, events[0], events[1]))
      return problem("timing", code);
    return static_cast<int64_t>(double(milliseconds) * 1e6);
  }

  Status synchronize() override {
    enter();
    return problem("running", cu.streamSynchronize(stream));
  }

  Status encode(const TensorMap &map, void *bytes) override {
    if (!cu.encodeTiled)
      return invalid(label, ": the NVIDIA driver is too old: it has no cuTensorMapEncodeTiled");
    enter();
    int type = map.elementBytes == 1 ? 0 : map.elementBytes == 2 ? 1 : map.elementBytes == 4 ? 2 : 4;
    int swizzle = map.swizzleBytes == 32 ? 1 : map.swizzleBytes == 64 ? 2 : map.swizzleBytes == 128 ? 3 : 0;
    constexpr int promoteTo128Bytes = 2;
    const unsigned ones[5] = {1, 1, 1, 1, 1};
    return problem("describing a tensor",
                   cu.encodeTiled(bytes, type, static_cast<unsigned>(map.rank),
                                  reinterpret_cast<void *>(map.address), map.sizes, map.strides, map.box,
                                  ones, 0, swizzle, promoteTo128Bytes, 0));
  }

  Status problem(const char *doing, int code) const {
    if (code == 0)
      return {};
    return invalid(label.empty() ? text("cuda:", index) : label, ": error in ", doing, ": ",
                   cu.describe(code));
  }
  /// The calling thread works on this GPU.
  void enter() { cu.contextSet(context); }

  const Driver &cu;

private:
  Status launchClusters(CudaKernel &kernel, const KernelLaunch &how, void **arguments) {
    if (!cu.launchEx)
      return invalid(label, ": the NVIDIA driver is too old: it has no cuLaunchKernelEx");
    struct {
      int id, padding;
      union {
        unsigned cluster[3];
        char bytes[64];
      };
    } attribute = {};
    attribute.id = 4; // CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION
    memcpy(attribute.cluster, how.cluster, sizeof attribute.cluster);
    struct {
      unsigned grid[3], block[3], shared;
      void *stream, *attributes;
      unsigned count;
    } config = {};
    memcpy(config.grid, how.grid, sizeof config.grid);
    memcpy(config.block, how.block, sizeof config.block);
    config.shared = how.sharedBytes;
    config.stream = stream;
    config.attributes = &attribute;
    config.count = 1;
    return problem("starting a kernel", cu.launchEx(&config, kernel.function, arguments, nullptr));
  }

  int index, ordinal = 0, chip = 0;
  void *context = nullptr, *stream = nullptr, *events[2] = {};
  std::string label;
};

CudaModule::~CudaModule() {
  device.enter();
  device.cu.moduleUnload(handle);
}

Result<DeviceKernel *> CudaModule::kernel(std::string_view name) {
  for (auto &known : kernels)
    if (known->name == name)
      return static_cast<DeviceKernel *>(known.get());
  device.enter();
  auto made = std::make_unique<CudaKernel>();
  made->name = name;
  if (int code = device.cu.moduleFunction(&made->function, handle, made->name.c_str()))
    return device.problem("looking for a kernel", code);
  kernels.push_back(std::move(made));
  return static_cast<DeviceKernel *>(kernels.back().get());
}

} // namespace

Result<std::unique_ptr<Device>> openCuda(int index, const char *library) {
  const Driver &cu = driver(library);
  if (!cu.problem.empty())
    return invalid("cuda:", index, ": ", cu.problem);
  auto device = std::make_unique<CudaDevice>(cu, index);
  if (Status status = device->open(); !status.ok())
    return Status{status.code, status.message.starts_with("cuda:")
                                   ? status.message
                                   : text("cuda:", index, ": ", status.message)};
  return std::unique_ptr<Device>(std::move(device));
}

} // namespace hone::rt
