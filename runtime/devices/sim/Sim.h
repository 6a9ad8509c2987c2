// The PTX simulator: a device of the runtime that needs no GPU. It runs kernels warp by warp and looks for
// races, bad addresses, reads of what was never written, and mistakes with barriers and asynchronous copies
// (docs/simulator.md).
#ifndef HONE_RUNTIME_DEVICES_SIM_SIM_H
#define HONE_RUNTIME_DEVICES_SIM_SIM_H
#include "runtime/devices/Device.h"
#include "runtime/devices/sim/Finding.h"
#include <string>
#include <vector>

namespace hone::rt::sim {

/// Bounds are always checked: a bad access cannot be carried out.
struct CheckSet {
  bool align = false, poison = false, races = false, globalRaces = false, async = false, divergence = false,
       deadlock = false;
  /// All but globalRaces, which costs most.
  static CheckSet usual() { return {true, true, true, false, true, true, true}; }
  static CheckSet everything() { return {true, true, true, true, true, true, true}; }
  /// A list of names as hone-sim's --check takes, "all" or "none".
  static Result<CheckSet> parse(std::string_view list);
};

struct SimOptions {
  int capability = 90;
  bool chipSpecific = true; ///< sm_90a
  CheckSet checks = CheckSet::usual();
  uint64_t seed = 0; ///< of the schedule and of the delay of asynchronous copies
  bool randomSchedule = false;
  enum class Delivery { Late, Early, Random } delivery = Delivery::Late; ///< of asynchronous copies
  int threads = 0;                                                       ///< of the host; 0: all cores
  int resident = 16;
  uint64_t memoryBytes = 0;      ///< limit of allocations; 0: what the system has
  uint64_t instructionLimit = 0; ///< thread instructions of one kernel; 0: no limit
  bool stopsAtFirst = false;     ///< finding: the kernel ends there
  std::string record;            ///< folder for the launches of kernels (Record.h); empty: none

  /// "sim", "sim:sm_80",
  /// "sim:sm_90a,seed=3,schedule=random,check=all,threads=2,resident=8,async=early,record=DIR"; what is not
  /// named stays as in `base`.
  static Result<SimOptions> parse(std::string_view text, SimOptions base);
  static Result<SimOptions> parse(std::string_view text);
};

/// Of all kernels since the last takeStatistics().
struct Statistics {
  uint64_t instructions = 0;     ///< executed, times the lanes that took part
  uint64_t warpInstructions = 0; ///< executed by warps
  double seconds = 0, decodeSeconds = 0;
};

class SimDevice : public Device {
public:
  virtual const SimOptions &options() const = 0;
  virtual void setOptions(const SimOptions &options) = 0;
  /// As allocate, with a name for messages; reads before writes are reported when `uninitialized`.
  virtual Result<uint64_t> allocate(int64_t bytes, std::string name, bool uninitialized) = 0;
  using Device::allocate;
  /// PTX whose messages name `file`.
  virtual Result<std::unique_ptr<DeviceModule>> load(std::string_view code, std::string file) = 0;
  using Device::load;
  /// What the checks found since the last call.
  virtual std::vector<Finding> takeFindings() = 0;
  virtual Statistics takeStatistics() = 0;
};

Result<std::unique_ptr<SimDevice>> openSim(const SimOptions &options);

/// The parameters of a kernel of `module`: bytes of each.
Result<std::vector<uint64_t>> parametersOf(DeviceModule &module, std::string_view kernel);
/// The names of a module's kernels.
std::vector<std::string> kernelsOf(DeviceModule &module);

} // namespace hone::rt::sim
#endif
