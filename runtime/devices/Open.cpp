// One row a kind of device.
#include "runtime/devices/Open.h"
#include "runtime/devices/cuda/Cuda.h"
#include "runtime/devices/sim/Sim.h"
#include <charconv>

namespace hone::rt {

static Result<OpenedDevice> openGpu(const DeviceRequest &request, std::string_view what) {
  int index = 0;
  auto [end, code] = std::from_chars(what.data(), what.data() + what.size(), index);
  if (!what.empty() && (code != std::errc() || end != what.data() + what.size() || index < 0))
    return invalid("device '", request.name, "': expected cuda or cuda:N, N counting from 0");
  if (!request.check.empty())
    return invalid("checks are the simulator's: device '", request.name, "' has none");
  Result<std::unique_ptr<Device>> device = openCuda(index);
  if (!device.ok())
    return device.status();
  return OpenedDevice{std::move(*device), true, false};
}

/// The simulator with its findings as errors of the launch that they are about.
class CheckedSimulator : public Device {
public:
  explicit CheckedSimulator(std::unique_ptr<sim::SimDevice> device) : sim(std::move(device)) {}
  std::string name() const override { return sim->name(); }
  int capability() const override { return sim->capability(); }
  Result<uint64_t> allocate(int64_t bytes) override {
    return sim->allocate(bytes, text("buffer ", ++count), sim->options().checks.poison);
  }
  void release(uint64_t address) override { sim->release(address); }
  Status copyIn(uint64_t to, const void *from, int64_t bytes) override {
    return sim->copyIn(to, from, bytes);
  }
  Status copyOut(void *to, uint64_t from, int64_t bytes) override { return sim->copyOut(to, from, bytes); }
  Status copy(uint64_t to, uint64_t from, int64_t bytes) override { return sim->copy(to, from, bytes); }
  Result<std::unique_ptr<DeviceModule>> load(std::string_view code) override { return sim->load(code); }
  Status launch(DeviceKernel &kernel, const KernelLaunch &how) override {
    Status status = sim->launch(kernel, how);
    std::vector<sim::Finding> findings = sim->takeFindings();
    if (findings.empty())
      return status;
    std::string said; // on one line
    for (char c : findings.front().text())
      said += c == '\n' ? ';' : c;
    return invalid(said, findings.size() > 1 ? text(" (and ", findings.size() - 1, " more)") : "");
  }
  Status synchronize() override { return sim->synchronize(); }
  Status encode(const TensorMap &map, void *bytes) override { return sim->encode(map, bytes); }

private:
  std::unique_ptr<sim::SimDevice> sim;
  int64_t count = 0;
};

/// It runs what it is given, at speed: checks are for those who ask for them.
static Result<OpenedDevice> openSimulator(const DeviceRequest &request, std::string_view what) {
  sim::SimOptions base;
  base.checks = {};
  if (!request.check.empty()) {
    Result<sim::CheckSet> checks = sim::CheckSet::parse(request.check);
    if (!checks.ok())
      return checks.status();
    base.checks = *checks;
  }
  // Without a chip it is the one that the file is made for.
  bool hasChip = what.starts_with("sm_");
  std::string name = text("sim:", hasChip ? "" : request.chip, hasChip || what.empty() ? "" : ",", what);
  Result<sim::SimOptions> options = sim::SimOptions::parse(name, base);
  if (!options.ok())
    return options.status();
  Result<std::unique_ptr<sim::SimDevice>> device = sim::openSim(*options);
  if (!device.ok())
    return device.status();
  return OpenedDevice{std::make_unique<CheckedSimulator>(std::move(*device)), false, true};
}

Result<OpenedDevice> openDevice(const DeviceRequest &request) {
  std::string_view name = request.name.empty() ? std::string_view("cuda") : request.name;
  size_t colon = name.find(':');
  std::string_view kind = name.substr(0, colon),
                   what = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
  if (kind == "cuda")
    return openGpu(request, what);
  if (kind == "sim")
    return openSimulator(request, what);
  return invalid("device '", request.name, "' does not exist; devices: host cuda[:N] sim[:sm_80]");
}

} // namespace hone::rt
