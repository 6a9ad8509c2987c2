// A launch is its PTX, its parameters and the memory behind those that are addresses or tensor maps.
#include "runtime/devices/sim/Record.h"
#include "runtime/base/Checksum.h"
#include "runtime/base/File.h"
#include "runtime/base/Npy.h"
#include "runtime/devices/sim/TensorMap.h"
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

namespace hone::rt::sim {

static constexpr uint64_t mostBytes = uint64_t(64) << 20;

static Status writeText(const std::filesystem::path &path, const std::string &content) {
  std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(content.data()), content.size());
  return writeWhole(path.string(), std::span(&bytes, 1));
}

/// One parameter: a number, an address, or a tensor map with the address in it.
struct Parameter {
  uint64_t value = 0;
  std::optional<EncodedMap> map;
};

static Result<Parameter> readParameter(const Function &kernel, const KernelLaunch &launch, size_t i) {
  Parameter p;
  if (kernel.parameters[i].bytes == 8) {
    memcpy(&p.value, launch.arguments[i], 8);
    return p;
  }
  if (kernel.parameters[i].bytes == 128) {
    memcpy(&p.map.emplace(), launch.arguments[i], sizeof *p.map);
    if (p.map->magic == tensorMapMagic) {
      p.value = p.map->address;
      return p;
    }
  }
  return invalid("'", kernel.name, "': parameter ", i, " is neither an address, a size nor a tensor map");
}

/// How hone-sim takes a map over the buffer `name`; sizes there start with the outermost.
static std::string mapArgument(const EncodedMap &map, const std::string &name) {
  auto list = [](const auto *sizes, uint32_t count) {
    std::string out;
    for (uint32_t d = count; d-- > 0;)
      out += text(sizes[d], d ? "x" : "");
    return out;
  };
  std::string out = text(name, "m:tensormap:", name, ":shape=", list(map.sizes, map.rank));
  if (map.rank > 1)
    out += ":strides=" + list(map.strides, map.rank - 1);
  return out + text(":box=", list(map.box, map.rank), ":swizzle=", map.swizzle, "B");
}

Status recordLaunch(const std::string &folder, const std::string &device, const Module &module,
                    const Function &kernel, const KernelLaunch &launch, const Memory &memory) {
  constexpr char digits[] = "0123456789abcdef";
  std::string name = text(kernel.name, "-"), same = module.text;
  for (uint32_t size : launch.grid)
    same += text(' ', size);
  std::vector<Parameter> parameters;
  for (size_t i = 0; i < kernel.parameters.size(); ++i) {
    auto p = readParameter(kernel, launch, i);
    if (!p.ok())
      return p.status();
    if (p->map)
      same += mapArgument(*p->map, " ");
    else if (!memory.find(p->value))
      same += text(' ', p->value);
    parameters.push_back(*p);
  }
  for (uint64_t rest = checksum(same.data(), same.size()), i = 0; i < 12; ++i, rest >>= 4)
    name += digits[rest & 15];
  std::filesystem::path at = std::filesystem::path(folder) / name;
  std::error_code problem;
  if (std::filesystem::exists(at / "replay", problem))
    return {};
  std::filesystem::create_directories(at, problem);
  if (problem)
    return invalid("can't make the folder '", at.string(), "': ", problem.message());

  std::string script =
      "#!/bin/sh\n# Runs the kernel again on the PTX simulator; more arguments go to hone-sim.\n"
      "cd \"$(dirname \"$0\")\" && exec \"${HONE_SIM:-hone-sim}\" kernel.ptx";
  auto three = [](const uint32_t *sizes) { return text(sizes[0], ",", sizes[1], ",", sizes[2]); };
  script += text(" --entry=", kernel.name, " --target=", device.substr(device.find(':') + 1),
                 " --grid=", three(launch.grid), " --block=", three(launch.block));
  if (launch.cluster[0] * launch.cluster[1] * launch.cluster[2] > 1)
    script += " --cluster=" + three(launch.cluster);
  if (launch.sharedBytes)
    script += text(" --shared=", launch.sharedBytes);
  uint64_t total = 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto &[value, map] = parameters[i];
    const Region *region = memory.find(value);
    if (!region && map)
      return invalid("'", kernel.name, "': the memory of tensor map ", i, " is gone");
    if (!region) {
      script += text(" --arg=i64:", static_cast<int64_t>(value));
      continue;
    }
    // What stands in front of the address is somebody else's.
    uint64_t before = value - region->base, bytes = region->bytes - before;
    if ((total += bytes) > mostBytes)
      return invalid("'", kernel.name, "': its buffers have more than ", mostBytes, " bytes");
    const uint8_t *written = region->written ? region->written.get() + before : nullptr;
    bool isFresh = written && std::none_of(written, written + bytes, [](uint8_t flag) { return flag; });
    std::string buffer = text("p", i), file = isFresh ? "uninit" : buffer + ".npy";
    uint64_t element = map ? map->elementBytes : 1;
    script +=
        text(map ? " --buffer=" : " --arg=", buffer, ":u", 8 * element, ":", bytes / element, ":", file);
    if (map)
      script += " --arg=" + mapArgument(*map, buffer);
    auto count = static_cast<int64_t>(bytes);
    if (!isFresh)
      if (Status status =
              writeNpy((at / file).string(), DType::U8, &count, 1, reinterpret_cast<const void *>(value));
          !status.ok())
        return status;
  }
  if (Status status = writeText(at / "kernel.ptx", module.text); !status.ok())
    return status;
  if (Status status = writeText(at / "replay", script + " \"$@\"\n"); !status.ok())
    return status;
  std::filesystem::permissions(at / "replay", std::filesystem::perms(0755), problem);
  return {};
}

} // namespace hone::rt::sim
