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

/// A buffer as the copy engine sees it: a matrix of lines along its last axis, of which boxes of `lines`
/// lines and 128 bytes are copied, swizzled. Lines start at multiples of 16 bytes.
struct CudaMap {
  unsigned buffer; // its number among what `emit` has
  int64_t lines;
};

/// Which of the device functions of a kernel is meant.
struct CudaStep {
  unsigned variant = 0, step = 0;
};

class CudaFamily {
public:
  virtual ~CudaFamily() = default;

  /// Ways to run a kernel, each good for other sizes: host code takes the first that `serves`.
  virtual unsigned variants(mlir::hone::KernelOp kernel) const { return 1; }
  /// Functions that a variant launches one behind the other: each sees what those in front have written.
  virtual unsigned steps(mlir::hone::KernelOp kernel, unsigned variant) const { return 1; }
  /// Buffers that only the steps of a variant see (memory space 1, identity layout), and the sizes of all
  /// their dynamic axes (host code). Nobody has written to them before.
  virtual llvm::SmallVector<mlir::MemRefType> workspaces(mlir::hone::KernelOp kernel,
                                                         unsigned variant) const {
    return {};
  }
  virtual llvm::SmallVector<mlir::Value> workspaceSizes(mlir::OpBuilder &b, mlir::Location loc,
                                                        mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
                                                        mlir::hone::TargetAttr device,
                                                        unsigned variant) const {
    return {};
  }
  /// The maps that a function takes behind its buffers, as parameters of their own (!llvm.ptr).
  virtual llvm::SmallVector<CudaMap> maps(mlir::hone::KernelOp kernel, CudaStep at) const { return {}; }
  /// Whether (i1, host code) this variant is meant for the sizes of `buffers` (inputs, then results). Not
  /// asked of the last one, which does any size.
  virtual mlir::Value serves(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                             mlir::ValueRange buffers, mlir::hone::TargetAttr device,
                             unsigned variant) const {
    return {};
  }

  /// Fills the device function, at whose start `b` stands; the caller ends it. Its arguments are the buffers
  /// of the region's inputs, then of its results, in memory space 1 (identity layout, element types by
  /// bufferType), then the variant's workspaces. The steps write every element of the results. Results never
  /// alias inputs. Built from arith, math, scf, memref, vector, llvm and nvvm. Shared memory: memref.global
  /// in the function's module, memory space 3.
  virtual mlir::LogicalResult emit(mlir::OpBuilder &b, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
                                   mlir::hone::TargetAttr device, CudaStep at) const = 0;

  /// Emits, in host code, the launch of a step of `kernel` on the buffers that `emit` has. Only sizes may be
  /// read from them. `threads` agrees with what the body was made for.
  virtual CudaLaunch launch(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                            mlir::ValueRange buffers, mlir::hone::TargetAttr device, CudaStep at) const = 0;
};

/// The family of that name; null when there is none for GPUs.
const CudaFamily *findCudaFamily(llvm::StringRef name);

/// `type` in the global memory of the device.
mlir::MemRefType onDevice(mlir::MemRefType type);

/// An empty device function for `kernel` in a module of its own, both named `name`.
mlir::func::FuncOp makeDeviceFunction(mlir::OpBuilder &b, mlir::hone::KernelOp kernel,
                                      llvm::ArrayRef<mlir::MemRefType> workspaces, size_t maps,
                                      llvm::StringRef name);

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
