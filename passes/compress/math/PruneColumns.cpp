// Whole columns of a matrix go.
#include "passes/compress/math/Moments.h"
#include "passes/compress/math/Prune.h"
#include <Eigen/Cholesky>
#include <algorithm>
#include <limits>
#include <numeric>

namespace hone {

Columns keepColumns(const Matrix &w, const Eigen::VectorXd &scores, int64_t group, int64_t keep) {
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  std::sort(order.begin(), order.begin() + keep);
  Columns result{{}, Matrix::Zero(w.rows(), w.cols())};
  for (int64_t i = 0; i < keep; ++i)
    for (int64_t column = order[i] * group; column < (order[i] + 1) * group; ++column) {
      result.kept.push_back(column);
      result.w.col(column) = w.col(column);
    }
  return result;
}

Columns removeColumns(const Matrix &w, const Eigen::MatrixXf &moments, int64_t group, int64_t keep,
                      double damping) {
  int64_t n = w.cols(), groups = n / group;
  Eigen::MatrixXd left = w.cast<double>();
  // The inverse over the columns that stay; rows and columns of those that are gone become zero.
  Eigen::MatrixXd inverse = Eigen::LLT<Eigen::MatrixXd>(damped(moments, damping).cast<double>())
                                .solve(Eigen::MatrixXd::Identity(n, n));
  std::vector<char> isGone(groups, 0);
  for (int64_t count = groups; count > keep; --count) {
    int64_t least = -1;
    double lowest = std::numeric_limits<double>::infinity();
    for (int64_t g = 0; g < groups; ++g) {
      if (isGone[g])
        continue;
      auto columns = left.middleCols(g * group, group);
      auto own = inverse.block(g * group, g * group, group, group);
      double loss = group == 1
                        ? columns.squaredNorm() / own(0, 0)
                        : Eigen::LLT<Eigen::MatrixXd>(own).solve(columns.transpose() * columns).trace();
      if (loss < lowest || least < 0) {
        lowest = loss;
        least = g;
      }
    }
    int64_t first = least * group;
    Eigen::MatrixXd rows = inverse.middleRows(first, group);
    Eigen::MatrixXd share = Eigen::LLT<Eigen::MatrixXd>(rows.middleCols(first, group)).solve(rows);
    Eigen::MatrixXd lost = left.middleCols(first, group);
    left.noalias() -= lost * share;
    inverse.noalias() -= rows.transpose() * share;
    isGone[least] = 1;
    left.middleCols(first, group).setZero();
  }
  Eigen::VectorXd stays(groups);
  for (int64_t g = 0; g < groups; ++g)
    stays(g) = !isGone[g];
  return keepColumns(left.cast<float>(), stays, group, keep);
}

} // namespace hone
