#ifndef HONE_LOWERING_EXECTOLLVM_PASSES_TD
#define HONE_LOWERING_EXECTOLLVM_PASSES_TD
include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"hone-expand-math"> {
  let summary = "writes f32 functions as polynomials";
  let description = [{
    exp, log, erf, tanh and the like on f32 scalars and vectors; what has no polynomial stays and becomes a call of libm.
    f64 becomes a 16-bit float by way of f32 rounded to odd; f32 becomes bf16 in integers where the target has no instruction for it.

    Needs: kernel functions on vectors already, so that a vector's function is one polynomial. Numerics: within 2e-6 of
    libm's, relative (`test/e2e/ops/Elementwise.py` holds exp, tanh and erf to that).
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def ExecToLLVM : Pass<"hone-exec-to-llvm", "::mlir::ModuleOp"> {
  let summary = "maps exec ops to the calls of runtime/abi/Abi.h";
  let description = [{
    `@main` becomes `hone_entry(runtime, inputs, outputs) -> i32`; each kernel function takes its argument block, scratch and range.
    Memrefs are rebuilt from pointers and dynamic sizes; upstream conversions lower the rest.

    Needs: scf lowered to cf (convert-scf-to-cf). Numerics: unchanged.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect"];
}
#endif
