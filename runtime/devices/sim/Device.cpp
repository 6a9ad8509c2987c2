// The simulator as a device of the runtime: allocations, modules with their variables, launches.
#include "runtime/devices/sim/Decode.h"
#include "runtime/devices/sim/Engine.h"
#include "runtime/devices/sim/Record.h"
#include "runtime/devices/sim/TensorMap.h"
#include <chrono>
#include <cstring>

namespace hone::rt::sim {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class SimKernel;
class SimModule;

class Device final : public SimDevice {
public:
  explicit Device(const SimOptions &options) : settings(options) {}

  std::string name() const override {
    return text("sim:sm_", settings.capability, settings.chipSpecific ? "a" : "");
  }
  int capability() const override { return settings.capability; }
  const SimOptions &options() const override { return settings; }
  void setOptions(const SimOptions &options) override { settings = options; }

  Result<uint64_t> allocate(int64_t bytes) override {
    return allocate(bytes, text("allocation ", ++count), false);
  }
  Result<uint64_t> allocate(int64_t bytes, std::string name, bool uninitialized) override {
    auto size = static_cast<uint64_t>(std::max<int64_t>(bytes, 0));
    if (settings.memoryBytes && used + size > settings.memoryBytes)
      return invalid(this->name(), ": out of memory: asked for ", size, " bytes, ",
                     settings.memoryBytes - used, " of ", settings.memoryBytes, " are free");
    Region *region = memory.allocate(size, std::move(name), uninitialized);
    if (!region)
      return invalid(this->name(), ": out of memory: asked for ", size, " bytes");
    used += size;
    return region->base;
  }
  void release(uint64_t address) override {
    if (Region *region = memory.find(address)) {
      used -= std::min(used, region->bytes);
      memory.release(region->base);
    }
  }
  Status copyIn(uint64_t to, const void *from, int64_t bytes) override {
    return move(to, bytes, [&](void *at, Region &region) {
      memcpy(at, from, static_cast<size_t>(bytes));
      if (region.written)
        memset(region.written.get() + (to - region.base), 1, static_cast<size_t>(bytes));
    });
  }
  Status copyOut(void *to, uint64_t from, int64_t bytes) override {
    return move(from, bytes, [&](void *at, Region &) { memcpy(to, at, static_cast<size_t>(bytes)); });
  }
  Status copy(uint64_t to, uint64_t from, int64_t bytes) override {
    return move(from, bytes, [&](void *source, Region &) { copyStatus = copyIn(to, source, bytes); }).ok()
               ? std::exchange(copyStatus, {})
               : invalid(name(), ": a copy reads outside of memory");
  }

  Result<std::unique_ptr<DeviceModule>> load(std::string_view code) override {
    return load(code, "kernel.ptx");
  }
  Result<std::unique_ptr<DeviceModule>> load(std::string_view code, std::string file) override;
  Status launch(DeviceKernel &kernel, const KernelLaunch &launch) override;
  Status synchronize() override { return {}; }
  Status encode(const TensorMap &map, void *bytes) override { return encodeTensorMap(map, bytes); }

  std::vector<Finding> takeFindings() override { return report.take(); }
  Statistics takeStatistics() override { return std::exchange(statistics, {}); }

  Memory memory;
  Statistics statistics;

private:
  template <class F>
  Status move(uint64_t address, int64_t bytes, F f) {
    if (bytes == 0)
      return {};
    Region *region = memory.find(address);
    if (!region || bytes < 0 || address - region->base + static_cast<uint64_t>(bytes) > region->bytes)
      return invalid(name(), ": a copy of ", bytes, " bytes is not inside an allocation");
    f(reinterpret_cast<void *>(address), *region);
    return {};
  }
  Status check(const SimKernel &kernel, const KernelLaunch &launch) const;

  SimOptions settings;
  Report report;
  Status copyStatus;
  uint64_t used = 0;
  int count = 0;
};

class SimKernel final : public DeviceKernel {
public:
  SimKernel(SimModule &module, const Function &function) : module(module), function(function) {}
  SimModule &module;
  const Function &function;
  Program program;
};

class SimModule final : public DeviceModule {
public:
  SimModule(Device &device, std::unique_ptr<Module> text) : device(device), ptx(std::move(text)) {}
  ~SimModule() override {
    for (uint64_t address : allocations)
      device.memory.release(address);
  }

