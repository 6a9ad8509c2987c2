// Passes and dialects from shared libraries. A library that was made for another build of Hone would crash
// somewhere in the middle of a run; it is refused here: all its symbols must resolve, and the build that
// hone_add_plugin wrote into it must be this one.
#include "tools/common/Plugins.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "tools/common/PluginBuild.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include <dlfcn.h>

using namespace mlir;

namespace hone {

static std::string oneLine(llvm::StringRef text) {
  std::string line = text.trim().str();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

/// The path as the loader has to get it (it would look for a bare name elsewhere); empty when the library is
/// not for us.
static std::string checked(llvm::StringRef flag, llvm::StringRef path, const char *entry,
                           std::string &error) {
  auto refuse = [&](const llvm::Twine &why) {
    error = (flag + ": '" + path + "' " + why).str();
    return std::string();
  };
  if (!llvm::sys::fs::exists(path))
    return refuse("does not exist");
  llvm::SmallString<256> absolute(path);
  llvm::sys::fs::make_absolute(absolute);
  void *library = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    llvm::StringRef why = dlerror();
    why.consume_front(absolute);
    return refuse("can't be loaded" + oneLine(why));
  }
  if (!dlsym(library, entry))
    return refuse(llvm::Twine("is no plugin of this kind: it does not export ") + entry);
  if (auto build = reinterpret_cast<const char *(*)()>(dlsym(library, "honePluginBuild"));
      build && llvm::StringRef(build()) != HONE_PLUGIN_BUILD)
    return refuse(llvm::Twine("was built for another Hone: expected ") + HONE_PLUGIN_BUILD + ", got " +
                  oneLine(build()));
  return absolute.str().str(); // it stays loaded
}

bool loadPassPlugin(const std::string &path, std::string &error) {
  std::string file = checked("--load-pass-plugin", path, "mlirGetPassPluginInfo", error);
  if (file.empty())
    return false;
  auto plugin = PassPlugin::load(file);
  if (!plugin) {
    error = "--load-pass-plugin: " + oneLine(llvm::toString(plugin.takeError()));
    return false;
  }
  plugin->registerPassRegistryCallbacks();
  return true;
}

bool loadDialectPlugin(const std::string &path, DialectRegistry &registry, std::string &error) {
  std::string file = checked("--load-dialect-plugin", path, "mlirGetDialectPluginInfo", error);
  if (file.empty())
    return false;
  auto plugin = DialectPlugin::load(file);
  if (!plugin) {
    error = "--load-dialect-plugin: " + oneLine(llvm::toString(plugin.takeError()));
    return false;
  }
  plugin->registerDialectRegistryCallbacks(registry);
  return true;
}

bool takeFlag(const std::vector<std::string> &words, size_t &i, llvm::StringRef flag, std::string &value) {
  llvm::StringRef word = words[i];
  if (!word.consume_front("--") && !word.consume_front("-"))
    return false;
  if (!word.consume_front(flag))
    return false;
  if (word.consume_front("=")) {
    value = word.str();
    return true;
  }
  if (!word.empty() || i + 1 == words.size())
    return false;
  value = words[++i];
  return true;
}

bool loadPlugins(std::vector<std::string> &words, DialectRegistry &registry, std::string &error) {
  std::vector<std::string> kept;
  for (size_t i = 0; i < words.size(); ++i) {
    std::string path;
    bool loaded = true;
    if (takeFlag(words, i, "load-pass-plugin", path))
      loaded = loadPassPlugin(path, error);
    else if (takeFlag(words, i, "load-dialect-plugin", path))
      loaded = loadDialectPlugin(path, registry, error);
    else
      kept.push_back(words[i]);
    if (!loaded)
      return false;
  }
  words = std::move(kept);
  return true;
}

} // namespace hone
