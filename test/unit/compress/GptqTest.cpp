// Rounding alone, and rounding that knows the inputs.
#include "passes/compress/math/Channels.h"
#include <gtest/gtest.h>
#include <random>

using namespace hone;

namespace {

Matrix normal(int64_t rows, int64_t columns, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> next;
  return Matrix::NullaryExpr(rows, columns, [&] { return next(random); });
}

/// Second moments of correlated inputs, as activations are: a few directions carry most.
Eigen::MatrixXf momentsOf(int64_t k, unsigned seed) {
  Matrix mix = normal(k, k, seed), x = normal(4 * k, k, seed + 1);
  for (int64_t i = 0; i < k; ++i)
    mix.row(i) *= 1.0f / float(1 + i);
  Matrix inputs = x * mix;
  return inputs.transpose() * inputs;
}

void inOrder(int64_t n, const std::function<void(int64_t)> &body) {
  for (int64_t i = 0; i < n; ++i)
    body(i);
}

} // namespace

TEST(Rounding, NumbersAndScalesGiveTheMatrixBack) {
  Grid grid{4, 16};
  Matrix exact(3, 32);
  for (int64_t row = 0; row < 3; ++row)
    for (int64_t k = 0; k < 32; ++k)
      exact(row, k) = float((row + k) % 16 - 8) * 0.5f;
  Rounded rounded = roundNearest(exact, grid);
  EXPECT_EQ(rounded.scales.cols(), 2);
  // The search need not hit the step itself, but comes close.
  EXPECT_LT((rounded.dense(grid) - exact).norm() / exact.norm(), 0.03);
}

TEST(Rounding, SearchBeatsTheLargestElement) {
  Grid grid{4, 32};
  Matrix w = normal(64, 64, 3);
  Rounded searched = roundNearest(w, grid);
  Matrix plain(64, 64);
  for (int64_t row = 0; row < 64; ++row)
    for (int64_t g = 0; g < 2; ++g) {
      float scale = w.row(row).segment(32 * g, 32).cwiseAbs().maxCoeff() / 7;
      for (int64_t k = 32 * g; k < 32 * (g + 1); ++k)
        plain(row, k) = float(grid.nearest(w(row, k), scale)) * scale;
    }
  EXPECT_LT((searched.dense(grid) - w).squaredNorm(), 0.9f * (plain - w).squaredNorm());
}

TEST(Rounding, ZerosStayZero) {
  Grid grid{4, 16};
  Rounded rounded = roundNearest(Matrix::Zero(2, 16), grid);
  EXPECT_EQ(rounded.dense(grid), Matrix(Matrix::Zero(2, 16)));
}

TEST(Channels, ScalesHelpWhereChannelsDiffer) {
  Grid grid{4, 32};
  std::vector<Matrix> weights = {normal(300, 64, 21), normal(20, 64, 22)};
  Matrix x = normal(200, 64, 23);
  for (int64_t k = 0; k < 64; k += 16)
    x.col(k) *= 40;
  Eigen::MatrixXf moments = x.transpose() * x;
  Eigen::RowVectorXf s = awareScales(weights, moments, grid, inOrder);
  EXPECT_GT(s(0), s(1));
  Eigen::RowVectorXf seen = moments.diagonal().transpose(), scaled = seen.cwiseQuotient(s.cwiseAbs2());
  double weighted =
      outputError(weights[0], roundNearest(weights[0], grid, &seen).dense(grid), moments, inOrder);
  Matrix dense =
      roundNearest(weights[0] * s.asDiagonal(), grid, &scaled).dense(grid) * s.cwiseInverse().asDiagonal();
  EXPECT_LT(weighted,
            0.5 * outputError(weights[0], roundNearest(weights[0], grid).dense(grid), moments, inOrder));
  EXPECT_LT(outputError(weights[0], dense, moments, inOrder), 0.98 * weighted);
  EXPECT_EQ(awareScales(weights, Eigen::MatrixXf::Zero(64, 64), grid, inOrder),
            Eigen::RowVectorXf(Eigen::RowVectorXf::Ones(64)));
}

TEST(Channels, SmoothMovesAllOrNothing) {
  std::vector<Matrix> weights = {Matrix::Constant(2, 3, 0.5f), Matrix::Constant(4, 3, -2.0f)};
  Eigen::VectorXf peaks(3);
  peaks << 8, 2, 0;
  // An input that is never anything else than zero stays.
  EXPECT_TRUE(smoothScales(weights, peaks, 1).isApprox(Eigen::RowVector3f(8, 2, 1)));
  EXPECT_TRUE(smoothScales(weights, peaks, 0).isApprox(Eigen::RowVector3f(0.5f, 0.5f, 1)));
  EXPECT_TRUE(smoothScales(weights, peaks, 0.5).isApprox(Eigen::RowVector3f(2, 1, 1)));
}

class Gptq : public testing::TestWithParam<std::tuple<int, int64_t>> {};

TEST_P(Gptq, LosesLessThanRoundingAndSweepsLoseLessStill) {
  auto [bits, group] = GetParam();
  Grid grid{bits, group};
  Matrix w = normal(48, 128, 5);
  Eigen::MatrixXf moments = momentsOf(128, 7);
  double nearest = outputError(w, roundNearest(w, grid).dense(grid), moments, inOrder);
  double plain = outputError(w, gptq(w, moments, grid, {0.01, 0}, inOrder).dense(grid), moments, inOrder);
  double refined = outputError(w, gptq(w, moments, grid, {0.01, 4}, inOrder).dense(grid), moments, inOrder);
  EXPECT_LT(plain, 0.7 * nearest);
  EXPECT_LT(refined, 0.95 * plain);
  EXPECT_GT(refined, 0);
}

INSTANTIATE_TEST_SUITE_P(Grids, Gptq,
                         testing::Combine(testing::Values(3, 4, 8), testing::Values(16, 64, 128)));

TEST(GptqEdges, InputsThatWereNeverSeen) {
  Grid grid{4, 16};
  Matrix w = normal(5, 32, 11);
  Eigen::MatrixXf moments = Eigen::MatrixXf::Zero(32, 32);
  Matrix dense = gptq(w, moments, grid, {}, inOrder).dense(grid);
  EXPECT_TRUE(dense.allFinite());
  EXPECT_LT((dense - w).norm() / w.norm(), 0.15);
}
