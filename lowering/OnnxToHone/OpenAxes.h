// Axes that only the run knows: forms that are right for any of them, and slower than those for known ones.
#ifndef HONE_LOWERING_ONNXTOHONE_OPENAXES_H
#define HONE_LOWERING_ONNXTOHONE_OPENAXES_H
#include "lowering/OnnxToHone/Node.h"

namespace hone {

/// Whether operand `i` is there and holds axes that are not known when compiling.
bool hasOpenAxes(Node &n, int i);
/// i1 [rank]: the dimensions that `axes` (their number is known) names.
mlir::Value namedAxes(Node &n, mlir::Value axes, int64_t rank);
/// `values` (1-D) without those that `isDropped` marks; `count` stay.
mlir::Value withoutMarked(Node &n, mlir::Value values, mlir::Value isDropped, int64_t count);

mlir::Value reduceOpenly(Node &n, mlir::hone::ReduceKind kind, mlir::Value x, mlir::Value axes, bool keep);
mlir::Value sliceOpenly(Node &n, mlir::Value x, mlir::Value starts, mlir::Value ends, mlir::Value steps,
                        mlir::Value axes);
/// A slice along `axes` with steps that only the run knows.
mlir::Value stepOpenly(Node &n, mlir::Value x, mlir::Value starts, mlir::Value ends, mlir::Value steps,
                       llvm::ArrayRef<int64_t> axes);
/// Two pads for each of `axes` as two for each of `rank` dimensions.
mlir::Value padsOpenly(Node &n, mlir::Value pads, mlir::Value axes, int64_t rank);
mlir::Value unsqueezeOpenly(Node &n, mlir::Value x, mlir::Value axes);
mlir::Value squeezeOpenly(Node &n, mlir::Value x, mlir::Value axes);

} // namespace hone
#endif
