// Which elements of a matrix become zero, and what the others are then.
#ifndef HONE_PASSES_COMPRESS_MATH_PRUNE_H
#define HONE_PASSES_COMPRESS_MATH_PRUNE_H
#include "passes/compress/math/Gptq.h"

namespace hone {

/// What is taken away: `share` of a row's elements, or, where `keep` is set, all but `keep` of every `of`
/// neighbours of a row (2 of 4; a last group of fewer keeps as many).
struct Sparsity {
  double share = 0.5;
  int64_t keep = 0, of = 0;
};

/// What an element's loss is worth: its size, or with moments of the inputs its size times the root of its
/// input's (Wanda, Sun et al. 2023).
Matrix importance(const Matrix &w, const Eigen::MatrixXf *moments);

/// w with the least important elements at zero, row by row.
Matrix prune(const Matrix &w, const Matrix &importance, const Sparsity &sparsity);

/// w with all elements of size below `threshold` at zero.
Matrix pruneBelow(const Matrix &w, float threshold);

/// As prune, but the elements that stay make good what the others did to the outputs on inputs with these
/// moments (SparseGPT, Frantar and Alistarh 2023): columns in order, elements are chosen by what their loss
/// costs after that, for every group of neighbours or every 128 columns, and each one's error is spread over
/// those behind it.
Matrix reconstruct(const Matrix &w, const Eigen::MatrixXf &moments, const Sparsity &sparsity, double damping,
                   const ParallelFor &parallel);

/// What is left when groups of neighbouring columns are taken out.
struct Columns {
  std::vector<int64_t> kept; ///< columns, ascending
  Matrix w;                  ///< as before in size, with zeros in the columns that are gone
};

/// The `keep` groups of `group` columns with the highest scores, a score a group; the others become zero.
Columns keepColumns(const Matrix &w, const Eigen::VectorXd &scores, int64_t group, int64_t keep);

/// Takes out one group after the other: each time the one whose loss the columns that stay make good best,
/// for outputs on inputs with these moments, and they do (structured Optimal Brain Surgeon, as in ZipLM,
/// Kurtic et al. 2023). What is left is the least-squares fit of the columns that stay.
Columns removeColumns(const Matrix &w, const Eigen::MatrixXf &moments, int64_t group, int64_t keep,
                      double damping);

} // namespace hone
#endif
