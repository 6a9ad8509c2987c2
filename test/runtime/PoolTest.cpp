// The worker threads: every unit runs once, whatever the counts; scratch is private; sleeping workers wake.
#include "runtime/devices/host/Pool.h"
#include "runtime/devices/host/Affinity.h"
#include "runtime/devices/host/CpuFeatures.h"
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <unistd.h>

using hone::rt::Pool;

namespace {

struct Job {
  std::vector<std::atomic<int>> *seen;
  std::atomic<int> *bad;
};

void visit(const void *args, uint8_t *scratch, int64_t lo, int64_t hi) {
  const Job *job = static_cast<const Job *>(args);
  auto *mine = reinterpret_cast<int64_t *>(scratch);
  for (int64_t i = lo; i < hi; ++i) {
    *mine = i;
    (*job->seen)[static_cast<size_t>(i)].fetch_add(1);
    if (*mine != i)
      job->bad->fetch_add(1);
  }
}

void everyUnitOnce(int threads, bool pin) {
  auto pool = Pool::create(threads, pin);
  ASSERT_TRUE(pool.ok()) << pool.status().message;
  uint64_t requests = 0;
  ASSERT_TRUE((*pool)->ensureScratch(64, requests));
  std::atomic<int> bad{0};
  (*pool)->begin();
  for (int64_t units : {1, 2, 3, 7, 64, 1000, 1001}) {
    for (int repeat = 0; repeat < 100; ++repeat) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(units));
      Job job{&seen, &bad};
      (*pool)->run(visit, &job, units);
      for (std::atomic<int> &count : seen)
        ASSERT_EQ(count.load(), 1);
    }
  }
  (*pool)->end();
  EXPECT_EQ(bad.load(), 0);
}

TEST(Pool, RunsEveryUnitOnce) {
  for (int threads : {1, 2, 3, 4, 9})
    everyUnitOnce(threads, false);
}

TEST(Pool, RunsPinned) {
  std::vector<int> before = hone::rt::allowedCores();
  std::thread([&] { everyUnitOnce(2, true); }).join(); // pins its caller: not this thread
  EXPECT_EQ(hone::rt::allowedCores(), before);
}

TEST(Pool, APinnedThreadMakesPoolsOnAllCores) {
  std::thread([] {
    std::vector<int> before = hone::rt::allowedCores();
    auto first = Pool::create(1, true);
    ASSERT_TRUE(first.ok());
    (*first)->begin();
    EXPECT_EQ(hone::rt::allowedCores(), before);
    auto second = Pool::create(2, false);
    ASSERT_TRUE(second.ok());
    uint64_t requests = 0;
    ASSERT_TRUE((*second)->ensureScratch(64, requests));
    std::vector<int> seen[2];
    auto look = [](const void *args, uint8_t *, int64_t lo, int64_t) {
      const_cast<std::vector<int> *>(static_cast<const std::vector<int> *>(args))[lo] =
          hone::rt::allowedCores();
    };
    (*second)->run(look, seen, 2);
    EXPECT_EQ(seen[1], before);
  }).join();
}

TEST(Pool, SleepingWorkersWake) {
  auto pool = Pool::create(3, false);
  ASSERT_TRUE(pool.ok());
  uint64_t requests = 0;
  ASSERT_TRUE((*pool)->ensureScratch(64, requests));
  std::atomic<int> bad{0};
  for (int i = 0; i < 20; ++i) {
    usleep(5000);
    std::vector<std::atomic<int>> seen(100);
    Job job{&seen, &bad};
    (*pool)->run(visit, &job, 100);
    for (std::atomic<int> &count : seen)
      ASSERT_EQ(count.load(), 1);
  }
}

TEST(Pool, ScratchGrowsOnce) {
  auto pool = Pool::create(2, false);
  ASSERT_TRUE(pool.ok());
  uint64_t requests = 0;
  ASSERT_TRUE((*pool)->ensureScratch(1000, requests));
  uint64_t after = requests;
  ASSERT_TRUE((*pool)->ensureScratch(500, requests));
  ASSERT_TRUE((*pool)->ensureScratch(1000, requests));
  EXPECT_EQ(requests, after);
}

TEST(CpuFeatures, AnswersByName) {
  using hone::rt::CpuFeature;
#if defined(__x86_64__)
  EXPECT_EQ(hone::rt::cpuFeature("sse2"), CpuFeature::Present);
  EXPECT_EQ(hone::rt::cpuFeature("+64bit"), CpuFeature::Present);
  EXPECT_EQ(hone::rt::cpuFeature("avx2") == CpuFeature::Present, __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(hone::rt::cpuFeature("avx512vnni") == CpuFeature::Present,
            __builtin_cpu_supports("avx512vnni") != 0);
  EXPECT_EQ(hone::rt::cpuFeature("avx512bf16") == CpuFeature::Present,
            __builtin_cpu_supports("avx512bf16") != 0);
  EXPECT_EQ(hone::rt::cpuFeature("xop") == CpuFeature::Present, __builtin_cpu_supports("xop") != 0);
#endif
  EXPECT_EQ(hone::rt::cpuFeature("nothing"), CpuFeature::Unknown);
}

} // namespace
