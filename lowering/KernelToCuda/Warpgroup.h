// Products of a warpgroup (128 threads) on the tensor cores of sm_90a, as far as MLIR's ops do not say what
// is needed: wgmma reads both operands from shared memory and works while its threads go on.
#ifndef HONE_LOWERING_KERNELTOCUDA_WARPGROUP_H
#define HONE_LOWERING_KERNELTOCUDA_WARPGROUP_H
#include "mlir/IR/Builders.h"

namespace hone {

/// Where a tile lies, as wgmma takes it (i64): lines of 128 bytes along k, swizzled in groups of 8, from
/// `address` on (!llvm.ptr<3>), a multiple of 1024 bytes but for steps of k of 32 bytes each.
mlir::Value tileDescriptor(mlir::OpBuilder &b, mlir::Location loc, mlir::Value address);

/// Starts sums += left * right of 64 rows and 2 * sums.size() columns by 32 bytes of k. `sums` (f32; i32
/// where `element` is i8) become what may be given to further products, and read after `waitForProducts`:
/// register 4 j + i of lane 4 g + t of a warp is row g + 8 (i / 2) of the warp's 16, column 8 j + 2 t + i
/// % 2. `element`: f16, bf16 or i8.
void startProduct(mlir::OpBuilder &b, mlir::Location loc, mlir::Type element, mlir::Value left,
                  mlir::Value right, llvm::MutableArrayRef<mlir::Value> sums);

/// In front of the first product: what threads have written to `sums` and to shared memory counts.
void beginProducts(mlir::OpBuilder &b, mlir::Location loc);
/// Ends a group of products; waits until at most `pending` groups are under way.
void endProducts(mlir::OpBuilder &b, mlir::Location loc);
void waitForProducts(mlir::OpBuilder &b, mlir::Location loc, int64_t pending,
                     llvm::MutableArrayRef<mlir::Value> sums);

} // namespace hone
#endif
