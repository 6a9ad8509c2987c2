// The host's worker threads: the caller is worker 0, the others spin for a while and then sleep in
// a futex, which is woken by a system call only when somebody sleeps. Units are shared out in equal static
// chunks.
#ifndef HONE_RUNTIME_DEVICES_HOST_POOL_H
#define HONE_RUNTIME_DEVICES_HOST_POOL_H
#include "runtime/abi/Abi.h"
#include "runtime/base/Arena.h"
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace hone::rt {

/// One thread calls `run` at a time.
class Pool {
public:
  /// `threads` counts the caller. `pin`: worker i runs on the i-th allowed core only.
  static Result<std::unique_ptr<Pool>> create(int threads, bool pin);
  ~Pool();

  int threads() const { return count; }
  /// Around a model's run: pins the caller when asked, and keeps the workers from sleeping in short serial
  /// parts.
  void begin();
  void end() { busy.store(false, std::memory_order_relaxed); }
  /// Scratch memory for every worker; false when it can't be had.
  bool ensureScratch(int64_t bytes, uint64_t &requests);
  /// All units on the caller.
  void runAlone(HoneKernel kernel, const void *args, int64_t units) {
    kernel(args, scratch[0].data(), 0, units);
  }
  /// Worker i of n runs [units*i/n, units*(i+1)/n).
  void run(HoneKernel kernel, const void *args, int64_t units);

private:
  Pool(int threads, bool pin);
  void work(int index);
  void share(int index);
  uint32_t await(uint32_t seen);
  int coreOf(int index) const { return cores[static_cast<size_t>(index) % cores.size()]; }

  struct alignas(64) Line {
    std::atomic<uint32_t> value{0};
  };
  Line epoch;    // raised for each job; futex of the workers
  Line sleepers; // workers in or on the way into the futex
  Line pending;  // workers that have not finished the job; futex of the caller
  Line waiting;  // the caller is in or on the way into its futex
  std::atomic<bool> busy{false}, stop{false};
  HoneKernel kernel = nullptr;
  const void *args = nullptr;
  int64_t units = 0;

  int count;
  bool pin;
  std::vector<int> cores;
  std::thread::id pinned;
  int64_t scratchBytes = 0;
  std::vector<GrowingBuffer> scratch;
  std::vector<std::thread> helpers;
};

} // namespace hone::rt
#endif
