// One row a kind of device.
#include "runtime/devices/Open.h"
#include "runtime/devices/cuda/Cuda.h"
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

Result<OpenedDevice> openDevice(const DeviceRequest &request) {
  std::string_view name = request.name.empty() ? std::string_view("cuda") : request.name;
  size_t colon = name.find(':');
  std::string_view kind = name.substr(0, colon),
                   what = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
  if (kind == "cuda")
    return openGpu(request, what);
  return invalid("device '", request.name, "' does not exist; devices: host cuda[:N]");
}

} // namespace hone::rt
