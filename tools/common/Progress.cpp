// One line, redrawn at most twenty times a second.
#include "tools/common/Progress.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Format.h"

namespace hone {

Progress::Progress(llvm::raw_ostream &err, bool shown, bool lines) : err(err), shown(shown), lines(lines) {}

void Progress::begin(llvm::StringRef name, size_t number, size_t all) {
  began = Clock::now();
  phase = (llvm::Twine(number) + " of " + llvm::Twine(all) + " " + name).str();
  drawn = {};
  step("", 0, 0);
}

void Progress::step(llvm::StringRef what, size_t done, size_t all) {
  if (!shown || lines || Clock::now() - drawn < std::chrono::milliseconds(50))
    return;
  drawn = Clock::now();
  err << "\r\033[K" << phase;
  if (!what.empty())
    err << ": " << what;
  if (all > 1)
    err << " " << done << " of " << all;
  err << llvm::format(", %.1f s", seconds());
  open = true;
}

double Progress::end() {
  double time = since(began);
  if (shown && lines)
    err << phase << llvm::format(": %.3f s", time) << "\n";
  return time;
}

void Progress::clear() {
  if (open)
    err << "\r\033[K";
  open = false;
}

} // namespace hone
