#ifndef HONE_LOWERING_KERNELTOCUDA_PASSES_TD
#define HONE_LOWERING_KERNELTOCUDA_PASSES_TD
include "mlir/Pass/PassBase.td"

def KernelToNvvm : Pass<"hone-kernel-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "gives the kernel of a device module its parameters: pointers and dynamic sizes";
  let description = [{
    Runs on the nested module of one kernel. Each buffer becomes a pointer to global memory (nothing else reaches it; inputs are
    only read) and an i64 for each dynamic size, in the order in which exec.launch passes them. Upstream conversions lower the rest.

    Needs: a kernel function on memrefs, filled by its family's emitter. Numerics: unchanged.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}
#endif
