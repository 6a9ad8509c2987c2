// What hone-run makes of a session: measurements, comparisons, files and text.
#ifndef HONE_TOOLS_HONE_RUN_REPORT_H
#define HONE_TOOLS_HONE_RUN_REPORT_H
#include "tools/hone-run/Formula.h"
#include "tools/hone-run/Session.h"
#include <nlohmann/json_fwd.hpp>

namespace hone::run {

using Json = nlohmann::ordered_json;

/// Runs warm-up and repetitions. Times in ms; allocations are calls of malloc and its kin by any
/// thread plus requests of the runtime to the system. `allocations_per_run` is null when they can't be
/// counted.
Json bench(Session &session);
void printBench(const Json &report);

/// Compares with every --expect; prints the worst element of each that differs. True when all agree.
bool compare(const Session &session, Json &report);

/// Writes the outputs as .npy; throws Exit.
void writeOutputs(const Session &session);
/// Name, type, shape and first values of each output.
Json summarize(const Session &session);
void printSummary(const Json &outputs);

/// What the file says about itself.
Json inspect(const Session &session);
/// `sizes`: of named dimensions, for what a GPU needs at least.
void printInspection(const Json &meta, const Sizes &sizes);

/// Collects the slices of runs for a Chrome trace.
class Profile {
public:
  explicit Profile(const Session &session);
  /// After a run that began `offset` ns after the first one.
  void add(const Session &session, int64_t offset);
  /// Throws Exit.
  void write(const std::string &path) const;

private:
  struct Event {
    int32_t call;
    int64_t start, end;
  };
  std::vector<std::pair<std::string, std::string>> names; // of each call: title, kernel
  std::vector<Event> events;
};

/// Calls of malloc and its kin so far; nothing when this build can't count them.
std::optional<uint64_t> allocationCount();
/// ns of a steady clock.
int64_t now();

} // namespace hone::run
#endif
