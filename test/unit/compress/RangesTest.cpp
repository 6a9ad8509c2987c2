// Ranges of tensors whose best one is known.
#include "passes/compress/math/Ranges.h"
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace hone;

namespace {

std::vector<float> normal(size_t count) {
  std::mt19937 random(7);
  std::normal_distribution<float> next;
  std::vector<float> x(count);
  for (float &e : x)
    e = next(random);
  return x;
}

/// Of rounding to 127 steps of a range and cutting off the rest, element by element.
double errorOf(const std::vector<float> &all, float range) {
  double step = range / 127, sum = 0;
  for (float x : all) {
    double error = std::abs(x) - std::min<double>(std::nearbyint(std::abs(x) / step), 127) * step;
    sum += error * error;
  }
  return sum;
}

} // namespace

TEST(Ranges, OneFarElementIsCutOff) {
  std::vector<float> x = normal(200000);
  x[17] = -40;
  Ranges found = *rangesOf({x});
  EXPECT_EQ(found.largest, 40);
  EXPECT_LT(found.entropy, 10);
  EXPECT_GT(found.entropy, 2);
  // To cut 40 off at 20 costs 20^2 and gains three quarters of 200000 (40 / 127)^2 / 12.
  EXPECT_NEAR(found.mse, 18, 3);
  // 99.99 % of a normal distribution lie within 3.89; a bin is 0.02 wide.
  EXPECT_NEAR(found.percentile, 3.89, 0.15);
}

TEST(Ranges, MseIsTheLeastErrorOfAll) {
  std::vector<float> x = normal(20000);
  for (size_t i = 0; i < x.size(); i += 500)
    x[i] *= 6;
  Ranges found = *rangesOf({x});
  double least = errorOf(x, found.largest);
  for (float range = found.largest / 50; range < found.largest; range += found.largest / 200)
    least = std::min(least, errorOf(x, range));
  EXPECT_LT(errorOf(x, found.mse), 1.02 * least);
  EXPECT_LT(errorOf(x, found.mse), 0.9 * errorOf(x, found.largest));
}

TEST(Ranges, NothingIsCutOffWhereAllElementsCount) {
  std::vector<float> x;
  for (int i = -2048; i <= 2048; ++i)
    x.push_back(float(i) / 16);
  Ranges found = *rangesOf({llvm::ArrayRef(x).take_front(1000), llvm::ArrayRef(x).drop_front(1000)});
  EXPECT_EQ(found.largest, 128);
  EXPECT_GT(found.entropy, 120);
  EXPECT_GT(found.mse, 120);
}

TEST(Ranges, ZerosAndNoNumbers) {
  std::vector<float> zeros(9, 0), bad = {1, NAN}, endless = {INFINITY};
  EXPECT_EQ(rangesOf({zeros})->mse, 0);
  EXPECT_EQ(rangesOf({})->largest, 0);
  EXPECT_FALSE(rangesOf({bad}));
  EXPECT_FALSE(rangesOf({endless}));
}
