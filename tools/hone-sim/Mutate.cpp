// Mutants: the text with one synchronization taken out. A detector that is worth its name finds each, unless
// the kernel is right without it.
#include "tools/hone-sim/Run.h"
#include <cstdio>
#include <string_view>

namespace hone::simtool {

/// What orders threads or asynchronous work, and can be left out without leaving the text ill-formed.
static bool isSync(std::string_view line) {
  static constexpr std::string_view begins[] = {"bar.sync",
                                                "barrier.sync",
                                                "barrier.cta.sync",
                                                "bar.warp.sync",
                                                "barrier.cluster.arrive",
                                                "barrier.cluster.wait",
                                                "membar",
                                                "fence.acq_rel",
                                                "fence.sc",
                                                "fence.proxy",
                                                "fence.mbarrier_init",
                                                "cp.async.wait_group",
                                                "cp.async.wait_all",
                                                "cp.async.bulk.wait_group",
                                                "wgmma.wait_group",
                                                "wgmma.fence"};
  size_t at = line.find_first_not_of(" \t");
  if (at == line.npos)
    return false;
  line.remove_prefix(at);
  if (line.starts_with("@")) {
    at = line.find_first_of(" \t");
    at = at == line.npos ? at : line.find_first_not_of(" \t", at);
    if (at == line.npos)
      return false;
    line.remove_prefix(at);
  }
  for (std::string_view begin : begins)
    if (line.starts_with(begin))
      return true;
  return false;
}

rt::Result<nlohmann::ordered_json> mutate(const Options &given, const std::string &code) {
  Options options = given;
  options.device.stopsAtFirst = true; // whether there is a finding is all that is asked
  nlohmann::ordered_json mutants = nlohmann::ordered_json::array();
  int found = 0, all = 0, number = 0;
  for (size_t at = 0; at < code.size();) {
    size_t end = std::min(code.find('\n', at), code.size());
    ++number;
    std::string line = code.substr(at, end - at);
    if (isSync(line)) {
      // Of a line with several statements only the first goes.
      size_t stop = code.find(';', at);
      std::string mutant = code;
      for (size_t i = at; i < stop && i < end; ++i)
        mutant[i] = ' ';
      auto outcome = run(options, mutant, false);
      std::string how = "not found", what;
      if (!outcome.ok()) {
        how = "refused";
        what = outcome.status().message;
      } else if (!outcome->findings.empty()) {
        how = "found";
        what = outcome->findings[0].text();
        what = what.substr(0, what.find('\n'));
      } else if (!outcome->matches) {
        how = "differs";
      }
      ++all;
      found += how != "not found";
      size_t first = line.find_first_not_of(" \t");
      std::string shown = line.substr(first, std::min(line.find(';'), line.size()) - first);
      mutants.push_back({{"line", number}, {"removed", shown}, {"result", how}, {"finding", what}});
      if (!options.json)
        printf("line %d: %s: %s%s%s\n", number, shown.c_str(), how.c_str(), what.empty() ? "" : ": ",
               what.c_str());
    }
    at = end + 1;
  }
  if (!options.json)
    printf("%d of %d mutants found\n", found, all);
  return nlohmann::ordered_json{{"found", found}, {"mutants", mutants}};
}

} // namespace hone::simtool