  /// Memory of the module's own variables.
  Status prepare() {
    for (const Variable &v : ptx->variables) {
      if (v.space == Space::Shared)
        continue;
      if (v.external)
        return invalid(ptx->name, ":", v.line, ": '", v.name, "' is external");
      if (symbols.contains(v.name))
        return invalid(ptx->name, ":", v.line, ": '", v.name, "' is defined twice");
      Region *region = device.memory.allocate(std::max<uint64_t>(v.bytes, 1), std::string(v.name), false);
      if (!region)
        return invalid(ptx->name, ":", v.line, ": no memory for '", v.name, "'");
      region->readOnly = v.space == Space::Const;
      memset(reinterpret_cast<void *>(region->base), 0, v.bytes);
      memcpy(reinterpret_cast<void *>(region->base), v.initial.data(), v.initial.size());
      allocations.push_back(region->base);
      symbols[v.name] = region->base;
    }
    for (const Variable &v : ptx->variables)
      for (const Variable::Reference &r : v.references) {
        auto at = symbols.find(r.symbol);
        if (at == symbols.end())
          return invalid(ptx->name, ":", v.line, ": unknown symbol '", r.symbol, "'");
        uint64_t value = at->second + static_cast<uint64_t>(r.offset);
        memcpy(reinterpret_cast<void *>(symbols[v.name] + r.at), &value, 8);
      }
    return {};
  }

  Result<DeviceKernel *> kernel(std::string_view name) override {
    std::unique_ptr<SimKernel> &made = kernels[std::string(name)];
    if (made)
      return made.get();
    const Function *function = ptx->find(name);
    if (!function || !function->entry) {
      kernels.erase(std::string(name));
      std::string known;
      for (const auto &f : ptx->functions)
        if (f->entry)
          known += text(known.empty() ? "" : ", ", f->name);
      return invalid(ptx->name, ": there is no kernel '", name,
                     "'; it has: ", known.empty() ? "none" : known);
    }
    double start = now();
    auto fresh = std::make_unique<SimKernel>(*this, *function);
    if (Status status = Assembler(*ptx, symbols, fresh->program).run(*function); !status.ok()) {
      kernels.erase(std::string(name));
      return status;
    }
    device.statistics.decodeSeconds += now() - start;
    made = std::move(fresh);
    return made.get();
  }

