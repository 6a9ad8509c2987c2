// Matrices as products of two thin ones.
#ifndef HONE_PASSES_COMPRESS_MATH_LOWRANK_H
#define HONE_PASSES_COMPRESS_MATH_LOWRANK_H
#include "passes/compress/math/Rounding.h"

namespace hone {

struct Factors {
  Matrix up, down; ///< [outputs, rank], [rank, inputs]: up * down is near the matrix
  double kept = 0; ///< share of the outputs' energy
};

/// The best product of `rank` columns and rows (0: of the least rank that keeps `energy`, a share of 1): of
/// all such it changes the outputs least on inputs with these moments, or, without any, the matrix itself. By
/// the eigenvectors of the outputs' (or inputs') second moments, which is the truncated singular value
/// decomposition of w * L with M = L L^T.
Factors lowRank(const Matrix &w, const Eigen::MatrixXf *moments, int64_t rank, double energy);

} // namespace hone
#endif
