// Slices that kernels read in place.
#ifndef HONE_DIALECTS_HONE_SLICES_H
#define HONE_DIALECTS_HONE_SLICES_H
#include "dialects/hone/HoneDialect.h"

namespace hone {

/// Where the neighbouring columns (of the last axis) start that `slice` takes, when it takes nothing else
/// away and the place is a constant.
std::optional<int64_t> firstColumnOf(mlir::hone::SliceOp slice);

} // namespace hone
#endif
