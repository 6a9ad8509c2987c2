// The order of passes in every phase, each with its reason. What the driver runs is what
// `hone-opt --hone-phase-<name>` runs.
#include "tools/common/Pipelines.h"
#include "lowering/ExecToLLVM/Passes.h"
#include "lowering/HoneToExec/Passes.h"
#include "lowering/KernelToCuda/Passes.h"
#include "lowering/kernels/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/partition/Passes.h"
#include "passes/simplify/Passes.h"
#include <deque>

namespace hone {

static void buildSimplify(mlir::OpPassManager &pm) {
  // Hand-written input may have open types; imported modules are typed already.
  pm.addPass(createInferShapes());
  // Shape computations first: most of a decomposed graph is one, and what they feed gets static.
  pm.addPass(createFoldShapes());
  // Equal constants and sizes become one value, so that raising can compare values.
  pm.addPass(mlir::createCSEPass());
  pm.addPass(createFoldConstants());
  // Raising sees through nothing: casts, expands and reshapes that do nothing must be gone.
  pm.addPass(createSimplifyMovement());
  pm.addPass(mlir::createCSEPass());
  pm.addPass(createRaiseActivations());
  pm.addPass(createRaiseNorms());
  // Rope in front of attention: its result must look like split heads again.
  pm.addPass(createRaiseRope());
  pm.addPass(createSimplifyMovement());
  pm.addPass(createRaiseAttention());
  // Everything is raised: constant factors that are left mean nothing to a pattern.
  pm.addPass(createMergeFactors());
  // Its weights are folded, its sizes too.
  pm.addPass(createLowerConvTranspose());
  // The movement that raising put around its ops cancels with the model's.
  pm.addPass(createSimplifyMovement());
  pm.addPass(createFoldShapes());
  pm.addPass(createFoldConstants());
  pm.addPass(mlir::createCSEPass());
}

static void buildFuse(mlir::OpPassManager &pm) {
  // Raised attention says which products belong together. Residual sums and norms need no merge of their own:
  // kernel regions hold both.
  pm.addPass(createMergeProjections());
  // Query and key stand beside each other now.
  pm.addPass(createMergeRotations());
  // What is left may be of a form that only loops compute.
  pm.addPass(createAlignProducts());
}

static void buildPartition(mlir::OpPassManager &pm) { pm.addPass(createAssignDevices()); }

static void buildKernels(mlir::OpPassManager &pm) {
  // Composites that no family takes must be primitives before regions are formed.
  pm.addPass(createDecomposeComposites());
  pm.addPass(createFormKernels());
}

static void buildSchedule(mlir::OpPassManager &pm) {
  pm.addPass(createHoneToExec());
  // Sizes are computed where they are needed; equal ones become one.
  pm.addPass(mlir::createCSEPass());
}

/// The rest of the way to the LLVM dialect, for host code and device kernels alike. `hasLibm`: functions
/// without an instruction become calls.
static void buildLLVM(mlir::OpPassManager &pm, bool hasLibm) {
  pm.addPass(mlir::memref::createExpandStridedMetadataPass());
  pm.addPass(mlir::createLowerAffinePass());
  pm.addPass(mlir::arith::createArithExpandOpsPass());
  // Functions of libm take vectors apart, which the next conversion lowers.
  pm.addPass(mlir::createConvertMathToLLVMPass());
  if (hasLibm)
    pm.addPass(mlir::createConvertMathToLibmPass());
  pm.addPass(mlir::createConvertVectorToLLVMPass());
  pm.addPass(mlir::createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(mlir::createConvertIndexToLLVMPass());
  pm.addPass(mlir::createArithToLLVMConversionPass());
  pm.addPass(mlir::createConvertControlFlowToLLVMPass());
  pm.addPass(mlir::createConvertFuncToLLVMPass());
  pm.addPass(mlir::createReconcileUnrealizedCastsPass());
  pm.addPass(mlir::createCSEPass());
}

/// Each device kernel is a module of its own.
static void buildDeviceCodegen(mlir::OpPassManager &pm) {
  pm.addPass(mlir::createSCFToControlFlowPass());
  pm.addPass(createKernelToNvvm());
  buildLLVM(pm, /*hasLibm=*/false);
}

static void buildCodegen(mlir::OpPassManager &pm) {
  // Device kernels first: what follows would lower them for the host.
  buildDeviceCodegen(pm.nest<mlir::ModuleOp>());
  // Functions first: what has no polynomial becomes a call only after all vectors are known.
  // CPUs compute with bf16 in f32: said here, so that the roundings are seen by what follows.
  mlir::arith::ArithEmulateUnsupportedFloatsOptions inF32;
  inF32.sourceTypeStrs = {"bf16"};
  pm.addPass(mlir::arith::createArithEmulateUnsupportedFloats(inF32));
  pm.addPass(createExpandMath());
  pm.addPass(mlir::createConvertVectorToSCFPass());
  // Host code leaves early on errors, which structured control flow can't express.
  pm.addPass(mlir::createSCFToControlFlowPass());
  pm.addPass(createExecToLLVM());
  buildLLVM(pm, /*hasLibm=*/true);
}

llvm::ArrayRef<Phase> phases() {
  static const Phase all[] = {
      {"import", "ONNX to the hone dialect", nullptr},
      {"simplify", "shapes and constants folded, movement removed, composites raised", buildSimplify},
      {"compress", "pruning, quantization, precision: only what was asked for", nullptr},
      {"fuse", "graph-level merges", buildFuse},
      {"partition", "a device for every op", buildPartition},
      {"kernels", "kernel regions with their families", buildKernels},
      {"schedule", "buffers, dispatches, kernel bodies", buildSchedule},
      {"codegen", "the LLVM dialect", buildCodegen},
      {"package", "objects, weights and metadata in one file", nullptr},
  };
  return all;
}

/// Passes of MLIR that codegen runs: each by name too, as reproducers and tests of one step ask for them.
static void registerConversions() {
  mlir::registerConvertVectorToSCFPass();
  mlir::registerSCFToControlFlowPass();
  mlir::memref::registerExpandStridedMetadataPass();
  mlir::registerLowerAffinePass();
  mlir::arith::registerArithExpandOpsPass();
  mlir::arith::registerArithEmulateUnsupportedFloatsPass();
  mlir::registerConvertVectorToLLVMPass();
  mlir::registerConvertMathToLLVMPass();
  mlir::registerConvertMathToLibmPass();
  mlir::registerFinalizeMemRefToLLVMConversionPass();
  mlir::registerConvertIndexToLLVMPass();
  mlir::registerArithToLLVMConversionPass();
  mlir::registerConvertControlFlowToLLVMPass();
  mlir::registerConvertFuncToLLVMPass();
  mlir::registerReconcileUnrealizedCastsPass();
}

void registerPhases() {
  registerConversions();
  // The registry refers to the names for as long as the process lives.
  static std::deque<std::string> names;
  for (const Phase &phase : phases())
    if (phase.build)
      mlir::PassPipelineRegistration<>(names.emplace_back("hone-phase-" + phase.name.str()), phase.summary,
                                       phase.build);
}

} // namespace hone
