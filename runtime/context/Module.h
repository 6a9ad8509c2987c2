// An artifact in memory: its file checked and mapped, its code loaded. It is never changed after it
// was opened, so contexts of several threads share one.
#ifndef HONE_RUNTIME_CONTEXT_MODULE_H
#define HONE_RUNTIME_CONTEXT_MODULE_H
#include "runtime/base/File.h"
#include "runtime/context/DeviceProgram.h"
#include "runtime/context/Signature.h"
#include <memory>

namespace hone::rt {

struct ModuleOptions {
  int threads = 0;    ///< of each context, the caller included; 0: one for each allowed core
  bool pin = false;   ///< worker i (the caller is 0) runs on the i-th allowed core
  bool verify = true; ///< compare the checksums of code and weights
  std::string device; ///< "host", "cuda:1", "sim:sm_80"; empty: what the file is made for
  std::string check;  ///< of the simulator
};

/// Code that dlopen has loaded, one for each file (inode) of the process.
class LoadedCode;

class Module {
public:
  static Result<std::shared_ptr<Module>> open(const std::string &path, const ModuleOptions &options);

  const std::string &path() const { return name; }
  const Metadata &metadata() const { return meta; }
  const uint8_t *weights() const { return weightMap.data(); }
  uint64_t weightBytes() const { return weightMap.size(); }
  HoneEntry entry() const { return function; }
  /// Opens the device that the file is made for, or that the options name, unless that was done; the first
  /// context asks for it, so that a file can be looked at without its device.
  Status openDevice();
  /// The device half; null when the module runs on the host, or was not opened yet.
  DeviceProgram *program() const { return onDevice.get(); }
  const ModuleOptions &options() const { return given; }
  /// "model.hone: node 'a': " for row `op` of the calls, as far as they are known.
  std::string where(int32_t op) const;

private:
  Status openDeviceOnce();
  std::mutex opening;
  std::string name;
  ModuleOptions given;
  Metadata meta;
  Mapping weightMap;
  std::shared_ptr<LoadedCode> code;
  HoneEntry function = nullptr;
  std::shared_ptr<DeviceProgram> onDevice; // let go before the code, whose data its kernels are
};

} // namespace hone::rt
#endif
