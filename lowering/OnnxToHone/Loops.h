// Loops that handlers write: a hone.loop around a body given as a function.
#ifndef HONE_LOWERING_ONNXTOHONE_LOOPS_H
#define HONE_LOWERING_ONNXTOHONE_LOOPS_H
#include "lowering/OnnxToHone/Node.h"

namespace hone {

/// Builds values inside the loop: carried ones first, then those that are stacked. False after failing.
using LoopBody =
    llvm::function_ref<bool(mlir::Value iteration, mlir::Value condition, llvm::ArrayRef<mlir::Value> carried,
                            mlir::Value &nextCondition, std::vector<mlir::Value> &results)>;

/// `trips` and `condition` as in ONNX Loop (null: none). Results of the loop; empty after failing.
std::vector<mlir::Value> makeLoop(Node &n, mlir::Value trips, mlir::Value condition,
                                  llvm::ArrayRef<mlir::Value> carried, LoopBody body);

/// x with the order along `axis` reversed.
mlir::Value reversed(Node &n, mlir::Value x, int64_t axis);

} // namespace hone
#endif
