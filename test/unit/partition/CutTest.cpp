// Cuts against all there are, on small random programs and chains.
#include "passes/partition/Cut.h"
#include <gtest/gtest.h>
#include <random>

using namespace hone;

namespace {

CutProblem randomProblem(std::mt19937 &rng, int tasks, bool isChain) {
  auto below = [&](int64_t n) { return int64_t(rng() % uint64_t(n)); };
  CutProblem problem;
  for (int i = 0; i < tasks; ++i) {
    CutProblem::Task task{{below(50), below(50)}, std::nullopt};
    if (below(6) == 0)
      task.pinned = below(2) ? Place::device : Place::host;
    problem.tasks.push_back(task);
    if (i == 0)
      continue;
    if (isChain) {
      problem.data.push_back({i - 1, {i}, below(30)});
    } else {
      CutProblem::Datum datum{int(below(i)), {}, below(30)};
      for (int64_t readers = 1 + below(3); readers-- > 0;)
        datum.readers.push_back(datum.producer + 1 + int(below(tasks - datum.producer - 1)));
      problem.data.push_back(datum);
    }
    if (below(2))
      problem.stored.push_back({{i, int(below(tasks))}, 1 + below(100)});
  }
  return problem;
}

/// The least cost of all assignments that respect pins and memory; -1 when there is none.
int64_t leastCost(const CutProblem &problem) {
  int64_t best = -1;
  std::vector<Place> places(problem.tasks.size());
  for (uint32_t bits = 0; bits < 1u << places.size(); ++bits) {
    bool isAllowed = true;
    for (size_t i = 0; i < places.size(); ++i) {
      places[i] = bits >> i & 1 ? Place::device : Place::host;
      isAllowed &= !problem.tasks[i].pinned || problem.tasks[i].pinned == places[i];
    }
    if (!isAllowed || problem.bytesOf(places) > problem.memory)
      continue;
    int64_t cost = problem.costOf(places);
    best = best < 0 ? cost : std::min(best, cost);
  }
  return best;
}

TEST(Cut, EqualsExhaustiveSearch) {
  std::mt19937 rng(1);
  int limited = 0, impossible = 0;
  for (int round = 0; round < 600; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    CutProblem problem = randomProblem(rng, 2 + round % 10, round % 3 == 0);
    if (round % 2) {
      problem.memory = int64_t(rng() % 300);
      ++limited;
    }
    std::optional<Cut> cut = findCut(problem);
    int64_t least = leastCost(problem);
    ASSERT_EQ(cut.has_value(), least >= 0);
    if (!cut) {
      ++impossible;
      continue;
    }
    EXPECT_EQ(cut->cost, least);
    EXPECT_EQ(cut->cost, problem.costOf(cut->places));
    EXPECT_EQ(cut->bound, cut->cost);
    EXPECT_LE(problem.bytesOf(cut->places), problem.memory);
  }
  EXPECT_GT(limited, 200);
  EXPECT_GT(impossible, 5);
  EXPECT_LT(impossible, 100);
}

TEST(Cut, StopsWithABound) {
  std::mt19937 rng(2);
  for (int round = 0; round < 20; ++round) {
    CutProblem problem = randomProblem(rng, 12, false);
    for (CutProblem::Task &task : problem.tasks)
      task.pinned.reset();
    problem.memory = 150;
    std::optional<Cut> cut = findCut(problem, 3);
    if (!cut)
      continue; // three cuts found none that fits
    int64_t least = leastCost(problem);
    EXPECT_LE(cut->bound, least);
    EXPECT_GE(cut->cost, least);
  }
}

/// A deep chain of layers that share a memory limit: the solver must be quick, and near its bound.
TEST(Cut, ManyLayers) {
  CutProblem problem;
  for (int i = 0; i < 3000; ++i) {
    problem.tasks.push_back({{100 + i % 7, 10}, std::nullopt});
    if (i)
      problem.data.push_back({i - 1, {i}, 40});
    problem.stored.push_back({{i}, 1000 + i % 13});
  }
  problem.memory = 1000000;
  std::optional<Cut> cut = findCut(problem, 200);
  ASSERT_TRUE(cut);
  EXPECT_LE(problem.bytesOf(cut->places), problem.memory);
  EXPECT_LE(double(cut->cost - cut->bound), 0.02 * double(cut->cost));
}

} // namespace
