// Prints findings and folds equal ones.
#include "runtime/devices/sim/Finding.h"
#include "runtime/base/Status.h"

namespace hone::rt::sim {

const char *nameOf(Fault fault) {
  static constexpr const char *names[] = {"race",  "bounds",     "align",    "poison",
                                          "async", "divergence", "deadlock", "trap"};
  return names[static_cast<size_t>(fault)];
}

static std::string print(const Site &site) {
  std::string where = site.source.empty() ? rt::text("ptx line ", site.line)
                                          : rt::text(site.source, " (ptx line ", site.line, ")");
  return rt::text(site.what, " by block (", site.block[0], ",", site.block[1], ",", site.block[2], ") warp ",
                  site.warp, " lane ", site.lane, " at ", where, ": ", site.opcode);
}

std::string Finding::text() const {
  std::string out = rt::text(nameOf(fault), ": ", message);
  if (!first.what.empty())
    out += rt::text("\n  ", print(first));
  if (!second.what.empty())
    out += rt::text("\n  ", print(second));
  out += rt::text("\n  kernel ", kernel, ", seed ", seed);
  if (count > 1)
    out += rt::text(", seen ", count, " times");
  return out;
}

void Report::add(Finding finding) {
  std::lock_guard held(lock);
  // The message of faults without a second side tells them apart; races differ by address only.
  auto key = std::tuple(finding.fault, finding.kernel, finding.first.line, finding.second.line,
                        finding.first.what + finding.second.what);
  auto [at, added] = known.emplace(key, findings.size());
  if (added)
    findings.push_back(std::move(finding));
  else
    ++findings[at->second].count;
}

std::vector<Finding> Report::take() {
  std::lock_guard held(lock);
  known.clear();
  return std::exchange(findings, {});
}

bool Report::clean() const {
  std::lock_guard held(lock);
  return findings.empty();
}

} // namespace hone::rt::sim
