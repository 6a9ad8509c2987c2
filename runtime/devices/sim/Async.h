// What is under way beside the threads: cp.async copies by their groups, transaction barriers, bulk copies
// and tensor-core ops.
#ifndef HONE_RUNTIME_DEVICES_SIM_ASYNC_H
#define HONE_RUNTIME_DEVICES_SIM_ASYNC_H
#include "runtime/devices/sim/Clock.h"
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace hone::rt::sim {

/// A cp.async of one lane.
struct ThreadCopy {
  uint32_t lane, group; ///< number of the lane's group that holds it
  uint32_t to;          ///< offset in the group's shared memory
  uint8_t bytes, sourceBytes;
  bool landed; ///< its data is there; its state is pending until a wait all the same
  uint64_t from;
  uint32_t op;
};

/// Bytes of shared memory that a tensor-core op or a bulk store reads.
struct AsyncRead {
  uint64_t at, bytes;
  uint32_t op, group;
};

/// A bulk copy out of shared memory, until its thread has waited for its group.
struct BulkStore {
  uint32_t lane, group, op;
  uint64_t at, bytes; ///< in the group's shared memory
  std::function<void()> run;
};

/// Of one warp.
struct AsyncState {
  std::vector<ThreadCopy> copies;
  std::vector<BulkStore> stores;
  uint32_t committed[32] = {}; ///< cp.async groups of each lane
  uint32_t bulkCommitted[32] = {};
  uint64_t clusterTicket = 0; ///< of barrier.cluster.arrive, until its wait
  // wgmma: registers and operands in use until their group is waited for.
  uint32_t mmaCommitted = 0;
  bool mmaFenced = false;
  size_t mmaIssued = 0;
  std::vector<AsyncRead> mmaReads;
  /// Accumulators of groups that were not waited for: the registers hold 0xff meanwhile.
  struct Accumulator {
    uint32_t slot, group, op;
    uint32_t values[32];
  };
  std::vector<Accumulator> accumulators;
};

/// A transaction barrier in shared memory.
struct Mbarrier {
  uint32_t expected = 0, pending = 0; ///< arrivals
  int64_t bytes = 0;                  ///< of transactions that are expected and have not come
  uint64_t phase = 0;                 ///< completed phases
  uint32_t agent = 0, initOp = 0;
  std::shared_ptr<VectorClock> clock; ///< of this phase's arrivals
  ClockRef done;                      ///< of the last completed phase
};
using MbarrierTable = std::map<uint64_t, Mbarrier>;

/// Bulk copies that were issued and have not been carried out.
struct BulkCopy {
  std::function<void()> run; ///< moves the bytes and signals
  uint64_t due = 0;          ///< the group's turn at which it is carried out at the earliest
};
struct AsyncEngine {
  std::vector<BulkCopy> copies;
};

} // namespace hone::rt::sim
#endif
