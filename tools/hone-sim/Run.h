// One kernel under one or several seeds, and its mutants.
#ifndef HONE_TOOLS_HONE_SIM_RUN_H
#define HONE_TOOLS_HONE_SIM_RUN_H
#include "tools/hone-sim/Arguments.h"
#include "tools/hone-sim/Options.h"
#include <nlohmann/json.hpp>

namespace hone::simtool {

struct Compared {
  std::string name;
  Difference difference;
};
struct Outcome {
  std::vector<rt::sim::Finding> findings;
  std::vector<Compared> compared; ///< of the last seed, or of the first that differs
  bool matches = true;
  rt::sim::Statistics statistics;
};

/// Runs the kernel with every seed; stops at the first that has findings or differs.
rt::Result<Outcome> run(const Options &options, const std::string &code, bool write);

/// Removes one synchronization at a time; prints a line each.
rt::Result<nlohmann::ordered_json> mutate(const Options &options, const std::string &code);

} // namespace hone::simtool
#endif
