// The arena: alignment, no overlap, reuse, merging of free blocks, limits, and no requests after warm-up.
#include "runtime/base/Arena.h"
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <random>

using hone::rt::Arena;
using hone::rt::GrowingBuffer;

namespace {

TEST(Arena, BlocksAreAlignedAndDoNotOverlap) {
  Arena arena(256 << 20);
  std::mt19937 random(1);
  std::map<uint8_t *, std::pair<int64_t, uint8_t>> live;
  for (int i = 0; i < 20000; ++i) {
    if (live.size() > 100 || (!live.empty() && random() % 2)) {
      auto victim = std::next(live.begin(), random() % live.size());
      for (int64_t b = 0; b < victim->second.first; b += 97)
        ASSERT_EQ(victim->first[b], victim->second.second);
      ASSERT_TRUE(arena.release(victim->first));
      live.erase(victim);
      continue;
    }
    int64_t bytes = random() % 3 ? random() % 500 : random() % 200000;
    auto *block = static_cast<uint8_t *>(arena.allocate(bytes));
    ASSERT_NE(block, nullptr) << arena.problem();
    ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
    auto mark = static_cast<uint8_t>(i);
    memset(block, mark, static_cast<size_t>(bytes));
    auto [at, fresh] = live.emplace(block, std::pair(bytes, mark));
    ASSERT_TRUE(fresh);
    if (at != live.begin()) {
      ASSERT_LE(std::prev(at)->first + std::prev(at)->second.first, block);
    }
    if (std::next(at) != live.end()) {
      ASSERT_LE(block + bytes, std::next(at)->first);
    }
  }
  for (auto &[block, what] : live)
    ASSERT_TRUE(arena.release(block));
  EXPECT_EQ(arena.used(), 0u);
  uint64_t before = arena.growths();
  EXPECT_NE(arena.allocate(static_cast<int64_t>(arena.committed()) - 64), nullptr)
      << "free blocks did not merge";
  EXPECT_EQ(arena.growths(), before);
}

TEST(Arena, TakesTheBestFit) {
  Arena arena(64 << 20);
  void *big = arena.allocate(100000), *wall = arena.allocate(64), *small = arena.allocate(1000),
       *end = arena.allocate(64);
  arena.release(big);
  arena.release(small);
  EXPECT_EQ(arena.allocate(960), small);
  EXPECT_NE(wall, end);
}

TEST(Arena, RepeatedRunsAskForNothing) {
  Arena arena(256 << 20);
  uint64_t after = 0;
  for (int run = 0; run < 10; ++run) {
    arena.reset();
    for (int i = 0; i < 50; ++i)
      ASSERT_NE(arena.allocate(100000), nullptr);
    if (run == 0)
      after = arena.growths();
  }
  EXPECT_EQ(arena.growths(), after);
}

TEST(Arena, SaysHowMuchWasAsked) {
  Arena arena(8 << 20);
  EXPECT_EQ(arena.allocate(9 << 20), nullptr);
  EXPECT_NE(arena.problem().find("asked for 9437184 bytes"), std::string::npos) << arena.problem();
  EXPECT_EQ(arena.allocate(-1), nullptr);
  EXPECT_EQ(arena.allocate(INT64_MAX), nullptr);
  EXPECT_NE(arena.allocate(4 << 20), nullptr);
  EXPECT_NE(arena.allocate(0), arena.allocate(0));
}

TEST(Arena, RefusesToReleaseWhatIsNotInUse) {
  Arena arena(8 << 20);
  auto *block = static_cast<uint8_t *>(arena.allocate(1000));
  int other;
  EXPECT_FALSE(arena.release(&other));
  EXPECT_FALSE(arena.release(block + 64));
  EXPECT_FALSE(arena.release(block + 1));
  EXPECT_TRUE(arena.release(nullptr));
  EXPECT_TRUE(arena.release(block));
  EXPECT_FALSE(arena.release(block));
}

TEST(GrowingBuffer, GrowsSeldom) {
  GrowingBuffer buffer;
  uint64_t requests = 0;
  for (int64_t bytes = 0; bytes < 1000000; bytes += 100)
    ASSERT_NE(buffer.ensure(bytes, requests), nullptr);
  EXPECT_LT(requests, 20u);
  EXPECT_EQ(buffer.ensure(INT64_MAX / 4, requests), nullptr);
  EXPECT_EQ(buffer.ensure(-1, requests), nullptr);
  EXPECT_NE(buffer.ensure(10, requests), nullptr);
}

} // namespace
