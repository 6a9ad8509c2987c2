// Matrices rounded to integers with a scale a group of neighbours.
#ifndef HONE_PASSES_COMPRESS_MATH_ROUNDING_H
#define HONE_PASSES_COMPRESS_MATH_ROUNDING_H
#include <Eigen/Core>
#include <cstdint>

namespace hone {

/// [outputs, inputs], row-major: a product sums along a row.
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Numbers = Eigen::Matrix<int8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Signed numbers of `bits` bits, -2^(bits-1) to 2^(bits-1) - 1; `group` neighbours of a row share a scale
/// and divide the row.
struct Grid {
  int bits = 4;
  int64_t group = 32;

  int low() const { return -(1 << (bits - 1)); }
  int high() const { return (1 << (bits - 1)) - 1; }
  /// The nearest number to x / scale.
  int8_t nearest(float x, float scale) const;
};

/// numbers [outputs, inputs], scales [outputs, inputs / group]; the matrix is numbers * scales. Scales may be
/// negative, so that the number without a counterpart serves either sign.
struct Rounded {
  Numbers numbers;
  Matrix scales;

  Matrix dense(const Grid &grid) const;
};

/// The scale with the least sum of importance * (x - rounded x)^2 over a group, from a search over shares of
/// the largest element and both signs. `importance` has an entry an element.
float searchScale(const Grid &grid, Eigen::Ref<const Eigen::RowVectorXf> x,
                  Eigen::Ref<const Eigen::RowVectorXf> importance);

/// Every group with its searched scale. `importance` has an entry a column; null: all are as important.
Rounded roundNearest(const Matrix &w, const Grid &grid, const Eigen::RowVectorXf *importance = nullptr);

} // namespace hone
#endif
