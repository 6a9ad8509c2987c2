// Signals of a crash become one line.
#include "tools/hone-compile/Crashes.h"
#include <csignal>
#include <initializer_list>
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

} // namespace hone
