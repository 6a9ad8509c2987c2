// The command line of hone-run as one struct.
#ifndef HONE_TOOLS_HONE_RUN_OPTIONS_H
#define HONE_TOOLS_HONE_RUN_OPTIONS_H
#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace hone::run {

using Pair = std::pair<std::string, std::string>; // NAME=VALUE

struct Options {
  std::string file, outputDir, profile, device, check;
  std::vector<Pair> inputs, expects, feeds;
  std::map<std::string, int64_t> dims;
  std::optional<uint64_t> randomSeed;
  std::optional<int> threads;
  double rtol = 1e-3, atol = 1e-5;
  int loop = 1, warmup = 10, reps = 100;
  bool bench = false, inspect = false, json = false, quiet = false, verbose = false, skipVerification = false,
       noLimit = false;
};

/// Ends the program with this exit code; an empty message prints nothing.
struct Exit {
  int code;
  std::string message;
};

/// The user's input is at fault: exit code 1, "error: ...".
template <typename... Parts>
[[noreturn]] void fail(const Parts &...parts) {
  std::ostringstream out;
  (out << ... << parts);
  throw Exit{1, out.str()};
}

/// The path of this program when there is an artifact at its end.
std::optional<std::string> embeddedModel();

/// Throws Exit.
Options parseOptions(int argc, char **argv);

} // namespace hone::run
#endif
