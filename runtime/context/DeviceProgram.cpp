// Loads the kernels of a file on a device: the cubin made for its chip, else one for an older chip of the
// same generation, else PTX, which the driver compiles.
#include "runtime/context/DeviceProgram.h"
#include <charconv>
#include <string_view>

namespace hone::rt {

int cubinFits(std::string_view chip, int capability) {
  if (!chip.starts_with("sm_"))
    return 0;
  bool exactOnly = chip.ends_with('a');
  chip = chip.substr(3, chip.size() - 3 - exactOnly);
  int made = 0;
  auto [end, code] = std::from_chars(chip.data(), chip.data() + chip.size(), made);
  if (code != std::errc() || end != chip.data() + chip.size())
    return 0;
  if (made == capability)
    return 1000 + made;
  return !exactOnly && made / 10 == capability / 10 && made < capability ? made : 0;
}

Result<std::shared_ptr<DeviceProgram>> DeviceProgram::load(const DeviceRequest &request,
                                                           const HoneDeviceCode *table,
                                                           const uint8_t *weights, uint64_t weightBytes) {
  Result<OpenedDevice> opened = openDevice(request);
  if (!opened.ok())
    return opened.status();
  auto program = std::make_shared<DeviceProgram>();
  program->opened = std::move(*opened);
  if (Status status = program->loadKernels(table); !status.ok())
    return status;
  if (weightBytes == 0)
    return program;
  Result<uint64_t> memory = program->device().allocate(static_cast<int64_t>(weightBytes));
  if (!memory.ok())
    return Status{memory.status().code, text(memory.status().message, " (for the weights)")};
  program->weightAddress = *memory;
  program->weightSize = weightBytes;
  Status status = program->device().copyIn(*memory, weights, static_cast<int64_t>(weightBytes));
  if (status.ok())
    status = program->device().synchronize();
  if (!status.ok())
    return status;
  return program;
}

DeviceProgram::~DeviceProgram() {
  if (!opened.device)
    return;
  modules.clear();
  if (weightAddress)
    device().release(weightAddress);
}

Status DeviceProgram::loadKernels(const HoneDeviceCode *table) {
  std::vector<const HoneDeviceCode *> best;
  for (const HoneDeviceCode *row = table; row && row->kernel; ++row) {
    if (row->number < 0 || row->number > 1'000'000)
      return invalid("is damaged: the table of device code has an impossible kernel number");
    best.resize(std::max(best.size(), static_cast<size_t>(row->number) + 1));
    const HoneDeviceCode *&chosen = best[static_cast<size_t>(row->number)];
    std::string_view chip = row->chip;
    int fits = chip == "ptx" ? 1 : opened.takesCubins ? cubinFits(chip, device().capability()) : 0;
    int before = !chosen                                   ? 0
                 : std::string_view(chosen->chip) == "ptx" ? 1
                                                           : cubinFits(chosen->chip, device().capability());
    if (fits > before)
      chosen = row;
  }
  std::string_view used;
  for (const HoneDeviceCode *row : best) {
    if (!row)
      return invalid("has no code of a kernel for ", device().name());
    std::string_view code(static_cast<const char *>(row->code), row->size);
    while (std::string_view(row->chip) == "ptx" && code.ends_with('\0'))
      code.remove_suffix(1);
    Result<std::unique_ptr<DeviceModule>> module = device().load(code);
    if (!module.ok())
      return {module.status().code, text("kernel '", row->kernel, "': ", module.status().message)};
    Result<DeviceKernel *> kernel = (*module)->kernel(row->kernel);
    if (!kernel.ok())
      return {kernel.status().code, text("kernel '", row->kernel, "': ", kernel.status().message)};
    modules.push_back(std::move(*module));
    kernels.push_back(*kernel);
    used = row->chip;
  }
  if (used == "ptx")
    says =
        text(device().name(), ": PTX",
             opened.takesCubins ? text(", the file has no machine code for sm_", device().capability()) : "");
  else
    says = text(device().name(), ": machine code of ", used);
  return {};
}

} // namespace hone::rt
