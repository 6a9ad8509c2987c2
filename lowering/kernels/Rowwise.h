// Which rows a rowwise kernel works on, for both halves of the family.
#ifndef HONE_LOWERING_KERNELS_ROWWISE_H
#define HONE_LOWERING_KERNELS_ROWWISE_H
#include "lowering/kernels/KernelFamily.h"

namespace hone {
const KernelFamily &getRowwiseFamily();

/// The space that a kernel walks over: its last `columns` axes are one row.
struct RowSpace {
  std::vector<mlir::hone::DimExpr> dims;
  int64_t columns = 0;
  /// Axes in front of the columns along which whole rows are reduced.
  int64_t depth = 0;

  /// `dims` as long as the space's, ones in front; false when it has more.
  bool align(std::vector<mlir::hone::DimExpr> &tensor) const;
  /// Whether a tensor is known to have one element a row or to follow all columns, and each axis in front is
  /// the space's or 1.
  bool isFollowedBy(std::vector<mlir::hone::DimExpr> tensor) const;
  /// Whether every element of the tensor is one of the space.
  bool isCoveredBy(std::vector<mlir::hone::DimExpr> tensor) const;
};

/// The space of `root`, or, when it is null, of a chain of elementwise ops whose last result is `last` and
/// that reads `leaves`; no columns when there is none.
RowSpace rowSpaceOf(mlir::Operation *root, mlir::Value last, mlir::ArrayRef<mlir::Value> leaves,
                    mlir::hone::Shapes &shapes);
/// The space behind a reduction: rows that are one number, or what rows were reduced to.
RowSpace spaceBehind(mlir::hone::ReduceOp op, const RowSpace &space, mlir::hone::Shapes &shapes);
} // namespace hone
#endif
