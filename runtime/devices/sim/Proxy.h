// When each thread of a group made its ordinary stores visible to the async proxy.
#ifndef HONE_RUNTIME_DEVICES_SIM_PROXY_H
#define HONE_RUNTIME_DEVICES_SIM_PROXY_H
#include "runtime/devices/sim/Clock.h"
#include <algorithm>

namespace hone::rt::sim {

class ProxyFences {
public:
  void reset(uint32_t threads) {
    fences.assign(threads, {});
    seen.assign(threads, nullptr);
  }
  void fence(Clocks &clocks, uint32_t thread) {
    fences[thread].push_back(clocks.own(thread));
    seen[thread] = clocks.release(thread);
  }
  /// Whether a store by `writer` at `clock` went through a fence that `reader` knows of: one by the writer
  /// after the store, or one by the reader after it learned of the store.
  bool covers(const Clocks &clocks, uint32_t writer, uint32_t clock, uint32_t reader) const {
    if (writer >= fences.size())
      return true;
    const std::vector<uint32_t> &own = fences[writer];
    auto first = std::lower_bound(own.begin(), own.end(), clock);
    if (first != own.end() && (writer == reader || clocks.known(reader).at[writer] > *first))
      return true;
    return seen[reader] && seen[reader]->at[writer] >= clock;
  }

private:
  std::vector<std::vector<uint32_t>> fences; // clocks at which a thread fenced, ascending
  std::vector<ClockRef> seen;                // what a thread knew at its last fence
};

} // namespace hone::rt::sim
#endif
