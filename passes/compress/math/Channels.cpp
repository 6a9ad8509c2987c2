// Which power, and what of channels without inputs.
#include "passes/compress/math/Channels.h"
#include <algorithm>
#include <cmath>

namespace hone {
namespace {

constexpr int64_t sampledRows = 256;

Matrix sampled(const Matrix &w) {
  int64_t step = (w.rows() + sampledRows - 1) / sampledRows, count = (w.rows() + step - 1) / step;
  return Matrix::NullaryExpr(count, w.cols(),
                             [&](Eigen::Index row, Eigen::Index k) { return w(row * step, k); });
}

/// What rounding w times the scales costs on inputs with these moments.
double roundingError(const Matrix &w, const Eigen::MatrixXf &moments, const Eigen::RowVectorXf &scales,
                     const Grid &grid) {
  Matrix scaled = w * scales.asDiagonal();
  Eigen::RowVectorXf importance =
      moments.diagonal().transpose().cwiseQuotient(scales.cwiseAbs2()).cwiseMax(1e-30f);
  Matrix error = w - roundNearest(scaled, grid, &importance).dense(grid) * scales.cwiseInverse().asDiagonal();
  return (error * moments).cwiseProduct(error).cast<double>().sum();
}

} // namespace

Eigen::RowVectorXf awareScales(const std::vector<Matrix> &weights, const Eigen::MatrixXf &moments,
                               const Grid &grid, const ParallelFor &parallel) {
  Eigen::RowVectorXf size = moments.diagonal().transpose().cwiseMax(0).cwiseSqrt();
  float largest = size.maxCoeff();
  if (!(largest > 0))
    return Eigen::RowVectorXf::Ones(size.size());
  // A channel that samples never reach says nothing about itself.
  size = (size / largest).cwiseMax(1e-4f);
  std::vector<Matrix> rows;
  for (const Matrix &w : weights)
    rows.push_back(sampled(w));
  constexpr int powers = 20;
  std::vector<Eigen::RowVectorXf> scales(powers);
  std::vector<double> errors(powers, 0);
  parallel(powers, [&](int64_t i) {
    Eigen::RowVectorXf s = size.array().pow(float(i) / powers).matrix();
    scales[i] = s / std::sqrt(s.maxCoeff() * s.minCoeff());
    for (const Matrix &w : rows)
      errors[i] += roundingError(w, moments, scales[i], grid);
  });
  return scales[std::min_element(errors.begin(), errors.end()) - errors.begin()];
}

Eigen::RowVectorXf smoothScales(const std::vector<Matrix> &weights, const Eigen::VectorXf &peaks,
                                double alpha) {
  Eigen::RowVectorXf largest = Eigen::RowVectorXf::Zero(peaks.size());
  for (const Matrix &w : weights)
    largest = largest.cwiseMax(w.cwiseAbs().colwise().maxCoeff());
  Eigen::RowVectorXf scales(peaks.size());
  for (int64_t k = 0; k < scales.size(); ++k) {
    // Without inputs or without weights there is nothing to move.
    bool isUsed = peaks(k) > 0 && largest(k) > 0;
    float s = isUsed ? std::pow(peaks(k), float(alpha)) / std::pow(largest(k), float(1 - alpha)) : 1;
    scales(k) = std::clamp(s, 1e-5f, 1e5f);
  }
  return scales;
}

} // namespace hone
