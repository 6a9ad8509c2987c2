// Shows on a terminal how far a compile is: phase n of m, work within it, time.
#ifndef HONE_TOOLS_COMMON_PROGRESS_H
#define HONE_TOOLS_COMMON_PROGRESS_H
#include "llvm/Support/raw_ostream.h"
#include <chrono>

namespace hone {

class Progress {
public:
  /// `lines`: one line that stays for each phase, with its time (--verbose), instead of one that changes.
  Progress(llvm::raw_ostream &err, bool shown, bool lines);
  ~Progress() { clear(); }
  /// Phase `number` of `all` begins.
  void begin(llvm::StringRef phase, size_t number, size_t all);
  /// Within it: `done` of `all` of `what`.
  void step(llvm::StringRef what, size_t done, size_t all);
  /// The phase ends; returns its seconds.
  double end();
  /// Makes room for a message.
  void clear();
  /// Seconds since the start.
  double seconds() const { return since(start); }

private:
  using Clock = std::chrono::steady_clock;
  static double since(Clock::time_point time) {
    return std::chrono::duration<double>(Clock::now() - time).count();
  }

  llvm::raw_ostream &err;
  bool shown, lines, open = false;
  std::string phase;
  Clock::time_point start = Clock::now(), began = start, drawn{};
};

} // namespace hone
#endif
