// GPTQ by blocks of rows, then coordinate descent row by row.
#include "passes/compress/math/Gptq.h"
#include "passes/compress/math/Moments.h"
#include <cmath>
#include <numeric>
#include <vector>

namespace hone {
namespace {

/// Rows [from, from + count) in the order of columns.
void passOverColumns(const Matrix &w, int64_t from, int64_t count, const Matrix &factor,
                     const Eigen::RowVectorXf &importance, const Grid &grid, Rounded &result) {
  Matrix left = w.middleRows(from, count);
  Eigen::VectorXf errors(count);
  for (int64_t k = 0; k < w.cols(); ++k) {
    if (k % grid.group == 0)
      for (int64_t row = 0; row < count; ++row)
        result.scales(from + row, k / grid.group) =
            searchScale(grid, left.row(row).segment(k, grid.group), importance.segment(k, grid.group));
    for (int64_t row = 0; row < count; ++row) {
      float scale = result.scales(from + row, k / grid.group), x = left(row, k);
      int8_t number = grid.nearest(x, scale);
      result.numbers(from + row, k) = number;
      errors(row) = (x - float(number) * scale) / factor(k, k);
    }
    int64_t rest = w.cols() - k - 1;
    left.rightCols(rest).noalias() -= errors * factor.row(k).tail(rest);
  }
}

/// Coordinate descent on one row.
class Refiner {
public:
  Refiner(const Eigen::MatrixXf &moments, const Grid &grid, Eigen::Ref<const Eigen::RowVectorXf> w,
          int8_t *numbers, float *scales)
      : m(moments), grid(grid), numbers(numbers), scales(scales), pull(w.size()) {
    Eigen::VectorXf error(w.size());
    for (int64_t k = 0; k < w.size(); ++k)
      error(k) = w(k) - value(k);
    pull.noalias() = m * error;
  }

  void sweep() {
    for (int64_t k = 0; k < pull.size(); ++k) {
      float scale = scales[k / grid.group], old = value(k);
      numbers[k] = grid.nearest(old + pull(k) / m(k, k), scale);
      if (float change = value(k) - old; change != 0)
        pull.noalias() -= change * m.col(k);
    }
    for (int64_t g = 0; g < pull.size() / grid.group; ++g)
      refit(g);
  }

private:
  float value(int64_t k) const { return float(numbers[k]) * scales[k / grid.group]; }

  /// The scale of a group by least squares.
  void refit(int64_t g) {
    int64_t first = g * grid.group;
    Eigen::VectorXf c(grid.group);
    for (int64_t i = 0; i < grid.group; ++i)
      c(i) = numbers[first + i];
    float curvature = c.dot(m.block(first, first, grid.group, grid.group) * c);
    float change = curvature > 0 ? c.dot(pull.segment(first, grid.group)) / curvature : 0;
    if (!std::isfinite(change) || scales[g] + change == 0)
      return;
    scales[g] += change;
    pull.noalias() -= change * (m.middleCols(first, grid.group) * c);
  }

  const Eigen::MatrixXf &m;
  const Grid &grid;
  int8_t *numbers;
  float *scales;
  Eigen::VectorXf pull; // M (w - r): which way each element would like to move
};

} // namespace

Rounded gptq(const Matrix &w, const Eigen::MatrixXf &moments, const Grid &grid, const GptqOptions &options,
             const ParallelFor &parallel) {
  Eigen::MatrixXf m = damped(moments, options.damping);
  Matrix factor = inverseFactor(m);
  // What an element's error would cost alone. Neither equal weights nor what it costs after those behind it
  // have made good what they can does as well: docs/rationale/weight-rounding.md.
  Eigen::RowVectorXf importance = m.diagonal().transpose();
  Rounded result{Numbers(w.rows(), w.cols()), Matrix(w.rows(), w.cols() / grid.group)};
  constexpr int64_t block = 16; // rows that share a reading of the factor
  parallel((w.rows() + block - 1) / block, [&](int64_t i) {
    int64_t from = i * block, count = std::min(block, w.rows() - from);
    passOverColumns(w, from, count, factor, importance, grid, result);
    for (int64_t row = from; row < from + count && options.sweeps; ++row) {
      Refiner refiner(m, grid, w.row(row), result.numbers.row(row).data(), result.scales.row(row).data());
      for (int sweep = 0; sweep < options.sweeps; ++sweep)
        refiner.sweep();
    }
  });
  return result;
}

double outputError(const Matrix &w, const Matrix &rounded, const Eigen::MatrixXf &moments,
                   const ParallelFor &parallel) {
  constexpr int64_t block = 64; // rows that share a reading of the moments
  int64_t blocks = (w.rows() + block - 1) / block;
  std::vector<double> lost(blocks), whole(blocks);
  parallel(blocks, [&](int64_t i) {
    int64_t from = i * block, count = std::min(block, w.rows() - from);
    Matrix x = w.middleRows(from, count), error = x - rounded.middleRows(from, count);
    lost[i] = (error * moments).cwiseProduct(error).cast<double>().sum();
    whole[i] = (x * moments).cwiseProduct(x).cast<double>().sum();
  });
  double all = std::accumulate(whole.begin(), whole.end(), 0.0);
  return all > 0 ? std::max(std::accumulate(lost.begin(), lost.end(), 0.0) / all, 0.0) : 0;
}

} // namespace hone
