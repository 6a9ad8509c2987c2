// Makes the code of all device kernels, on all cores, and puts it into the host module.
#include "lowering/Package/DeviceCode.h"
#include "lowering/Package/Ptxas.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Transforms/LocationSnapshot.h"
#include "runtime/abi/Abi.h"
#include "llvm/Support/FileSystem.h"
#include <atomic>
#include <thread>

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {
struct Kernel {
  ModuleOp module;
  std::string ptx;
  SmallVector<std::pair<StringRef, Cubin>> cubins;
  std::string error; // of ptxas
  bool failed = false;

  StringRef name() { return *module.getSymName(); }
};
} // namespace

static void compile(Kernel &kernel, TargetAttr device, ArrayAttr chips, const Ptxas *ptxas) {
  auto ptx = emitPtx(kernel.module, device);
  if (failed(ptx)) {
    kernel.failed = true;
    return;
  }
  kernel.ptx = std::move(*ptx);
  if (!ptxas || !chips)
    return;
  for (Attribute chip : chips) {
    StringRef name = cast<StringAttr>(chip);
    std::optional<Cubin> cubin = ptxas->assemble(kernel.ptx, name, kernel.error);
    if (!cubin)
      return;
    kernel.cubins.emplace_back(name, std::move(*cubin));
  }
}

/// One entry of hone.device_kernels.
static DictionaryAttr describe(OpBuilder &b, Kernel &kernel, TargetAttr device) {
  SmallVector<NamedAttribute> chips;
  for (auto &[chip, cubin] : kernel.cubins) {
    auto fact = [&](StringRef key, int64_t value) { return b.getNamedAttr(key, b.getI64IntegerAttr(value)); };
    chips.push_back(b.getNamedAttr(
        chip, b.getDictionaryAttr(
                  {fact("bytes", cubin.code.size()), fact("registers", cubin.report.registers),
                   fact("shared", cubin.report.sharedBytes), fact("spill_bytes", cubin.report.spillBytes)})));
  }
  auto function = *kernel.module.getOps<LLVM::LLVMFuncOp>().begin();
  Attribute family = function->getAttr("hone.family");
  return b.getDictionaryAttr({b.getNamedAttr("name", b.getStringAttr(kernel.name())),
                              b.getNamedAttr("family", family ? family : b.getStringAttr("")),
                              b.getNamedAttr("ptx_bytes", b.getI64IntegerAttr(kernel.ptx.size())),
                              b.getNamedAttr("ptx_for", device.getName()),
                              b.getNamedAttr("chips", b.getDictionaryAttr(chips))});
}

/// Constant bytes of the file.
static LLVM::GlobalOp addBytes(OpBuilder &b, Location loc, const Twine &name, StringRef bytes,
                               const Twine &section = "") {
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
  auto global = LLVM::GlobalOp::create(b, loc, type, true, LLVM::Linkage::Internal, name.str(),
                                       b.getStringAttr(bytes), /*alignment=*/16);
  if (!section.isTriviallyEmpty())
    global.setSection(section.str());
  return global;
}

/// The exported table of runtime/abi/Abi.h.
static void addTable(OpBuilder &b, ModuleOp module, std::vector<Kernel> &kernels) {
  Location loc = module.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type();
  struct Row {
    LLVM::GlobalOp kernel, chip, code;
    int64_t number, size;
  };
  std::vector<Row> rows;
  b.setInsertionPointToStart(module.getBody());
  llvm::StringMap<LLVM::GlobalOp> texts;
  auto text = [&](StringRef value) {
    LLVM::GlobalOp &global = texts[value];
    if (!global)
      global = addBytes(b, loc, "hone_name_" + value, (value + Twine('\0')).str());
    return global;
  };
  for (auto [number, kernel] : llvm::enumerate(kernels)) {
    auto add = [&, n = number](StringRef chip, StringRef code) {
      auto data = addBytes(b, loc, kernel.name() + "_" + chip, code, ".hone." + kernel.name() + "." + chip);
      rows.push_back({text(kernel.name()), text(chip), data, int64_t(n), int64_t(code.size())});
    };
    add("ptx", (kernel.ptx + '\0')); // the driver wants its end
    for (auto &[chip, cubin] : kernel.cubins)
      add(chip, cubin.code);
  }
  auto rowType = LLVM::LLVMStructType::getLiteral(b.getContext(), {pointer, pointer, i64, pointer, i64});
  auto type = LLVM::LLVMArrayType::get(rowType, rows.size() + 1);
  auto table = LLVM::GlobalOp::create(b, loc, type, true, LLVM::Linkage::External, HONE_DEVICE_CODE_SYMBOL,
                                      Attribute());
  b.createBlock(&table.getInitializerRegion());
  Value all = LLVM::ZeroOp::create(b, loc, type);
  for (auto [i, row] : llvm::enumerate(rows)) {
    auto set = [&, at = int64_t(i)](Value value, int64_t field) {
      all = LLVM::InsertValueOp::create(b, loc, all, value, ArrayRef<int64_t>{at, field});
    };
    auto number = [&](int64_t value) {
      return LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(value));
    };
    set(LLVM::AddressOfOp::create(b, loc, row.kernel), 0);
    set(LLVM::AddressOfOp::create(b, loc, row.chip), 1);
    set(number(row.number), 2);
    set(LLVM::AddressOfOp::create(b, loc, row.code), 3);
    set(number(row.size), 4);
  }
  LLVM::ReturnOp::create(b, loc, all);
}

