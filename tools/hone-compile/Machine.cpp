// Signals, and where things are found that do not come with Hone.
#include "tools/hone-compile/Machine.h"
#include "llvm/Support/Program.h"
#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace hone {

static void crashed(int) {
  static const char text[] = "\nerror: internal error of hone-compile; please report it with the model, or "
                             "the dump of the last phase that works (--compile-to=PHASE -o m.mlir)\n";
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
  _exit(70);
}

/// On a stack of its own: the cause may be that the other one is full.
void catchCrashes() {
  static char stack[65536];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_handler = crashed;
  action.sa_flags = SA_ONSTACK;
  for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL})
    sigaction(signal, &action, nullptr);
}

void findToolkit(CompileOptions &options) {
  auto variable = [](const char *name) -> std::string {
    const char *value = std::getenv(name);
    return value ? value : "";
  };
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
