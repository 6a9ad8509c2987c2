// Runs the phases on one model. All order is in Pipelines.cpp; here is what happens around them.
#include "tools/common/Driver.h"
#include "dialects/hone/HoneDialect.h"
#include "lowering/HoneToExec/Signature.h"
#include "lowering/OnnxToHone/Importer.h"
#include "lowering/Package/KnownTargets.h"
#include "lowering/Package/Package.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/simplify/Passes.h"
#include "runtime/abi/Abi.h"
#include "tools/common/Calibrate.h"
#include "tools/common/Compress.h"
#include "tools/common/Diagnostics.h"
#include "tools/common/OptionCheck.h"
#include "tools/common/OutputFile.h"
#include "tools/common/PartitionFile.h"
#include "tools/common/Pipelines.h"
#include "tools/common/Plugins.h"
#include "tools/common/Progress.h"
#include "tools/common/Registration.h"
#include "tools/common/Report.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"

using namespace mlir;

namespace hone {

/// How deep brackets are nested in a file: MLIR's parser follows them by recursion.
static int64_t nesting(StringRef text) {
  int64_t depth = 0, deepest = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      while (++i < text.size() && text[i] != '"' && text[i] != '\n')
        i += text[i] == '\\';
    } else if (text.substr(i).starts_with("//")) {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.substr(i).starts_with("->")) {
      ++i; // closes nothing
    } else if (StringRef("([{<").contains(c)) {
      deepest = std::max(deepest, ++depth);
    } else if (StringRef(")]}>").contains(c)) {
      --depth;
    }
  }
  return deepest;
}

namespace {

class Driver {
public:
  Driver(const CompileOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &err)
      : options(options), out(out), err(err), context(registry(), MLIRContext::Threading::DISABLED),
        progress(err, !options.quiet && (options.verbose || err.is_displayed()), options.verbose),
        diagnostics(context, err, llvm::sys::path::filename(options.model).str(),
                    [this] { progress.clear(); }) {
    useThreads();
    context.loadAllAvailableDialects();
    if (!options.disabledPasses.empty())
      context.registerActionHandler([this](function_ref<void()> run, const tracing::Action &action) {
        auto *pass = dyn_cast<PassExecutionAction>(&action);
        if (!pass || !llvm::is_contained(this->options.disabledPasses, pass->getPass().getArgument()))
          run();
      });
  }

  ~Driver() {
    if (!folder.empty())
      llvm::sys::fs::remove_directories(folder);
    if (!isDone && !weightFile.empty())
      llvm::sys::fs::remove(weightFile);
  }

  int run() {
    if (!loadDialects() || !checkOptions() || !load())
      return 1;
    if (options.checkOnly)
      return writeCheck() ? 0 : 1;
    size_t from = options.compileFrom.empty() ? 0 : phaseNumber(options.compileFrom);
    for (size_t i = std::max<size_t>(from, 1); i <= lastPhase(); ++i)
      if (!runPhase(i))
        return 1;
    progress.clear();
    findings.explanation.noteRemarks(diagnostics.remarks());
    if (options.explain && !write(options.explainFile, explanationText(findings)))
      return 1;
    if (lastPhase() + 1 < phases().size() && !write(options.output, printed()))
      return 1;
    if (!options.reportFile.empty() && !write(options.reportFile, reportText(options, findings)))
      return 1;
    if (options.json)
      out << reportText(options, findings);
    isDone = true;
    return 0;
  }

private:
  static DialectRegistry registry() {
    DialectRegistry all;
    registerDialects(all);
    return all;
  }

  void useThreads() {
    if (options.threads == 1)
      return;
    threads = std::make_unique<llvm::DefaultThreadPool>(llvm::hardware_concurrency(options.threads));
    context.setThreadPool(*threads);
  }

  bool loadDialects() {
    DialectRegistry more;
    for (const std::string &path : options.dialectPlugins)
      if (std::string error; !loadDialectPlugin(path, more, error))
        return fail(error);
    context.appendDialectRegistry(more);
    context.loadAllAvailableDialects();
    return true;
  }

