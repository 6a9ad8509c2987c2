#ifndef HONE_LOWERING_HONETOEXEC_PASSES_TD
#define HONE_LOWERING_HONETOEXEC_PASSES_TD
include "mlir/Pass/PassBase.td"

def HoneToExec : Pass<"hone-to-exec", "::mlir::ModuleOp"> {
  let summary = "turns tensors into buffers and kernel regions into functions with dispatches";
  let description = [{
    `@main` becomes straight-line host code: inputs, weights, allocations with liveness, dispatches, library calls, checks.
    Each distinct kernel region becomes one function, filled by its family's emitter.

    Needs: hone-form-kernels: every computing op in a `hone.kernel`. Numerics: the emitters' choice; sums may be taken in another order.
  }];
  let dependentDialects = ["::mlir::exec::ExecDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect", "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::NVVM::NVVMDialect"];
}
#endif
