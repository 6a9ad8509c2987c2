// Translation to LLVM IR, optimization, object emission. Two LLVM modules: loops profit from the
// optimizer, hand-scheduled integer kernels lose registers to its reassociation.
#include "lowering/Package/Codegen.h"
#include "lld/Common/Driver.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

LLD_HAS_DRIVER(elf)

using namespace mlir;

namespace hone {

static std::unique_ptr<llvm::TargetMachine> makeMachine(mlir::hone::TargetAttr target, std::string &error) {
  static bool initialized = (llvm::InitializeNativeTarget(), llvm::InitializeNativeTargetAsmPrinter(), true);
  (void)initialized;
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return nullptr;
  llvm::TargetOptions options;
  // Our integer kernels mean vpdpwssd where they say it; for generic CPUs LLVM would split it for latency.
  std::string features = target.getFeatures().getValue().str();
  if (target.fact("vnni"))
    features += ",+fast-dpwssd";
  return std::unique_ptr<llvm::TargetMachine>(
      found->createTargetMachine(triple, target.getCpu().getValue(), features, options, llvm::Reloc::PIC_,
                                 std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = false;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

/// Splits kernels that the optimizer must not see into a module of their own.
static OwningOpRef<ModuleOp> splitUnoptimized(ModuleOp module) {
  OpBuilder b(module.getContext());
  OwningOpRef<ModuleOp> rest = ModuleOp::create(module.getLoc());
  for (auto function : llvm::make_early_inc_range(module.getOps<LLVM::LLVMFuncOp>())) {
    if (!function->hasAttr("hone.no_opt") || function.isExternal())
      continue;
    b.setInsertionPointToEnd(rest->getBody());
    auto moved = cast<LLVM::LLVMFuncOp>(b.clone(*function));
    moved.setLinkage(LLVM::Linkage::External);
    moved.setVisibility_(LLVM::Visibility::Hidden);
    moved.setSymVisibilityAttr({});
    // Intrinsic declarations follow their callers.
    moved.walk([&](LLVM::CallOp call) {
      auto callee = call.getCallee();
      if (callee && !rest->lookupSymbol(*callee))
        if (auto declared = module.lookupSymbol<LLVM::LLVMFuncOp>(*callee); declared && declared.isExternal())
          b.clone(*declared);
    });
    function.getBody().dropAllReferences();
    function.getBody().getBlocks().clear();
    function.setLinkage(LLVM::Linkage::External);
    function.setVisibility_(LLVM::Visibility::Hidden);
    function.setSymVisibilityAttr({});
  }
  return rest;
}

FailureOr<std::vector<Object>> compileObjects(ModuleOp module, mlir::hone::TargetAttr target,
                                              StringRef dumpDir) {
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  OwningOpRef<ModuleOp> code = module.clone();
  for (auto weight : llvm::make_early_inc_range(code->getOps<mlir::hone::WeightOp>()))
    weight.erase();
  OwningOpRef<ModuleOp> plain = splitUnoptimized(*code);

  std::vector<Object> objects;
  for (auto [part, isOptimized] : {std::pair(*code, true), std::pair(*plain, false)}) {
    if (part.getBody()->empty())
      continue;
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> ir = translateModuleToLLVMIR(part, context);
    std::string error;
    std::unique_ptr<llvm::TargetMachine> machine = makeMachine(target, error);
    if (!ir || !machine)
      return module.emitError("no LLVM IR could be made: ") << error;
    ir->setTargetTriple(machine->getTargetTriple());
    ir->setDataLayout(machine->createDataLayout());
    for (llvm::Function &function : *ir)
      if (!function.isDeclaration() && function.getName() != "hone_entry" && function.hasExternalLinkage())
        function.setVisibility(llvm::GlobalValue::HiddenVisibility);
    if (isOptimized)
      optimize(*ir, *machine);
    if (!dumpDir.empty()) {
      std::error_code code;
      llvm::raw_fd_ostream out((dumpDir + (isOptimized ? "/optimized.ll" : "/plain.ll")).str(), code);
      if (!code)
        ir->print(out, nullptr);
      out.clear_error();
    }
    Object object;
    llvm::raw_svector_ostream stream(object);
    llvm::legacy::PassManager passes;
    if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
      return module.emitError("the target can't emit object files");
    passes.run(*ir);
    if (!dumpDir.empty()) {
      std::error_code code;
      llvm::raw_fd_ostream out((dumpDir + (isOptimized ? "/optimized.o" : "/plain.o")).str(), code);
      if (!code)
        out << StringRef(object.data(), object.size());
      out.clear_error(); // dumps are a help, not a result
    }
    objects.push_back(std::move(object));
  }
  return objects;
}

LogicalResult linkObjects(ArrayRef<Object> objects, StringRef path, bool shared, std::string &error) {
  std::vector<std::string> names;
  llvm::scope_exit cleanup([&] {
    for (const std::string &name : names)
      llvm::sys::fs::remove(name);
  });
  // lld writes through a mapping: a disk that fills up meanwhile would be a fault and no error.
  uint64_t needed = 1 << 20;
  for (const Object &object : objects)
    needed += 2 * object.size();
  StringRef folder = llvm::sys::path::parent_path(path);
  auto space = llvm::sys::fs::disk_space(folder.empty() ? StringRef(".") : folder);
  if (space && space->available < needed) {
    error = "can't write beside '" + path.str() + "': no space left, expected " + std::to_string(needed) +
            " bytes for linking";
    return failure();
  }
  for (const Object &object : objects) {
    int file;
    llvm::SmallString<128> name;
    if (std::error_code code = llvm::sys::fs::createUniqueFile(path + ".%%%%%%.o", file, name)) {
      error = "can't write beside '" + path.str() + "': " + code.message();
      return failure();
    }
    names.push_back(name.str().str());
    llvm::raw_fd_ostream out(file, true);
    out.write(object.data(), object.size());
    out.close();
    if (out.has_error()) {
      error = "can't write '" + names.back() + "': " + out.error().message();
      out.clear_error();
      return failure();
    }
  }
  std::string output = path.str();
  std::vector<const char *> arguments = {"ld.lld", shared ? "-shared" : "-r", "-o", output.c_str()};
  if (shared)
    arguments.insert(arguments.end(), {"-z", "now", "--hash-style=gnu", "--gc-sections", "-s"});
  for (const std::string &name : names)
    arguments.push_back(name.c_str());
  std::string said;
  llvm::raw_string_ostream stream(said);
  lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode == 0)
    return success();
  error = "linking failed: " + said;
  return failure();
}

} // namespace hone
