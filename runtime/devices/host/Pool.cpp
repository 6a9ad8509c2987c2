// Fork and join over pinned spinning threads (about 0.1 us for an empty job while they spin).
#include "runtime/devices/host/Pool.h"
#include "runtime/devices/host/Affinity.h"
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace hone::rt {

static constexpr int idleSpins = 2000;  // pauses before a worker sleeps
static constexpr int busySpins = 20000; // the same within a run, where the next job is near
static constexpr int yieldAfter = 500;  // pauses, about 25 us

/// Pause number `spins` of a wait. A long one yields now and then: the thread that is waited for may need
/// this core.
static inline void pause(int spins) {
  if (spins >= yieldAfter && spins % 64 == 0)
    sched_yield();
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

static void futexWait(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

static void futexWake(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

Pool::Pool(int threads, bool pin) : count(threads), pin(pin), cores(allowedCores()), scratch(threads) {}

Result<std::unique_ptr<Pool>> Pool::create(int threads, bool pin) {
  std::unique_ptr<Pool> pool(new Pool(threads, pin));
  try {
    for (int i = 1; i < threads; ++i)
      pool->helpers.emplace_back(&Pool::work, pool.get(), i);
  } catch (const std::system_error &why) {
    return invalid("cannot start ", threads, " threads: ", why.what());
  }
  return pool;
}

Pool::~Pool() {
  stop.store(true);
  epoch.value.fetch_add(1);
  futexWake(epoch.value);
  for (std::thread &helper : helpers)
    helper.join();
}

void Pool::begin() {
  if (pin && pinned != std::this_thread::get_id()) {
    pinTo(coreOf(0));
    pinned = std::this_thread::get_id();
  }
  busy.store(true, std::memory_order_relaxed);
}

bool Pool::ensureScratch(int64_t bytes, uint64_t &requests) {
  if (bytes <= scratchBytes)
    return true;
  for (GrowingBuffer &buffer : scratch)
    if (!buffer.ensure(bytes, requests))
      return false;
  scratchBytes = bytes;
  return true;
}

void Pool::share(int index) {
  int64_t each = units / count, rest = units % count; // no product that could overflow
  int64_t lo = each * index + (index < rest ? index : rest);
  int64_t hi = lo + each + (index < rest ? 1 : 0);
  if (lo < hi)
    kernel(args, scratch[static_cast<size_t>(index)].data(), lo, hi);
}

void Pool::run(HoneKernel newKernel, const void *newArgs, int64_t newUnits) {
  if (count == 1)
    return runAlone(newKernel, newArgs, newUnits);
  kernel = newKernel;
  args = newArgs;
  units = newUnits;
  pending.value.store(static_cast<uint32_t>(count - 1), std::memory_order_relaxed);
  epoch.value.fetch_add(1); // seq_cst: ordered before the look at `sleepers`
  if (sleepers.value.load() != 0)
    futexWake(epoch.value);
  share(0);
  for (int spins = 0; spins < busySpins; ++spins) {
    if (pending.value.load(std::memory_order_acquire) == 0)
      return;
    pause(spins);
  }
  waiting.value.store(1);
  while (uint32_t left = pending.value.load())
    futexWait(pending.value, left);
  waiting.value.store(0);
}

uint32_t Pool::await(uint32_t seen) {
  for (int spins = 0; spins < (busy.load(std::memory_order_relaxed) ? busySpins : idleSpins); ++spins) {
    uint32_t now = epoch.value.load(std::memory_order_acquire);
    if (now != seen)
      return now;
    pause(spins);
  }
  sleepers.value.fetch_add(1);
  uint32_t now;
  while ((now = epoch.value.load()) == seen)
    futexWait(epoch.value, seen);
  sleepers.value.fetch_sub(1);
  return now;
}

void Pool::work(int index) {
  if (pin)
    pinTo(coreOf(index));
  else
    allow(cores); // a thread starts with the cores of its maker, which may be pinned
  for (uint32_t seen = 0;;) {
    seen = await(seen);
    if (stop.load())
      return;
    share(index);
    if (pending.value.fetch_sub(1) == 1 && waiting.value.load() != 0)
      futexWake(pending.value);
  }
}

} // namespace hone::rt