  bool fail(const Twine &message) {
    progress.clear();
    err << "error: " << message << "\n";
    hasFailed = true;
    return false;
  }

  size_t lastPhase() const { return ::hone::lastPhase(options); }

  bool checkOptions() {
    std::string why = refusesOptions(options, context);
    return why.empty() ? checkCompression() : fail(why);
  }

  bool checkCompression() {
    std::string why = readCompressions(options, compressions);
    size_t compress = phaseNumber("compress");
    bool runs = lastPhase() >= compress &&
                (options.compileFrom.empty() || phaseNumber(options.compileFrom) <= compress);
    if (why.empty() && !compressions.empty() && !runs)
      why = "--compress: the phase compress does not run between --compile-from and --compile-to";
    return why.empty() || fail(why);
  }

  bool isIR() const { return StringRef(options.model).ends_with(".mlir"); }

  bool checkText() {
    constexpr int64_t deepest = 2000;
    auto text = llvm::MemoryBuffer::getFile(options.model);
    if (!text)
      return fail(options.model + ": can't be read: " + text.getError().message());
    return nesting((*text)->getBuffer()) <= deepest ||
           fail(options.model + ": expected brackets nested at most " + Twine(deepest) + " deep");
  }

  /// What the phases before this one leave in a module; a model or an earlier dump lacks it.
  bool checkResumed(StringRef phase) {
    SmallVector<StringRef> wanted;
    if (phase == "codegen" || phase == "package")
      wanted = {"hone.calls", "hone.signature", "hone.weight_plan", "hone.weight_bytes"};
    for (StringRef name : wanted)
      if (!(*module)->hasAttr(name))
        return fail(options.model + ": --compile-from=" + phase + " expects what --compile-to=" +
                    phases()[phaseNumber(phase) - 1].name + " writes, but the module has no '" + name + "'");
    if (phase == "package" && !module->lookupSymbol(HONE_ENTRY_SYMBOL))
      return fail(options.model + ": --compile-from=package expects code, but there is no function '" +
                  HONE_ENTRY_SYMBOL + "'");
    return true;
  }

  bool load() {
    progress.begin("import", 1, lastPhase() + 1);
    if (isIR()) {
      modelDir = llvm::sys::path::parent_path(options.model).str();
      if (!checkText())
        return false;
      module = parseSourceFile<ModuleOp>(options.model, ParserConfig(&context));
    } else {
      modelDir = llvm::sys::fs::is_directory(options.model)
                     ? options.model
                     : llvm::sys::path::parent_path(options.model).str();
      ImportOptions import;
      import.dims = options.dims;
      import.checkOnly = options.checkOnly;
      module = importOnnx(options.model, context, import, &findings.problems);
    }
    findings.seconds.emplace_back("import", progress.end());
    if (!module && !options.checkOnly)
      return diagnostics.sawError() ? false : fail(options.model + ": could not be read");
    if (!module) // --check says why
      return writeCheck() && false;
    std::string error;
    auto targets = findTargets(context, options.target, error);
    if (failed(targets))
      return fail(error);
    Builder b(&context);
    (*module)->setAttr("hone.target", targets->host);
    if (targets->device) {
      (*module)->setAttr("hone.device_target", targets->device);
      (*module)->setAttr("hone.device_chips",
                         b.getArrayAttr(llvm::map_to_vector(targets->chips, [](mlir::hone::TargetAttr chip) {
                           return Attribute(chip.getCpu());
                         })));
    }
    size_t from = options.compileFrom.empty() ? 0 : phaseNumber(options.compileFrom);
    if (!askPartition(*targets, from))
      return false;
    if (from <= phaseNumber("schedule") && failed(checkSignature(*module)))
      return false;
    findings.explanation.noteImported(*module);
    if (findings.explanation.model.empty())
      findings.explanation.model = llvm::sys::path::filename(options.model).str();
    if (from && !checkResumed(options.compileFrom))
      return false;
    return !hasInserted("import") || runPasses(*module, phases().front(), /*isModel=*/true);
  }

