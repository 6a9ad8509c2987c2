// Looks for hone-run, ptxas and the cache folder.
#include "tools/common/Toolkit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include <cstdlib>

namespace hone {

static std::string variable(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

void findToolkit(CompileOptions &options, const char *program, void *main) {
  llvm::SmallString<256> folder(llvm::sys::fs::getMainExecutable(program, main));
  llvm::sys::path::remove_filename(folder);
  llvm::sys::path::append(folder, "hone-run");
  options.runner = folder.str().str();
  std::string root = variable("CUDA_HOME");
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    options.ptxas = *found;
  else if (auto installed =
               llvm::sys::findProgramByName("ptxas", {(root.empty() ? "/usr/local/cuda" : root) + "/bin"}))
    options.ptxas = *installed;
  if (std::string folder = variable("HONE_CACHE"); !folder.empty())
    options.cacheDir = folder;
  else if (folder = variable("XDG_CACHE_HOME"); !folder.empty())
    options.cacheDir = folder + "/hone";
  else if (folder = variable("HOME"); !folder.empty())
    options.cacheDir = folder + "/.cache/hone";
}

} // namespace hone
