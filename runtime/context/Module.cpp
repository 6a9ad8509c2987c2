// Opens an artifact: footer, sizes, checksums, metadata, CPU features, then dlopen of the file
// itself (the loader reads only the ELF segments, so what follows them does no harm). An artifact at the end
// of an executable (hone-compile --emit=exe) gives its code through a file in memory: the loader knows no
// offsets.
#include "runtime/context/Module.h"
#include "runtime/abi/Artifact.h"
#include "runtime/base/Checksum.h"
#include "runtime/devices/host/Affinity.h"
#include "runtime/devices/host/CpuFeatures.h"
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

namespace hone::rt {

/// dlopen finds libraries again by name first, so a file that replaced another under one path would get the
/// old code. The code is therefore opened through its descriptor, which stays open as long as the code is
/// loaded, and the same file is loaded once.
class LoadedCode {
public:
  LoadedCode(OpenFile file) : file(std::move(file)) {}
  ~LoadedCode() {
    if (handle)
      dlclose(handle);
    if (copy >= 0)
      close(copy);
  }
  /// The code is the `bytes` at `offset` of the file.
  static Result<std::shared_ptr<LoadedCode>> load(OpenFile file, uint64_t offset, uint64_t bytes,
                                                  const std::string &path);
  void *symbol(const char *name) const { return dlsym(handle, name); }

private:
  Status copyOut(uint64_t offset, uint64_t bytes);

  OpenFile file; // closed after the handle
  int copy = -1; // of code that does not start its file
  void *handle = nullptr;
};

Status LoadedCode::copyOut(uint64_t offset, uint64_t bytes) {
  copy = memfd_create("hone-code", MFD_CLOEXEC);
  if (copy < 0)
    return invalid("cannot make a file in memory for the code: ", strerror(errno));
  auto at = static_cast<off_t>(offset);
  while (bytes) {
    ssize_t done = sendfile(copy, file.descriptor(), &at, bytes);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return invalid("cannot copy the code into memory: ", done ? strerror(errno) : "the file ends early");
    bytes -= static_cast<uint64_t>(done);
  }
  return {};
}

Result<std::shared_ptr<LoadedCode>> LoadedCode::load(OpenFile file, uint64_t offset, uint64_t bytes,
                                                     const std::string &path) {
  using Key = std::tuple<dev_t, ino_t>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<LoadedCode>> loaded;
  std::lock_guard<std::mutex> lock(mutex);
  struct stat info;
  if (fstat(file.descriptor(), &info) != 0)
    return invalid(path, ": cannot read");
  std::erase_if(loaded, [](const auto &entry) { return entry.second.expired(); });
  std::weak_ptr<LoadedCode> &entry = loaded[{info.st_dev, info.st_ino}];
  if (std::shared_ptr<LoadedCode> code = entry.lock())
    return code;
  auto code = std::make_shared<LoadedCode>(std::move(file));
  if (offset)
    if (Status status = code->copyOut(offset, bytes); !status.ok())
      return invalid(path, ": ", status.message);
  std::string name = text("/proc/self/fd/", offset ? code->copy : code->file.descriptor());
  if (!offset && !std::filesystem::exists(name)) // no /proc here
    name = std::filesystem::absolute(path).string();
  code->handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!code->handle) {
    std::string why = dlerror();
    if (why.starts_with(name + ": "))
      why = why.substr(name.size() + 2);
    return invalid(path, ": cannot load the code: ", why);
  }
  entry = code;
  return code;
}

/// Reads the footer and finds where the artifact starts: at 0, or behind the program of an executable. The
/// footer counts from there, and follows the metadata within 8 bytes.
static Status checkFooter(const OpenFile &file, HoneFooter &footer, uint64_t &start) {
  uint64_t size = file.size();
  auto isElf = [&](uint64_t at) {
    char magic[4] = {};
    return file.read(at, magic, 4) && memcmp(magic, "\177ELF", 4) == 0;
  };
  bool elf = isElf(0);
  if (size < sizeof footer || !file.read(size - sizeof footer, &footer, sizeof footer))
    return invalid(elf ? "is truncated" : "is not a Hone artifact");
  if (memcmp(footer.magic, HONE_FOOTER_MAGIC, sizeof footer.magic) != 0)
    return invalid(elf ? "has no footer: it is truncated, or not a Hone artifact" : "is not a Hone artifact");
  if (footer.formatVersion > HONE_FORMAT_VERSION)
    return invalid("has format version ", footer.formatVersion, ", newer than this runtime reads (",
                   HONE_FORMAT_VERSION, "): update Hone");
  if (footer.footerChecksum != checksum(&footer, offsetof(HoneFooter, footerChecksum)))
    return invalid("is damaged: the footer's checksum differs");
  if (footer.formatVersion != HONE_FORMAT_VERSION || footer.abiVersion != HONE_ABI_VERSION)
    return invalid("was compiled for format ", footer.formatVersion, " and ABI ", footer.abiVersion,
                   ", this runtime has ", HONE_FORMAT_VERSION, " and ", HONE_ABI_VERSION,
                   ": compile it again");
  uint64_t end = size - sizeof footer;
  auto inside = [&](uint64_t from, uint64_t offset, uint64_t bytes) {
    return offset >= from && offset <= end && bytes <= end - offset;
  };
  bool fits = inside(0, 0, footer.codeSize) &&
              inside(footer.codeSize, footer.weightOffset, footer.weightSize) &&
              footer.weightOffset % HONE_WEIGHT_ALIGN == 0 &&
              inside(footer.weightOffset + footer.weightSize, footer.metaOffset, footer.metaSize);
  uint64_t slack = fits ? end - (footer.metaOffset + footer.metaSize) : 0;
  start = slack / HONE_WEIGHT_ALIGN * HONE_WEIGHT_ALIGN;
  if (!fits || slack - start >= 8 || !elf || !isElf(start))
    return invalid("is damaged: the sizes in the footer do not fit the file of ", size, " bytes");
  return {};
}

