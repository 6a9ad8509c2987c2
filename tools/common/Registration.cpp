// The dialects and passes that the tools know. Passes register themselves from their Passes.td.
#include "tools/common/Registration.h"
#include "dialects/exec/ExecDialect.h"
#include "dialects/hone/HoneDialect.h"
#include "lowering/ExecToLLVM/Passes.h"
#include "lowering/HoneToExec/Passes.h"
#include "lowering/KernelToCuda/Passes.h"
#include "lowering/kernels/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/PDL/IR/PDL.h"
#include "mlir/Dialect/PDLInterp/IR/PDLInterp.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/Passes.h"
#include "passes/compress/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/partition/Passes.h"
#include "passes/simplify/Passes.h"
#include "tools/common/Pipelines.h"

namespace hone {

void registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::hone::HoneDialect, mlir::exec::ExecDialect, mlir::arith::ArithDialect,
                  mlir::cf::ControlFlowDialect, mlir::func::FuncDialect, mlir::LLVM::LLVMDialect,
                  mlir::math::MathDialect, mlir::memref::MemRefDialect, mlir::NVVM::NVVMDialect,
                  mlir::pdl::PDLDialect, mlir::pdl_interp::PDLInterpDialect, mlir::scf::SCFDialect,
                  mlir::vector::VectorDialect>();
}

void registerPasses() {
  mlir::registerTransformsPasses();
  registerHoneSimplifyPasses();
  registerHoneCompressPasses();
  registerHoneFusePasses();
  registerHonePartitionPasses();
  registerHoneKernelsPasses();
  registerHoneToExecPasses();
  registerHoneKernelToCudaPasses();
  registerHoneExecToLLVMPasses();
  registerPhases();
}

} // namespace hone