  /// The phase partition divides the program where both a GPU and the host are named, or limits are.
  bool askPartition(const Targets &targets, size_t from) {
    bool hasLimits = !options.partition.empty() || !options.deviceMemory.empty();
    StringRef flag = options.partition.empty() ? "--device-memory" : "--partition";
    if (hasLimits && !targets.device)
      return fail(flag + ": there is nothing to divide: name a GPU, too (--target=host,sm_80)");
    size_t partition = phaseNumber("partition");
    if (hasLimits && (from > partition || lastPhase() < partition))
      return fail(flag + ": the phase partition does not run between --compile-from and --compile-to");
    if (!targets.device || (!hasLimits && !targets.namesHost))
      return true;
    std::string error;
    DictionaryAttr wanted = readPartition(context, options.partition, options.deviceMemory, error);
    if (!wanted)
      return fail(error);
    (*module)->setAttr("hone.partition", wanted);
    return true;
  }

  /// The answer of --check. True when it was written.
  bool writeCheck() {
    progress.clear();
    if (options.json) {
      out << reportText(options, findings);
      return true;
    }
    for (const std::string &problem : findings.problems)
      out << problem << "\n";
    if (module)
      out << "every node can be compiled\n";
    return true;
  }

  bool runPhase(size_t number) {
    const Phase &phase = phases()[number];
    progress.begin(phase.name, number + 1, lastPhase() + 1);
    bool ok = true;
    if (phase.name == "package")
      ok = package();
    else if (phase.name == "compress" && !compressions.empty())
      ok = compress(phase);
    else if (phase.build || hasInserted(phase.name))
      ok = runPasses(*module, phase, /*isModel=*/true);
    findings.seconds.emplace_back(phase.name.str(), progress.end());
    if (!ok)
      return diagnostics.sawError() || hasFailed ? false : fail(Twine("phase ") + phase.name + " failed");
    if (phase.name == "simplify")
      findings.explanation.noteSimplified(*module);
    if (phase.name == "kernels" && (options.explain || options.json || !options.reportFile.empty()))
      findings.explanation.noteKernels(*module);
    if (phase.name == "schedule") {
      planWeights(*module);
      findings.buffers = explainBuffers(*module);
      findings.weightBytes = (*module)->getAttrOfType<IntegerAttr>("hone.weight_bytes").getInt();
    }
    if (options.saveTemps.empty() || phase.name == "package")
      return true;
    return makeFolder(options.saveTemps) &&
           write((options.saveTemps + "/" + phase.name + ".mlir").str(), printed()) &&
           (phase.name != "schedule" || succeeded(saveDeviceKernels(*module, options.saveTemps)));
  }

  bool makeFolder(const std::string &path) {
    std::error_code code = llvm::sys::fs::create_directories(path);
    return code ? fail("can't make the folder '" + path + "': " + code.message()) : true;
  }

  bool hasInserted(StringRef phase) const {
    return llvm::any_of(options.insertAfter,
                        [&](StringRef entry) { return entry.split(':').first == phase; });
  }

  /// `isModel`: with what the user put behind the phase; recipes go without.
  bool runPasses(ModuleOp target, const Phase &phase, bool isModel) {
    PassManager pm(&context);
    bool patterns = isModel && phase.name == "simplify" && !options.pdlPatterns.empty();
    // Every pass of ours leaves valid IR in tests, a user's compile need not check it twenty times.
    pm.enableVerifier(options.verbose || patterns || (isModel && hasInserted(phase.name)));
    if (phase.build)
      phase.build(pm);
    if (isModel && phase.name == "compress")
      addCompressPasses(compressions, calibration.get(), pm);
    if (patterns)
      pm.addPass(createApplyPdlPatterns({options.pdlPatterns}));
    for (StringRef entry : options.insertAfter)
      if (auto [name, pass] = entry.split(':'); isModel && name == phase.name)
        if (failed(parsePassPipeline(pass, pm, err)))
          return false;
    return succeeded(pm.run(target));
  }

