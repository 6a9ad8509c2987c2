// Translation to LLVM IR, optimization, object emission. Every kernel is an LLVM module of its own: they are
// compiled at the same time, and while loops profit from the optimizer, hand-scheduled integer kernels, which
// lose registers to its reassociation, go without it. Objects do not depend on the number of threads.
#include "lowering/Package/Codegen.h"
#include "lld/Common/Driver.h"
#include "lowering/Package/BFloat.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/Threading.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "runtime/abi/Abi.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SetVector.h"
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

namespace {
/// What becomes one object.
struct Part {
  std::string name;
  bool isOptimized;
  OwningOpRef<ModuleOp> module;
};

/// Splits a module into parts that can be compiled at the same time: the host code, and every kernel. What a
/// part refers to goes with it, but for kernels, which it only declares.
class Splitter {
public:
  explicit Splitter(ModuleOp module) : module(module), symbols(module) {}

  std::vector<Part> run() {
    std::vector<Part> parts;
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      if (function.getName() == HONE_ENTRY_SYMBOL || isKernel(function))
        parts.push_back(part(function));
    return parts;
  }

private:
  static bool isKernel(Operation *op) { return op->hasAttr("hone.family"); }

  Part part(LLVM::LLVMFuncOp root) {
    Part made{root.getName().str(), !root->hasAttr("hone.no_opt"), ModuleOp::create(root.getLoc())};
    OpBuilder b = OpBuilder::atBlockEnd(made.module->getBody());
    llvm::SetVector<Operation *> members;
    members.insert(root);
    // What the runtime looks up by name belongs to the host code, which need not refer to it.
    if (!isKernel(root))
      for (auto global : module.getOps<LLVM::GlobalOp>())
        if (global.getLinkage() == LLVM::Linkage::External)
          members.insert(global);
    for (size_t i = 0; i < members.size(); ++i) {
      Operation *member = members[i];
      if (i && isKernel(member)) {
        declare(b, cast<LLVM::LLVMFuncOp>(member));
        continue;
      }
      Operation *copy = b.clone(*member);
      if (auto function = dyn_cast<LLVM::LLVMFuncOp>(copy); function && !function.isExternal())
        function.setLinkage(i ? LLVM::Linkage::Internal : LLVM::Linkage::External);
      auto uses = SymbolTable::getSymbolUses(member);
      for (SymbolTable::SymbolUse use : *uses)
        if (Operation *used = symbols.lookup(use.getSymbolRef().getRootReference()))
          members.insert(used);
    }
    return made;
  }

  static void declare(OpBuilder &b, LLVM::LLVMFuncOp kernel) {
    LLVM::LLVMFuncOp::create(b, kernel.getLoc(), kernel.getName(), kernel.getFunctionType())
        .setVisibility_(LLVM::Visibility::Hidden);
  }

  ModuleOp module;
  SymbolTable symbols;
};
} // namespace

/// Errors come back as text: parts are compiled by several threads.
static std::string compile(Part &part, mlir::hone::TargetAttr target, StringRef dumpDir, Object &object) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> ir = translateModuleToLLVMIR(*part.module, context);
  std::string error = "its translation failed";
  std::unique_ptr<llvm::TargetMachine> machine = ir ? makeMachine(target, error) : nullptr;
  if (!machine)
    return "no LLVM IR could be made: " + error;
  ir->setTargetTriple(machine->getTargetTriple());
  ir->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *ir)
    if (!function.isDeclaration() && function.getName() != HONE_ENTRY_SYMBOL && function.hasExternalLinkage())
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
  if (part.isOptimized)
    optimize(*ir, *machine);
  if (!target.fact("bf16"))
    moveBFloatsAsBits(*ir);
  auto dump = [&](StringRef suffix, llvm::function_ref<void(llvm::raw_ostream &)> write) {
    if (dumpDir.empty())
      return;
    std::error_code code;
    llvm::raw_fd_ostream out((dumpDir + "/" + part.name + suffix).str(), code);
    if (!code)
      write(out);
    out.clear_error(); // dumps are a help, not a result
  };
  dump(".ll", [&](llvm::raw_ostream &out) { ir->print(out, nullptr); });
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
    return "the target can't emit object files";
  passes.run(*ir);
  dump(".o", [&](llvm::raw_ostream &out) { out << StringRef(object.data(), object.size()); });
  return "";
}

FailureOr<std::vector<Object>> compileObjects(ModuleOp module, mlir::hone::TargetAttr target,
                                              StringRef dumpDir) {
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  std::vector<Part> parts = Splitter(module).run();
  std::vector<Object> objects(parts.size());
  std::vector<std::string> errors(parts.size());
  parallelFor(module.getContext(), 0, parts.size(), [&](size_t i) {
    errors[i] = compile(parts[i], target, dumpDir, objects[i]);
    parts[i].module = nullptr;
  });
  for (const std::string &error : errors)
    if (!error.empty())
      return module.emitError() << error;
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
