// Rounding that knows what the inputs are: errors of one element are made good by those behind it.
#ifndef HONE_PASSES_COMPRESS_MATH_GPTQ_H
#define HONE_PASSES_COMPRESS_MATH_GPTQ_H
#include "passes/compress/math/Rounding.h"
#include <functional>

namespace hone {

/// Runs body(i) for i in [0, n), in any order and possibly at once.
using ParallelFor = std::function<void(int64_t n, const std::function<void(int64_t)> &body)>;

struct GptqOptions {
  double damping = 0.01; // of the mean of the moments' diagonal, added to it
  int sweeps = 0;        // of refinement behind the first pass; 0: plain GPTQ
};

/// Rounds w so that the outputs of the layer change little: small (w - r) M (w - r)^T for each row, where M =
/// X^T X [inputs, inputs] are second moments of the inputs. First GPTQ (Frantar et al. 2022): columns in
/// order, the error of each spread over those that are not rounded yet, by the inverse of M; scales are
/// searched as their group is reached. Then coordinate descent: each number and, by least squares, each scale
/// is set to its best beside all others, which never makes a row worse.
Rounded gptq(const Matrix &w, const Eigen::MatrixXf &moments, const Grid &grid, const GptqOptions &options,
             const ParallelFor &parallel);

/// sum over rows of (w - r) M (w - r)^T / (w M w^T): the share of the outputs' energy that is lost.
double outputError(const Matrix &w, const Matrix &rounded, const Eigen::MatrixXf &moments,
                   const ParallelFor &parallel);

} // namespace hone
#endif
