// Boxes of a matrix that the copy engine of sm_90a moves into shared memory (TMA), and the transaction
// barriers by which threads learn of them. Barriers: 8 bytes of shared memory (!llvm.ptr<3>).
#ifndef HONE_LOWERING_KERNELTOCUDA_BOXCOPY_H
#define HONE_LOWERING_KERNELTOCUDA_BOXCOPY_H
#include "mlir/IR/Builders.h"

namespace hone {

/// A phase of the barrier ends when `arrivals` threads have arrived and all bytes that are expected.
void initBarrier(mlir::OpBuilder &b, mlir::Location loc, mlir::Value barrier, int64_t arrivals);
/// What this thread has initialized is there for the copy engine; others wait for a barrier of the block.
void publishBarriers(mlir::OpBuilder &b, mlir::Location loc);
/// Waits until the phase of this parity (i32) has ended. A new barrier is in phase 0; phase 1 has ended.
void awaitPhase(mlir::OpBuilder &b, mlir::Location loc, mlir::Value barrier, mlir::Value parity);
void arriveAt(mlir::OpBuilder &b, mlir::Location loc, mlir::Value barrier);
/// Arrives, and has the phase wait for so many bytes.
void expectBytes(mlir::OpBuilder &b, mlir::Location loc, mlir::Value barrier, int64_t bytes);
/// Starts the copy of a box to `to` (!llvm.ptr<3>, 1024 bytes aligned), swizzled by 128 bytes: from element
/// `x` of line `y` (index) on. `map`: a parameter of the kernel (CudaMap).
void copyBox(mlir::OpBuilder &b, mlir::Location loc, mlir::Value to, mlir::Value map, mlir::Value x,
             mlir::Value y, mlir::Value barrier);

/// The threads of a warpgroup go on with so many registers: more, or fewer, than they had.
void setRegisters(mlir::OpBuilder &b, mlir::Location loc, int64_t count, bool isMore);
/// Waits for the `threads` of group `group` (index, below 15) of the block.
void groupBarrier(mlir::OpBuilder &b, mlir::Location loc, mlir::Value group, int64_t threads);

} // namespace hone
#endif
