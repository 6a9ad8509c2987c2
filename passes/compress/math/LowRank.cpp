// Truncation in the space where the inputs are white. The smaller side is decomposed.
#include "passes/compress/math/LowRank.h"
#include "passes/compress/math/Moments.h"
#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>

namespace hone {

Factors lowRank(const Matrix &w, const Eigen::MatrixXf *moments, int64_t rank, double energy) {
  Eigen::MatrixXd wide = w.cast<double>(), white = wide;
  Eigen::LLT<Eigen::MatrixXd> inputs;
  if (moments) {
    inputs.compute(damped(*moments, 1e-4).cast<double>());
    white = wide * Eigen::MatrixXd(inputs.matrixL());
  }
  bool byOutputs = w.rows() <= w.cols();
  Eigen::MatrixXd second;
  if (byOutputs)
    second.noalias() = white * white.transpose();
  else
    second.noalias() = white.transpose() * white;
  // Ascending: the last eigenvectors matter most.
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(second);
  Eigen::VectorXd values = solver.eigenvalues().cwiseMax(0);
  double whole = values.sum(), kept = 0;
  int64_t side = values.size(), most = rank ? std::min(rank, side) : side, r = 0;
  while (r < most && (rank || kept < energy * whole))
    kept += values(side - 1 - r++);
  r = std::max<int64_t>(r, 1);
  Eigen::MatrixXd basis = solver.eigenvectors().rightCols(r);
  Factors factors;
  factors.kept = whole > 0 ? kept / whole : 1;
  if (byOutputs) {
    factors.up = basis.cast<float>();
    factors.down = (basis.transpose() * wide).cast<float>();
  } else {
    factors.up = (white * basis).cast<float>();
    Eigen::MatrixXd down = basis.transpose();
    if (moments) // times L^-1 from the right
      down = inputs.matrixL().transpose().solve(down.transpose()).transpose();
    factors.down = down.cast<float>();
  }
  return factors;
}

} // namespace hone
