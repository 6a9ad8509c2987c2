// The search of scales and plain rounding.
#include "passes/compress/math/Rounding.h"
#include <algorithm>
#include <cmath>

namespace hone {

int8_t Grid::nearest(float x, float scale) const {
  return int8_t(std::clamp(std::nearbyint(x / scale), float(low()), float(high())));
}

Matrix Rounded::dense(const Grid &grid) const {
  Matrix w(numbers.rows(), numbers.cols());
  for (int64_t row = 0; row < w.rows(); ++row)
    for (int64_t k = 0; k < w.cols(); ++k)
      w(row, k) = float(numbers(row, k)) * scales(row, k / grid.group);
  return w;
}

float searchScale(const Grid &grid, Eigen::Ref<const Eigen::RowVectorXf> x,
                  Eigen::Ref<const Eigen::RowVectorXf> importance) {
  float largest = x.cwiseAbs().maxCoeff();
  if (!(largest > 0))
    return 1;
  float best = largest / grid.high(), least = INFINITY;
  // Shares below one give up the largest elements for finer steps; the scale of -low() lets one sign reach
  // further.
  constexpr int steps = 32;
  for (int i = 0; i <= steps; ++i)
    for (float sign : {1.0f, -1.0f}) {
      float scale = sign * largest * (1.05f - 0.6f * float(i) / steps) / float(-grid.low()),
            inverse = 1 / scale;
      auto q = (x.array() * inverse).round().min(float(grid.high())).max(float(grid.low()));
      float error = ((x.array() - q * scale).square() * importance.array()).sum();
      if (error < least)
        least = error, best = scale;
    }
  return best;
}

Rounded roundNearest(const Matrix &w, const Grid &grid, const Eigen::RowVectorXf *importance) {
  Rounded result{Numbers(w.rows(), w.cols()), Matrix(w.rows(), w.cols() / grid.group)};
  Eigen::RowVectorXf weights = importance ? *importance : Eigen::RowVectorXf::Ones(w.cols());
  for (int64_t row = 0; row < w.rows(); ++row)
    for (int64_t g = 0; g < result.scales.cols(); ++g) {
      float scale = searchScale(grid, w.row(row).segment(g * grid.group, grid.group),
                                weights.segment(g * grid.group, grid.group));
      result.scales(row, g) = scale;
      for (int64_t k = g * grid.group; k < (g + 1) * grid.group; ++k)
        result.numbers(row, k) = grid.nearest(w(row, k), scale);
    }
  return result;
}

} // namespace hone
