// Rows on warps: a kernel whose elements come from reductions, with one warp a row.
#ifndef HONE_LOWERING_KERNELTOCUDA_ROWS_H
#define HONE_LOWERING_KERNELTOCUDA_ROWS_H
#include "lowering/KernelToCuda/CudaFamily.h"
#include <optional>

namespace hone {

/// The axis of the results along which a row runs; -1: each element is a row of its own, reduced from others.
/// None: the region has no reduction that is worth a warp.
std::optional<int64_t> rowAxis(mlir::hone::KernelOp kernel);

/// The body of the function: warps take rows in turn. Reductions that are the same for a whole row are done
/// once by all lanes; whatever else an element needs is done by its own lane.
void emitRows(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
              int64_t axis);
CudaLaunch launchRows(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                      mlir::ValueRange buffers, int64_t axis, mlir::hone::TargetAttr device);

} // namespace hone
#endif