  PackageOptions packageOptions(const std::string &output) {
    PackageOptions package;
    package.output = output;
    package.modelDir = modelDir;
    package.version = HONE_VERSION_TEXT;
    package.arguments = options.arguments;
    package.threads = options.threads;
    package.lower = [&](ModuleOp recipe) -> LogicalResult {
      for (StringRef name : {"kernels", "schedule", "codegen"})
        if (!runPasses(recipe, phases()[phaseNumber(name)], /*isModel=*/false))
          return failure();
      return success();
    };
    package.progress = [&](StringRef what, size_t done, size_t all) { progress.step(what, done, all); };
    return package;
  }

  bool package() {
    PackageOptions package = packageOptions(options.output);
    package.saveTemps = options.saveTemps;
    package.ptxas = options.ptxas;
    package.cacheDir = options.cacheDir;
    package.objectOnly = options.emit == "obj";
    package.program = options.emit == "exe" ? options.runner : "";
    if (!options.saveTemps.empty() && !makeFolder(options.saveTemps))
      return false;
    return succeeded(writeArtifact(*module, package));
  }

  //===-- compression --------------------------------------------------------------------===//

  bool compress(const Phase &phase) {
    SmallString<128> made;
    if (std::error_code code = llvm::sys::fs::createUniqueDirectory("hone-compress", made))
      return fail("can't make a temporary folder: " + code.message());
    folder = made.str().str();
    OwningOpRef<ModuleOp> original;
    if (evaluationSources(options).any())
      original = module->clone();
    if (llvm::any_of(compressions, [](const CompressSpec &spec) { return spec.readsWeights(); }))
      makeCalibration();
    bool ok = readRanges() && runPasses(*module, phase, /*isModel=*/true) && writeRanges();
    std::vector<LayerAccuracy> layers = calibration ? calibration->layers() : std::vector<LayerAccuracy>();
    calibration.reset();
    if (ok && compressions.front().searches())
      return search(std::move(original), std::move(layers));
    return ok && (!original || measure(std::move(original), std::move(layers)));
  }

  /// With samples to learn from the file is written, without it is read.
  bool readRanges() {
    std::string error;
    bool reads = !options.calibrationFile.empty() && options.calibrate.empty();
    return !reads || ranges.read(options.calibrationFile, error) || fail(error);
  }
  bool writeRanges() {
    bool writes = !options.calibrationFile.empty() && !options.calibrate.empty();
    return !writes || write(options.calibrationFile, ranges.text());
  }

  void makeCalibration() {
    CalibrationSetup setup;
    setup.file = options.calibrationFile.empty() ? nullptr : &ranges;
    setup.sources = calibrationSources(options);
    setup.folder = folder;
    // IR that is written refers to the bytes: they stay beside it.
    bool isBeside = lastPhase() + 1 < phases().size() && options.output != "-";
    SmallString<128> path(isBeside ? options.output + ".weights" : folder + "/weights");
    llvm::sys::fs::make_absolute(path);
    setup.weightFile = weightFile = path.str().str();
    setup.package = packageOptions("");
    setup.threads = options.threads;
    setup.progress = [this](StringRef what, size_t done, size_t all) { progress.step(what, done, all); };
    setup.compile = [this](ModuleOp piece, const std::string &file) {
      PassManager pm(&context);
      pm.addPass(createInferShapes());
      return succeeded(pm.run(piece)) && writeQuietly(piece, file);
    };
    calibration = std::make_unique<StagedCalibration>(*module, std::move(setup));
  }

