// What the checks found: one finding a pair of places in the code, with the number of times it was seen.
#ifndef HONE_RUNTIME_DEVICES_SIM_FINDING_H
#define HONE_RUNTIME_DEVICES_SIM_FINDING_H
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace hone::rt::sim {

enum class Fault : uint8_t { Race, Bounds, Align, Poison, Async, Divergence, Deadlock, Trap };
const char *nameOf(Fault fault);

/// Who did something, and where in the code.
struct Site {
  std::string what;   ///< "written", "waits"; empty: no such side
  std::string source; ///< "kernel.cu:12", empty when the text has no .loc
  std::string opcode; ///< "st.shared.f32"
  uint32_t line = 0;  ///< of the PTX text
  uint32_t block[3] = {};
  uint32_t warp = 0, lane = 0;
};

struct Finding {
  Fault fault = Fault::Race;
  std::string kernel, space, message;
  uint64_t address = 0;
  Site first, second;
  uint64_t count = 1, seed = 0;
  std::string text() const;
};

class Report {
public:
  /// Counts up when the same fault between the same places is there already.
  void add(Finding finding);
  std::vector<Finding> take();
  bool clean() const;

private:
  mutable std::mutex lock;
  std::vector<Finding> findings;
  std::map<std::tuple<Fault, std::string, uint32_t, uint32_t, std::string>, size_t> known;
};

} // namespace hone::rt::sim
#endif