static SmallVector<ModuleOp> kernelsOf(ModuleOp module) {
  SmallVector<ModuleOp> kernels;
  for (auto nested : module.getOps<ModuleOp>())
    if (nested->hasAttr("hone.kernel_number"))
      kernels.push_back(nested);
  return kernels;
}

static LogicalResult save(ModuleOp kernel, const std::string &folder, StringRef ending, StringRef text) {
  std::error_code code;
  llvm::raw_fd_ostream out((folder + "/" + *kernel.getSymName() + ending).str(), code);
  if (code)
    return kernel.emitError("can't write into '") << folder << "': " << code.message();
  out << text;
  return success();
}

LogicalResult saveDeviceKernels(ModuleOp module, const std::string &folder) {
  for (ModuleOp kernel : kernelsOf(module)) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    Location node = kernel.getLoc();
    generateLocationsFromIR(stream, (*kernel.getSymName() + ".mlir").str(), kernel, OpPrintingFlags());
    kernel->setLoc(node); // remarks name it
    if (failed(save(kernel, folder, ".mlir", text)))
      return failure();
  }
  return success();
}

/// Lets PTX refer to the lines that operations come from.
static LogicalResult keepLines(ModuleOp kernel) {
  PassManager pm(kernel.getContext());
  pm.addPass(LLVM::createDIScopeForLLVMFuncOpPass({LLVM::DIEmissionKind::DebugDirectivesOnly}));
  return pm.run(kernel);
}

LogicalResult packDeviceCode(ModuleOp module, const PackageOptions &options) {
  auto device = module->getAttrOfType<TargetAttr>("hone.device_target");
  auto chips = module->getAttrOfType<ArrayAttr>("hone.device_chips");
  std::vector<Kernel> kernels;
  for (ModuleOp nested : kernelsOf(module)) {
    kernels.push_back({nested, {}, {}, {}});
    if (!options.saveTemps.empty() && failed(keepLines(nested)))
      return failure();
  }
  if (kernels.empty())
    return success();
  if (!device)
    return module.emitError("expected the attribute hone.device_target beside device kernels");
  llvm::sort(kernels, [](Kernel &a, Kernel &b) {
    auto number = [](Kernel &k) {
      return k.module->getAttrOfType<IntegerAttr>("hone.kernel_number").getInt();
    };
    return number(a) < number(b);
  });
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  registerNVVMDialectTranslation(*module.getContext());

  std::optional<Ptxas> ptxas;
  if (!options.ptxas.empty())
    ptxas.emplace(options.ptxas, options.cacheDir.empty() ? "" : options.cacheDir + "/ptxas");
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; (i = next++) < kernels.size();)
      compile(kernels[i], device, chips, ptxas ? &*ptxas : nullptr);
  };
  size_t count = options.threads > 0 ? options.threads : std::thread::hardware_concurrency();
  std::vector<std::thread> others;
  for (size_t i = 1; i < std::min(count, kernels.size()); ++i)
    others.emplace_back(work);
  work();
  for (std::thread &other : others)
    other.join();

  OpBuilder b(module.getContext());
  SmallVector<Attribute> facts;
  for (Kernel &kernel : kernels) {
    if (kernel.failed)
      return failure();
    if (!kernel.error.empty())
      return kernel.module.emitError("ptxas refuses the kernel '") << kernel.name() << "': " << kernel.error;
    for (auto &[chip, cubin] : kernel.cubins)
      for (const std::string &finding : cubin.report.findings)
        kernel.module.emitRemark("kernel '") << kernel.name() << "' for " << chip << ": " << finding;
    facts.push_back(describe(b, kernel, device));
  }
  module->setAttr("hone.device_kernels", b.getArrayAttr(facts));
  for (Kernel &kernel : kernels)
    if (!options.saveTemps.empty() && failed(save(kernel.module, options.saveTemps, ".ptx", kernel.ptx)))
      return failure();
  addTable(b, module, kernels);
  for (Kernel &kernel : kernels)
    kernel.module.erase();
  return success();
}

} // namespace hone
