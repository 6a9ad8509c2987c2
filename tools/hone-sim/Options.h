// The command line of hone-sim as one struct.
#ifndef HONE_TOOLS_HONE_SIM_OPTIONS_H
#define HONE_TOOLS_HONE_SIM_OPTIONS_H
#include "runtime/devices/sim/Sim.h"
#include <string>
#include <utility>
#include <vector>

namespace hone::simtool {

using Pair = std::pair<std::string, std::string>; // NAME=VALUE

struct Options {
  std::string file, entry, mutate;
  uint32_t grid[3] = {1, 1, 1}, block[3] = {1, 1, 1}, cluster[3] = {1, 1, 1};
  uint32_t shared = 0;
  std::vector<std::string> buffers, arguments;
  std::vector<Pair> dumps, expects;
  double rtol = 1e-3, atol = 1e-5;
  rt::sim::SimOptions device;
  bool targetGiven = false, json = false, quiet = false, stats = false;
  int seeds = 1;
};

/// Parses the command line; --help and --version end the program.
rt::Result<Options> parseOptions(int argc, char **argv);

} // namespace hone::simtool
#endif
