// Vector clocks of the threads of a group (a block, or the blocks of a cluster). Threads that were joined by
// the same barrier share one vector; what a thread did since is its own clock. Asynchronous agents have
// indices after the threads.
#ifndef HONE_RUNTIME_DEVICES_SIM_CLOCK_H
#define HONE_RUNTIME_DEVICES_SIM_CLOCK_H
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace hone::rt::sim {

struct VectorClock {
  std::vector<uint32_t> at; ///< by actor of the group
  /// What is known of other groups, only when races on global memory are looked for.
  std::map<uint32_t, std::shared_ptr<const VectorClock>> others;
  void join(const VectorClock &other);
};
using ClockRef = std::shared_ptr<const VectorClock>;

class Clocks {
public:
  void reset(uint32_t group, uint32_t threads, uint32_t agents);
  uint32_t groupIndex() const { return group; }
  uint32_t threadCount() const { return threads; }
  size_t actors() const { return clocks.size(); }
  uint32_t own(uint32_t thread) const { return clocks[thread]; }
  const VectorClock &known(uint32_t thread) const { return *bases[thread]; }
  /// Whether what `actor` of this group did at `clock` happened before what `thread` does now.
  bool ordered(uint32_t thread, uint32_t actor, uint32_t clock) const {
    return actor == thread || bases[thread]->at[actor] >= clock;
  }
  bool orderedOther(uint32_t thread, uint32_t otherGroup, uint32_t actor, uint32_t clock) const;

  /// All that `thread` has done and knows, as of now; later acts of it are not in it.
  ClockRef release(uint32_t thread);
  /// Joins `from`, released by others, into what the thread knows.
  void acquire(uint32_t thread, const ClockRef &from);
  /// Adds the thread's knowledge to `into`, which may be empty.
  void releaseInto(uint32_t thread, std::shared_ptr<VectorClock> &into);
  /// The thread knows exactly this, of which its own knowledge is a part.
  void replace(uint32_t thread, const ClockRef &with) { bases[thread] = with; }
  void tick(uint32_t thread) { ++clocks[thread]; }
  /// The next clock of an asynchronous agent.
  uint32_t agentTick(uint32_t agent) { return ++clocks[agent]; }

private:
  uint32_t group = 0, threads = 0;
  std::vector<uint32_t> clocks;
  std::vector<ClockRef> bases;
  // The last join, since lanes of a warp mostly join the same two vectors.
  ClockRef lastBase, lastFrom, lastJoined;
  ClockRef lastReleased, lastInto;
};

} // namespace hone::rt::sim
#endif