  /// Runs both graphs on this machine and compares; what they are made for may be another.
  bool measure(OwningOpRef<ModuleOp> original, std::vector<LayerAccuracy> layers) {
    std::string files[] = {folder + "/original.hone", folder + "/compressed.hone"}, error;
    OwningOpRef<ModuleOp> compressed = module->clone();
    if (!writeQuietly(*original, files[0]) || !writeQuietly(*compressed, files[1]))
      return false;
    findings.accuracy =
        measureAccuracy(files[0], files[1], evaluationSources(options), options.threads, error,
                        [&](size_t done, size_t all) { progress.step("sample", done, all); });
    if (!findings.accuracy)
      return fail(error);
    findings.accuracy->layers = std::move(layers);
    return judge();
  }

  /// --compress=auto: products that lose most get more bits, until what is left is within the budget.
  bool search(OwningOpRef<ModuleOp> original, std::vector<LayerAccuracy> layers) {
    BitSearchSetup setup;
    setup.write = [this](ModuleOp candidate, const std::string &file) {
      return writeQuietly(candidate, file);
    };
    setup.progress = [this](StringRef what, size_t done, size_t all) { progress.step(what, done, all); };
    setup.sources = evaluationSources(options);
    setup.folder = folder, setup.budget = options.accuracyBudget, setup.threads = options.threads;
    std::string error;
    auto found = BitSearch(*original, *module, layers, setup).run(findings.search, error);
    if (!found)
      return error.empty() ? false : fail(error);
    module = std::move(found);
    findings.accuracy = findings.search.back().accuracy;
    findings.accuracy->layers = std::move(layers);
    return judge();
  }

  /// Prints what compression costs, and holds it to the budget.
  bool judge() {
    progress.clear();
    bool isOutFree =
        options.output != "-" && !options.json && !(options.explain && options.explainFile.empty());
    raw_ostream &to = isOutFree ? out : err;
    for (const SearchPoint &point : findings.search)
      point.print(to);
    findings.accuracy->print(to);
    if (options.accuracyBudget.empty())
      return true;
    std::string error = checkBudget(options.accuracyBudget, &*findings.accuracy);
    return error.empty() || fail(error);
  }

  /// Without the remarks of compiling it.
  bool writeQuietly(ModuleOp model, const std::string &file) {
    size_t said = diagnostics.remarks().size();
    bool ok = writeForHost(model, file);
    diagnostics.keepRemarks(said);
    return ok;
  }

  bool writeForHost(ModuleOp model, const std::string &file) {
    std::string error;
    auto targets = findTargets(context, "host", error);
    if (failed(targets))
      return fail(error);
    model->setAttr("hone.target", targets->host);
    for (StringRef name : {"hone.device_target", "hone.device_chips"})
      model->removeAttr(name);
    for (StringRef name : {"fuse", "partition", "kernels", "schedule", "codegen"}) {
      if (!runPasses(model, phases()[phaseNumber(name)], /*isModel=*/false))
        return false;
      if (name == "schedule")
        planWeights(model);
    }
    return succeeded(writeArtifact(model, packageOptions(file)));
  }

  std::string printed() {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module->print(stream, OpPrintingFlags().enableDebugInfo(options.keepNames));
    return text;
  }

  /// To a file, or to the standard output when there is none.
  bool write(const std::string &path, const std::string &text) {
    if (path.empty() || path == "-") {
      out << text;
      return true;
    }
    std::string error;
    return writeText(path, text, error) || fail(error);
  }

  const CompileOptions &options;
  llvm::raw_ostream &out, &err;
  std::unique_ptr<llvm::DefaultThreadPool> threads; // outlives the context
  MLIRContext context;
  Progress progress;
  DiagnosticPrinter diagnostics;
  OwningOpRef<ModuleOp> module;
  std::string modelDir;
  std::vector<CompressSpec> compressions;
  CalibrationFile ranges;
  std::string folder; // temporary, of compression
  std::unique_ptr<StagedCalibration> calibration;
  std::string weightFile; // of compression: bytes that the module refers to
  bool hasFailed = false; // and said why
  bool isDone = false;
  Findings findings;
};

} // namespace

int compileModel(const CompileOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &err) {
  return Driver(options, out, err).run();
}

} // namespace hone
