// Masks by rank within a row or a group, and the pass over columns that spreads errors.
#include "passes/compress/math/Prune.h"
#include "passes/compress/math/Moments.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace hone {
namespace {

/// Marks the `count` least of scores[0, n).
void markLeast(const float *scores, int64_t n, int64_t count, char *marks) {
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return scores[a] < scores[b]; });
  for (int64_t i = 0; i < count; ++i)
    marks[order[i]] = 1;
}

/// How many of n neighbours go, by groups or by share.
int64_t lost(const Sparsity &sparsity, int64_t n) {
  return sparsity.keep ? std::max<int64_t>(n - sparsity.keep, 0) : int64_t(std::lround(sparsity.share * n));
}

/// Rows [from, from + count) in the order of columns, `block` of them chosen at once.
void passOverColumns(Matrix &w, int64_t from, int64_t count, const Matrix &factor, const Sparsity &sparsity) {
  constexpr int64_t columns = 128;
  int64_t block = sparsity.keep ? sparsity.of : columns;
  auto left = w.middleRows(from, count);
  Eigen::VectorXf errors(count);
  for (int64_t first = 0; first < w.cols(); first += block) {
    int64_t n = std::min(block, w.cols() - first);
    std::vector<char> gone(count * n, 0);
    for (int64_t row = 0; row < count; ++row) {
      std::vector<float> cost(n);
      for (int64_t i = 0; i < n; ++i)
        cost[i] = std::abs(left(row, first + i) / factor(first + i, first + i));
      markLeast(cost.data(), n, lost(sparsity, n), &gone[row * n]);
    }
    for (int64_t k = first; k < first + n; ++k) {
      for (int64_t row = 0; row < count; ++row) {
        bool isGone = gone[row * n + k - first];
        errors(row) = isGone ? left(row, k) / factor(k, k) : 0;
        if (isGone)
          left(row, k) = 0;
      }
      int64_t rest = w.cols() - k - 1;
      left.rightCols(rest).noalias() -= errors * factor.row(k).tail(rest);
    }
  }
}

} // namespace

Matrix importance(const Matrix &w, const Eigen::MatrixXf *moments) {
  Matrix scores = w.cwiseAbs();
  if (moments)
    scores.array().rowwise() *= moments->diagonal().transpose().array().max(0).sqrt();
  return scores;
}

Matrix prune(const Matrix &w, const Matrix &importance, const Sparsity &sparsity) {
  Matrix kept = w;
  int64_t group = sparsity.keep ? sparsity.of : w.cols();
  std::vector<char> gone(w.cols());
  for (int64_t row = 0; row < w.rows(); ++row) {
    std::fill(gone.begin(), gone.end(), 0);
    for (int64_t first = 0; first < w.cols(); first += group) {
      int64_t n = std::min(group, w.cols() - first);
      markLeast(&importance(row, first), n, lost(sparsity, n), &gone[first]);
    }
    for (int64_t k = 0; k < w.cols(); ++k)
      if (gone[k])
        kept(row, k) = 0;
  }
  return kept;
}

Matrix pruneBelow(const Matrix &w, float threshold) {
  return (w.array().abs() < threshold).select(Matrix::Zero(w.rows(), w.cols()), w);
}

Matrix reconstruct(const Matrix &w, const Eigen::MatrixXf &moments, const Sparsity &sparsity, double damping,
                   const ParallelFor &parallel) {
  Matrix factor = inverseFactor(damped(moments, damping)), result = w;
  constexpr int64_t block = 16; // rows that share a reading of the factor
  parallel((w.rows() + block - 1) / block, [&](int64_t i) {
    passOverColumns(result, i * block, std::min(block, w.rows() - i * block), factor, sparsity);
  });
  return result;
}

} // namespace hone
