// Loads, launches, compares.
#include "tools/hone-sim/Run.h"
#include "runtime/base/Npy.h"

namespace hone::simtool {

using rt::invalid;
using rt::Status;

/// The chip that the text is for, when the command line does not say.
static Status chooseChip(const std::string &code, rt::sim::SimOptions &options) {
  size_t at = code.find(".target");
  size_t begin = at == code.npos ? at : code.find("sm_", at);
  if (begin == code.npos)
    return {}; // the parser says what is wrong
  size_t end = code.find_first_of(", \t\r\n", begin);
  auto parsed = rt::sim::SimOptions::parse(code.substr(begin, end - begin), options);
  if (!parsed.ok())
    return parsed.status();
  options = *parsed;
  return {};
}

static Status compareAll(const Options &o, Arguments &arguments, rt::sim::SimDevice &device,
                         Outcome &outcome) {
  outcome.compared.clear();
  for (const auto &[name, file] : o.expects) {
    const Buffer *b = arguments.find(name);
    if (!b)
      return invalid("--expect: there is no buffer '", name, "'");
    auto expected = rt::readNpy(file);
    if (!expected.ok())
      return expected.status();
    auto count = rt::elementCount(b->dims.data(), static_cast<int>(b->dims.size()));
    auto given = rt::elementCount(expected->dims.data(), static_cast<int>(expected->dims.size()));
    if (!count || !given || *count != *given)
      return invalid("--expect: ", file, " has ", given ? *given : 0, " elements, '", name, "' has ", *count);
    std::vector<uint8_t> got(static_cast<size_t>(b->bytes));
    if (Status status = device.copyOut(got.data(), b->address, b->bytes); !status.ok())
      return status;
    rt::DType dtype =
        b->dtype == rt::DType::BF16 && expected->dtype == rt::DType::U16 ? b->dtype : expected->dtype;
    outcome.compared.push_back(
        {name, compare(*b, got.data(), dtype, expected->data.get(), *count, o.rtol, o.atol)});
    outcome.matches &= outcome.compared.back().difference.good;
  }
  return {};
}

static Status dumpAll(const Options &o, Arguments &arguments, rt::sim::SimDevice &device) {
  for (const auto &[name, file] : o.dumps) {
    const Buffer *b = arguments.find(name);
    if (!b)
      return invalid("--dump: there is no buffer '", name, "'");
    std::vector<uint8_t> data(static_cast<size_t>(b->bytes));
    if (Status status = device.copyOut(data.data(), b->address, b->bytes); !status.ok())
      return status;
    if (Status status =
            rt::writeNpy(file, b->dtype, b->dims.data(), static_cast<int>(b->dims.size()), data.data());
        !status.ok())
      return status;
  }
  return {};
}

rt::Result<Outcome> run(const Options &o, const std::string &code, bool write) {
  rt::sim::SimOptions settings = o.device;
  if (!o.targetGiven)
    if (Status status = chooseChip(code, settings); !status.ok())
      return status;
  auto device = rt::sim::openSim(settings);
  if (!device.ok())
    return device.status();
  rt::sim::SimDevice &sim = **device;
  auto module = sim.load(code, o.file == "-" ? "<stdin>" : o.file);
  if (!module.ok())
    return module.status();
  std::string entry = o.entry;
  if (entry.empty()) {
    std::vector<std::string> kernels = rt::sim::kernelsOf(**module);
    if (kernels.size() != 1)
      return invalid(o.file, ": has ", kernels.size(), " kernels: expected --entry");
    entry = kernels[0];
  }
  auto kernel = (*module)->kernel(entry);
  if (!kernel.ok())
    return kernel.status();
  auto parameters = rt::sim::parametersOf(**module, entry);
  Arguments arguments;
  if (Status status = arguments.parse(o.arguments, o.buffers); !status.ok())
    return status;
  if (Status status = arguments.check(*parameters, entry); !status.ok())
    return status;
  rt::KernelLaunch launch;
  for (int d = 0; d < 3; ++d) {
    launch.grid[d] = o.grid[d];
    launch.block[d] = o.block[d];
    launch.cluster[d] = o.cluster[d];
  }
  launch.sharedBytes = o.shared;
  Outcome outcome;
  for (int i = 0; i < o.seeds; ++i) {
    // Beyond the first, seeds stand for other schedules and delays.
    rt::sim::SimOptions seeded = settings;
    seeded.seed = settings.seed + static_cast<uint64_t>(i);
    if (o.seeds > 1 && seeded.seed != 0) {
      seeded.randomSchedule = true;
      seeded.delivery = rt::sim::SimOptions::Delivery::Random;
    }
    sim.setOptions(seeded);
    if (Status status = arguments.place(sim); !status.ok())
      return status;
    std::vector<void *> pointers;
    for (auto &a : arguments.list)
      pointers.push_back(a->value);
    launch.arguments = pointers.data();
    if (Status status = sim.launch(**kernel, launch); !status.ok())
      return status;
    outcome.findings = sim.takeFindings();
    if (Status status = compareAll(o, arguments, sim, outcome); !status.ok())
      return status;
    if (!outcome.findings.empty() || !outcome.matches)
      break;
  }
  outcome.statistics = sim.takeStatistics();
  if (write)
    if (Status status = dumpAll(o, arguments, sim); !status.ok())
      return status;
  return outcome;
}

} // namespace hone::simtool
