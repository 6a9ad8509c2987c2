// What a kernel family gives for NVIDIA GPUs: the body of a device function, and how host code computes
// the grid it is launched with. One subclass a family, found by name through CudaFamilies.def.
#ifndef HONE_LOWERING_KERNELTOCUDA_CUDAFAMILY_H
#define HONE_LOWERING_KERNELTOCUDA_CUDAFAMILY_H
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace hone {

/// How a kernel is launched. Index values of the host code; a grid with a size of 0 runs nothing.
struct CudaLaunch {
  mlir::Value x, y, z;     // blocks
  int64_t threads = 256;   // of a block, in one dimension
  int64_t sharedBytes = 0; // dynamic shared memory
};

class CudaFamily {
public:
  virtual ~CudaFamily() = default;

  /// Functions for one kernel, each good for other sizes: host code launches the first that `serves`.
  virtual unsigned variants(mlir::hone::KernelOp kernel) const { return 1; }
  /// Whether (i1, host code) this variant is meant for the sizes of `buffers`. Not asked of the last one,
  /// which does any size.
  virtual mlir::Value serves(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                             mlir::ValueRange buffers, unsigned variant) const {
    return {};
  }

  /// Fills the device function, at whose start `b` stands; the caller ends it. Its arguments are the buffers
  /// of the region's inputs, then of its results, in memory space 1 (identity layout, element types by
  /// bufferType). Every element of the results is written. Results never alias inputs. Built from arith,
  /// math, scf, memref, vector, llvm and nvvm. Shared memory: memref.global in the function's module, memory
  /// space 3.
  virtual mlir::LogicalResult emit(mlir::OpBuilder &b, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
                                   mlir::hone::TargetAttr device, unsigned variant) const = 0;

  /// Emits, in host code, the launch of `kernel` on `buffers` (inputs, then results). Only sizes may be read
  /// from them. `threads` agrees with what the body was made for.
  virtual CudaLaunch launch(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                            mlir::ValueRange buffers, mlir::hone::TargetAttr device,
                            unsigned variant) const = 0;
};

/// The family of that name; null when there is none for GPUs.
const CudaFamily *findCudaFamily(llvm::StringRef name);

/// `type` in the global memory of the device.
mlir::MemRefType onDevice(mlir::MemRefType type);

/// An empty device function for `kernel` in a module of its own, both named `name`.
mlir::func::FuncOp makeDeviceFunction(mlir::OpBuilder &b, mlir::hone::KernelOp kernel, llvm::StringRef name);

/// Writes the math of a device function out as far as the GPU has no instruction for it. What is left that
/// only a library of the host computes is named, and then the kernel runs there; empty: nothing is left.
std::string expandDeviceMath(mlir::func::FuncOp function);

/// Number of this thread in its block, of this block in the grid's x (or y), as index.
mlir::Value threadIndex(mlir::OpBuilder &b, mlir::Location loc);
mlir::Value blockIndex(mlir::OpBuilder &b, mlir::Location loc);
mlir::Value blockIndexY(mlir::OpBuilder &b, mlir::Location loc);
mlir::Value gridSize(mlir::OpBuilder &b, mlir::Location loc); // blocks in x

} // namespace hone
#endif
