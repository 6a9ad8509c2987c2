// An artifact in memory: its file checked and mapped, its code loaded. It is never changed after it
// was opened, so contexts of several threads share one.
#ifndef HONE_RUNTIME_CONTEXT_MODULE_H
#define HONE_RUNTIME_CONTEXT_MODULE_H
#include "runtime/base/File.h"
#include "runtime/context/Signature.h"
#include <memory>

namespace hone::rt {

struct ModuleOptions {
  int threads = 0;    ///< of each context, the caller included; 0: one for each allowed core
  bool pin = false;   ///< worker i (the caller is 0) runs on the i-th allowed core
  bool verify = true; ///< compare the checksums of code and weights
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
  const ModuleOptions &options() const { return given; }
  /// "model.hone: node 'a': " for row `op` of the calls, as far as they are known.
  std::string where(int32_t op) const;

private:
  std::string name;
  ModuleOptions given;
  Metadata meta;
  Mapping weightMap;
  std::shared_ptr<LoadedCode> code;
  HoneEntry function = nullptr;
};

} // namespace hone::rt
#endif
