// What methods do with second moments of a layer's inputs.
#ifndef HONE_PASSES_COMPRESS_MATH_MOMENTS_H
#define HONE_PASSES_COMPRESS_MATH_MOMENTS_H
#include "passes/compress/math/Rounding.h"

namespace hone {

/// With `damping` of the mean of the diagonal added to it, so that the inverse exists: inputs that were never
/// seen carry no information.
Eigen::MatrixXf damped(const Eigen::MatrixXf &moments, double damping);

/// U with M^-1 = U^T U, upper triangular, row-major.
Matrix inverseFactor(const Eigen::MatrixXf &m);

} // namespace hone
#endif
