// Damping and inversion, in double where it matters.
#include "passes/compress/math/Moments.h"
#include <Eigen/Cholesky>

namespace hone {

Eigen::MatrixXf damped(const Eigen::MatrixXf &moments, double damping) {
  Eigen::MatrixXf m = moments;
  double mean = m.diagonal().cast<double>().mean();
  float added = float(mean > 0 ? damping * mean : 1);
  m.diagonal().array() += added;
  return m;
}

Matrix inverseFactor(const Eigen::MatrixXf &m) {
  Eigen::MatrixXd wide = m.cast<double>();
  Eigen::MatrixXd inverse = wide.llt().solve(Eigen::MatrixXd::Identity(m.rows(), m.cols()));
  Eigen::MatrixXd lower = Eigen::LLT<Eigen::MatrixXd>(inverse).matrixL();
  return lower.transpose().cast<float>();
}

} // namespace hone
