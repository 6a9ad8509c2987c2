// One device kernel as PTX text, by LLVM in this process.
#include "lowering/Package/DeviceCode.h"
#include "lowering/Package/KnownTargets.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

extern "C" {
void LLVMInitializeNVPTXTargetInfo(void);
void LLVMInitializeNVPTXTarget(void);
void LLVMInitializeNVPTXTargetMC(void);
void LLVMInitializeNVPTXAsmPrinter(void);
}

using namespace mlir;

namespace hone {

static std::unique_ptr<llvm::TargetMachine> makeMachine(mlir::hone::TargetAttr device, std::string &error) {
  static bool initialized = (LLVMInitializeNVPTXTargetInfo(), LLVMInitializeNVPTXTarget(),
                             LLVMInitializeNVPTXTargetMC(), LLVMInitializeNVPTXAsmPrinter(), true);
  (void)initialized;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(found->createTargetMachine(
      triple, device.getCpu().getValue(), device.getFeatures().getValue(), llvm::TargetOptions(),
      std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

FailureOr<std::string> emitPtx(ModuleOp kernel, mlir::hone::TargetAttr device) {
  // LLVM ends the process over a pair that does not exist.
  if (std::string reason = refusesPtx(device); !reason.empty())
    return kernel.emitError() << reason;
  auto unit = UnitAttr::get(kernel.getContext());
  for (auto function : kernel.getOps<LLVM::LLVMFuncOp>()) {
    if (function.isExternal() || function.getLinkage() != LLVM::Linkage::External)
      continue;
    function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), unit);
    // Tensor maps are read where the launch has put them.
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (function.getArgAttr(i, LLVM::LLVMDialect::getByValAttrName()))
        function.setArgAttr(i, NVVM::NVVMDialect::getGridConstantAttrName(), unit);
  }
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> ir = translateModuleToLLVMIR(kernel, context);
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = makeMachine(device, error);
  if (!ir || !machine)
    return kernel.emitError("no LLVM IR could be made for the device: ") << error;
  ir->setTargetTriple(machine->getTargetTriple());
  ir->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *ir)
    if (function.isDeclaration() && !function.isIntrinsic())
      return kernel.emitError("the device has no function '") << function.getName().str() << "'";
  optimize(*ir, *machine);
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return kernel.emitError("the target can't emit PTX");
  passes.run(*ir);
  return text.str().str();
}

} // namespace hone