static Status checkFeatures(const Metadata &meta) {
  for (const std::string &feature : meta.features) {
    CpuFeature state = cpuFeature(feature);
    if (state == CpuFeature::Missing)
      return invalid("needs the CPU feature '", feature,
                     "', which this machine lacks: compile for its target");
    if (state == CpuFeature::Unknown)
      return invalid("needs the CPU feature '", feature, "', which this runtime does not know: update Hone");
  }
  return {};
}

static Status checkCode(const OpenFile &file, uint64_t start, const HoneFooter &footer) {
  Result<Mapping> code = Mapping::map(file, start, footer.codeSize);
  if (!code.ok())
    return code.status();
  if (checksum(code->data(), code->size()) != footer.codeChecksum)
    return invalid("is damaged: the code's checksum differs");
  return {};
}

Result<std::shared_ptr<Module>> Module::open(const std::string &path, const ModuleOptions &options) {
  auto module = std::make_shared<Module>();
  module->name = path;
  module->given = options;
  int cores = static_cast<int>(allowedCores().size());
  if (module->given.threads <= 0)
    module->given.threads = cores;
  Result<OpenFile> file = OpenFile::open(path);
  if (!file.ok())
    return file.status();
  auto at = [&](const Status &status) { return Status{status.code, path + ": " + status.message}; };
  HoneFooter footer;
  uint64_t start = 0;
  if (Status status = checkFooter(*file, footer, start); !status.ok())
    return at(status);

  std::string json(footer.metaSize, '\0');
  if (!file->read(start + footer.metaOffset, json.data(), json.size()))
    return at(invalid("cannot read the metadata"));
  if (checksum(json.data(), json.size()) != footer.metaChecksum)
    return at(invalid("is damaged: the metadata's checksum differs"));
  Result<Metadata> meta = parseMetadata(std::move(json), footer.weightSize);
  if (!meta.ok())
    return at(meta.status());
  module->meta = std::move(*meta);
  if (Status status = checkFeatures(module->meta); !status.ok())
    return at(status);

  Result<Mapping> weights = Mapping::map(*file, start + footer.weightOffset, footer.weightSize);
  if (!weights.ok())
    return at(weights.status());
  module->weightMap = std::move(*weights);
  if (options.verify) {
    if (Status status = checkCode(*file, start, footer); !status.ok())
      return at(status);
    if (weightChecksum(module->weights(), module->weightBytes(), cores) != footer.weightChecksum)
      return at(invalid("is damaged: the weights' checksum differs"));
  }
  Result<std::shared_ptr<LoadedCode>> code = LoadedCode::load(std::move(*file), start, footer.codeSize, path);
  if (!code.ok())
    return code.status();
  module->code = std::move(*code);
  module->function = reinterpret_cast<HoneEntry>(module->code->symbol(HONE_ENTRY_SYMBOL));
  if (!module->function)
    return at(invalid("is not a Hone artifact: it does not export ", HONE_ENTRY_SYMBOL));
  return module;
}

Status Module::openDevice() {
  std::lock_guard<std::mutex> lock(opening);
  if (onDevice)
    return {};
  Status status = openDeviceOnce();
  if (!status.ok())
    status.message = name + ": " + status.message;
  return status;
}

Status Module::openDeviceOnce() {
  if (meta.device.empty()) {
    if (given.device.empty() || given.device == "host")
      return given.check.empty() ? Status()
                                 : invalid("checks are the simulator's: the file is made for the host");
    return invalid("has no kernels for device '", given.device,
                   "': compile it with --target=sm_80 or another GPU");
  }
  if (given.device == "host")
    return invalid("has kernels for ", meta.device, " only: compile it with --target=host");
  const auto *table = static_cast<const HoneDeviceCode *>(code->symbol(HONE_DEVICE_CODE_SYMBOL));
  if (meta.deviceWeightBytes > weightBytes())
    return invalid("is damaged: the weights of the device lie outside the weight segment");
  Result<std::shared_ptr<DeviceProgram>> program = DeviceProgram::load(
      {given.device, meta.device, given.check}, table, this->weights(), meta.deviceWeightBytes);
  if (!program.ok()) {
    Status status = program.status();
    if (given.device.empty())
      status.message = text("is made for ", meta.device, ", and no GPU can be used: ", status.message);
    return status;
  }
  onDevice = std::move(*program);
  return {};
}

std::string Module::where(int32_t op) const {
  if (op < 0 || static_cast<size_t>(op) >= meta.calls.size() ||
      meta.calls[static_cast<size_t>(op)].nodes.empty())
    return name + ": ";
  const CallSpec &call = meta.calls[static_cast<size_t>(op)];
  return text(name, ": node '", call.nodes, "'", call.kernelName.empty() ? "" : " (" + call.kernelName + ")",
              ": ");
}

} // namespace hone::rt
