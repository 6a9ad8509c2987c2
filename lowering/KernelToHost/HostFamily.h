// What a kernel family gives for CPUs: the body of a kernel function, and how host code
// launches it. One subclass a family, found by name through Families.def.
#ifndef HONE_LOWERING_KERNELTOHOST_HOSTFAMILY_H
#define HONE_LOWERING_KERNELTOHOST_HOSTFAMILY_H
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace hone {

/// How a kernel is launched: `units` of parallel work, estimated nanoseconds a unit, bytes of scratch a
/// worker. Index values.
struct Launch {
  mlir::Value units, cost, scratch;
};

class HostFamily {
public:
  virtual ~HostFamily() = default;

  /// Fills the kernel function. Its arguments are the buffers of the region's inputs, then of its results
  /// (memrefs with the identity layout; element types by bufferType), then scratch (memref<?xi8>, 64-byte
  /// aligned), lo and hi (index). The body works on the units [lo, hi) and writes every element of the
  /// results that belongs to them. Results never alias inputs. Built from arith, math, scf, memref, vector
  /// and llvm.call_intrinsic; ends with func.return.
  virtual mlir::LogicalResult emit(mlir::hone::KernelOp kernel, mlir::func::FuncOp function) const = 0;

  /// Emits, in host code, the launch of `kernel` on `buffers` (inputs, then results).
  virtual Launch launch(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                        mlir::ValueRange buffers) const = 0;

  /// Whether LLVM's optimizer (loop vectorizer included) should run over the kernel; hand-scheduled bodies
  /// say no.
  virtual bool wantsOptimizer() const { return true; }
};

/// The family of that name; null when the host has none.
const HostFamily *findHostFamily(llvm::StringRef name);

/// The memref that holds a tensor of this type: storageType elements; 4-bit types as bytes with two elements
/// each, the last dimension halved (rounded up).
mlir::MemRefType bufferType(mlir::RankedTensorType tensor);

} // namespace hone
#endif