  Device &device;
  std::unique_ptr<Module> ptx;
  Symbols symbols;

private:
  std::vector<uint64_t> allocations;
  std::map<std::string, std::unique_ptr<SimKernel>> kernels;
};

Result<std::unique_ptr<DeviceModule>> Device::load(std::string_view code, std::string file) {
  double start = now();
  Result<std::unique_ptr<Module>> parsed = parse(std::string(code), std::move(file));
  if (!parsed.ok())
    return parsed.status();
  Module &module = **parsed;
  if (module.chip > settings.capability)
    return invalid(module.name, ": the code is for ", module.target, ", the device is ", name());
  if (module.chipSpecific && (module.chip != settings.capability || !settings.chipSpecific))
    return invalid(module.name, ": the code is for ", module.target, " and no other chip, the device is ",
                   name());
  auto loaded = std::make_unique<SimModule>(*this, std::move(*parsed));
  if (Status status = loaded->prepare(); !status.ok())
    return status;
  statistics.decodeSeconds += now() - start;
  return std::unique_ptr<DeviceModule>(std::move(loaded));
}

/// Bytes of shared memory that a block may have, by capability.
uint32_t sharedLimit(int capability) {
  static constexpr std::pair<int, uint32_t> limits[] = {{75, 65536},   {80, 166912}, {86, 101376},
                                                        {87, 166912},  {89, 101376}, {90, 232448},
                                                        {100, 232448}, {120, 101376}};
  uint32_t most = 49152;
  for (auto [chip, bytes] : limits)
    if (capability >= chip)
      most = bytes;
  return most;
}

Status Device::check(const SimKernel &kernel, const KernelLaunch &l) const {
  const Function &f = kernel.function;
  const std::string &file = kernel.module.ptx->name;
  uint64_t threads = uint64_t(l.block[0]) * l.block[1] * l.block[2],
           blocks = uint64_t(l.grid[0]) * l.grid[1] * l.grid[2];
  uint64_t cluster = uint64_t(l.cluster[0]) * l.cluster[1] * l.cluster[2];
  if (!threads || threads > 1024)
    return invalid(file, ": '", f.name, "': expected a block of 1 to 1024 threads, got ", threads);
  if (!blocks || blocks > 0x7fffffff)
    return invalid(file, ": '", f.name, "': expected a grid of 1 to 2147483647 blocks, got ", blocks);
  if (cluster < 1 || cluster > 16)
    return invalid(file, ": '", f.name, "': expected a cluster of 1 to 16 blocks, got ", cluster);
  if (cluster > 1 && settings.capability < 90)
    return invalid(file, ": '", f.name, "': ", name(), " has no clusters");
  for (int d = 0; d < 3; ++d) {
    if (l.grid[d] % l.cluster[d])
      return invalid(file, ": '", f.name, "': the grid (", l.grid[0], ",", l.grid[1], ",", l.grid[2],
                     ") is no multiple of the cluster");
    if (f.required[0] && l.block[d] != f.required[d])
      return invalid(file, ": '", f.name, "': the kernel needs a block of (", f.required[0], ",",
                     f.required[1], ",", f.required[2], ") threads, got (", l.block[0], ",", l.block[1], ",",
                     l.block[2], ")");
    if (f.cluster[0] && l.cluster[d] != f.cluster[d])
      return invalid(file, ": '", f.name, "': the kernel needs a cluster of (", f.cluster[0], ",",
                     f.cluster[1], ",", f.cluster[2], ") blocks, got (", l.cluster[0], ",", l.cluster[1], ",",
                     l.cluster[2], ")");
  }
  if (f.most[0] && threads > uint64_t(f.most[0]) * f.most[1] * f.most[2])
    return invalid(file, ": '", f.name, "': the kernel takes at most ",
                   uint64_t(f.most[0]) * f.most[1] * f.most[2], " threads in a block, got ", threads);
  uint64_t shared = uint64_t(kernel.program.dynamicShared) + l.sharedBytes;
  if (uint32_t most = sharedLimit(settings.capability); shared > most)
    return invalid(file, ": '", f.name, "': a block of ", name(), " has at most ", most,
                   " bytes of shared memory, the kernel needs ", shared, " (", l.sharedBytes,
                   " of them dynamic)");
  if (!f.parameters.empty() && !l.arguments)
    return invalid(file, ": '", f.name, "': no arguments given");
  return {};
}

Status Device::launch(DeviceKernel &base, const KernelLaunch &given) {
  auto &kernel = static_cast<SimKernel &>(base);
  KernelLaunch l = given;
  // A cluster that the kernel was compiled for need not be named again.
  if (l.cluster[0] * l.cluster[1] * l.cluster[2] == 1 && kernel.function.cluster[0])
    std::copy(kernel.function.cluster, kernel.function.cluster + 3, l.cluster);
  if (Status status = check(kernel, l); !status.ok())
    return status;
  if (!settings.record.empty())
    if (Status status = recordLaunch(settings.record, name(), *kernel.module.ptx, kernel.function, l, memory);
        !status.ok())
      return status;
  double start = now();
  Launch launch;
  launch.program = &kernel.program;
  launch.options = &settings;
  launch.memory = &memory;
  launch.report = &report;
  launch.kernel = kernel.function.name;
  for (int d = 0; d < 3; ++d) {
    launch.grid[d] = l.grid[d];
    launch.block[d] = l.block[d];
    launch.cluster[d] = l.cluster[d];
  }
  launch.dynamicShared = l.sharedBytes;
  launch.sharedBytes =
      l.sharedBytes ? kernel.program.dynamicShared + l.sharedBytes : kernel.program.sharedBytes;
  // Tensor maps are aligned to 64 bytes.
  launch.parameters.assign(kernel.program.parameterBytes / 8 + 16, 0);
  auto *at = reinterpret_cast<std::byte *>(launch.parameters.data());
  uint32_t offset = 0;
  for (size_t i = 0; i < kernel.function.parameters.size(); ++i) {
    const Variable &v = kernel.function.parameters[i];
    offset = static_cast<uint32_t>((offset + v.align - 1) / v.align * v.align);
    memcpy(at + offset, l.arguments[i], v.bytes);
    offset += static_cast<uint32_t>(v.bytes);
  }
  if (settings.checks.globalRaces)
    for (const auto &region : memory.all()) {
      region->shadow = std::make_unique<Shadow>();
      region->shadow->reset(region->bytes, true);
      region->shadow->checks = {true, false, false};
    }
  Status status = execute(launch);
  for (const auto &region : memory.all())
    region->shadow.reset();
  statistics.instructions += launch.instructions;
  statistics.warpInstructions += launch.warpInstructions;
  statistics.seconds += now() - start;
  return status;
}

} // namespace

Result<std::unique_ptr<SimDevice>> openSim(const SimOptions &options) {
  return std::unique_ptr<SimDevice>(std::make_unique<Device>(options));
}

Result<std::vector<uint64_t>> parametersOf(DeviceModule &module, std::string_view kernel) {
  Result<DeviceKernel *> found = module.kernel(kernel);
  if (!found.ok())
    return found.status();
  std::vector<uint64_t> bytes;
  for (const Variable &v : static_cast<SimKernel &>(**found).function.parameters)
    bytes.push_back(v.bytes);
  return bytes;
}

std::vector<std::string> kernelsOf(DeviceModule &module) {
  std::vector<std::string> names;
  for (const auto &f : static_cast<SimModule &>(module).ptx->functions)
    if (f->entry && f->defined)
      names.emplace_back(f->name);
  return names;
}

} // namespace hone::rt::sim
