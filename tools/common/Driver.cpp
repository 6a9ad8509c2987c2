// Runs the phases on one model. All order is in Pipelines.cpp; here is what happens around them.
#include "tools/common/Driver.h"
#include "dialects/hone/HoneDialect.h"
#include "lowering/OnnxToHone/Importer.h"
#include "lowering/Package/KnownTargets.h"
#include "lowering/Package/Package.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "tools/common/Diagnostics.h"
#include "tools/common/Explain.h"
#include "tools/common/Pipelines.h"
#include "tools/common/Plugins.h"
#include "tools/common/Registration.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include <chrono>

using namespace mlir;

namespace hone {

namespace {

class Driver {
public:
  Driver(const CompileOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &err)
      : options(options), out(out), err(err), context(registry()),
        diagnostics(context, err, llvm::sys::path::filename(options.model).str()) {
    context.loadAllAvailableDialects();
    if (!options.disabledPasses.empty())
      context.registerActionHandler([this](function_ref<void()> run, const tracing::Action &action) {
        auto *pass = dyn_cast<PassExecutionAction>(&action);
        if (!pass || !llvm::is_contained(this->options.disabledPasses, pass->getPass().getArgument()))
          run();
      });
  }

  int run() {
    if (!checkOptions() || !load())
      return 1;
    if (options.checkOnly) {
      out << "every node can be compiled\n";
      return 0;
    }
    size_t from = options.compileFrom.empty() ? 0 : phaseNumber(options.compileFrom);
    size_t to = options.compileTo.empty() ? phases().size() - 1 : phaseNumber(options.compileTo);
    for (size_t i = std::max<size_t>(from, 1); i <= to; ++i)
      if (int code = runPhase(phases()[i]))
        return code;
    if (options.explain && !writeExplanation())
      return 1;
    if (to + 1 < phases().size() && !printModule())
      return 1;
    return options.reportFile.empty() || writeReport() ? 0 : 1;
  }

private:
  static DialectRegistry registry() {
    DialectRegistry all;
    registerDialects(all);
    return all;
  }

  bool fail(const Twine &message) {
    err << "error: " << message << "\n";
    return false;
  }

  static size_t phaseNumber(StringRef name) {
    for (auto [i, phase] : llvm::enumerate(phases()))
      if (phase.name == name)
        return i;
    return phases().size();
  }

  bool isPassOfAPhase(StringRef name) {
    PassManager pm(&context);
    for (const Phase &phase : phases())
      if (phase.build)
        phase.build(pm);
    return llvm::any_of(pm.getPasses(), [&](Pass &pass) { return pass.getArgument() == name; });
  }

  bool checkOptions() {
    for (StringRef name : {options.compileTo, options.compileFrom})
      if (!name.empty() && phaseNumber(name) == phases().size())
        return fail("unknown phase '" + name + "'; phases: " +
                    llvm::join(llvm::map_range(phases(), [](const Phase &p) { return p.name.str(); }), " "));
    for (const std::string &pass : options.disabledPasses)
      if (!isPassOfAPhase(pass))
        return fail("--disable-pass " + pass + ": no phase has a pass of this name");
    if (!llvm::is_contained({"hone", "obj"}, options.emit))
      return fail("--emit=" + options.emit + " is not built; known: hone obj");
    if (options.output.empty() && !options.checkOnly)
      return fail("no output: give -o FILE (or -o - to print IR with --compile-to)");
    if (options.output == "-" && (options.compileTo.empty() || options.compileTo == "package"))
      return fail("only IR goes to the standard output: add --compile-to=PHASE");
    if (!llvm::sys::fs::exists(options.model))
      return fail(options.model + ": no such file");
    return true;
  }

  bool load() {
    auto start = std::chrono::steady_clock::now();
    progress("import");
    if (StringRef(options.model).ends_with(".mlir")) {
      modelDir = llvm::sys::path::parent_path(options.model).str();
      module = parseSourceFile<ModuleOp>(options.model, ParserConfig(&context));
    } else {
      modelDir = llvm::sys::fs::is_directory(options.model)
                     ? options.model
                     : llvm::sys::path::parent_path(options.model).str();
      ImportOptions import;
      import.dims = options.dims;
      import.checkOnly = options.checkOnly;
      std::vector<std::string> problems;
      module = importOnnx(options.model, context, import, &problems);
      for (const std::string &problem : problems)
        if (options.checkOnly)
          out << problem << "\n";
    }
    seconds.emplace_back("import",
                         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (!module)
      return diagnostics.sawError() || options.checkOnly ? false
                                                         : fail(options.model + ": could not be read");
    std::string error;
    auto target = findTarget(context, options.target, error);
    if (failed(target))
      return fail(error);
    (*module)->setAttr("hone.target", *target);
    imported = composites = countComposites(*module);
    return true;
  }

  int runPhase(const Phase &phase) {
    auto start = std::chrono::steady_clock::now();
    progress(phase.name);
    bool ok = true;
    if (phase.name == "package")
      ok = package();
    else if (phase.build || hasInserted(phase.name))
      ok = runPasses(*module, phase);
    seconds.emplace_back(phase.name.str(),
                         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (!ok && !diagnostics.sawError())
      fail(Twine("phase ") + phase.name + " failed");
    if (std::string error; ok && phase.name == "simplify" && !options.pdlPatterns.empty() &&
                           !applyPdlPatterns(*module, options.pdlPatterns, error))
      return fail(error), 1;
    if (ok && phase.name == "schedule")
      planWeights(*module);
    if (ok && phase.name == "simplify")
      composites = countComposites(*module);
    if (ok && phase.name == "kernels" && options.explain)
      explanation = explainModule(*module);
    if (ok && !options.saveTemps.empty() && phase.name != "package")
      ok = dump((options.saveTemps + "/" + phase.name + ".mlir").str());
    return ok ? 0 : 1;
  }

  bool hasInserted(StringRef phase) const {
    return llvm::any_of(options.insertAfter,
                        [&](StringRef entry) { return entry.split(':').first == phase; });
  }

  bool runPasses(ModuleOp target, const Phase &phase) {
    PassManager pm(&context);
    // Every pass leaves valid IR in tests; a user's compile need not check it twenty times.
    pm.enableVerifier(options.verbose);
    if (phase.build)
      phase.build(pm);
    for (StringRef entry : options.insertAfter)
      if (auto [name, pass] = entry.split(':'); name == phase.name)
        if (failed(parsePassPipeline(pass, pm, err)))
          return false;
    return succeeded(pm.run(target));
  }

  bool package() {
    PackageOptions package;
    package.output = options.output;
    package.modelDir = modelDir;
    package.version = "0.1.0";
    package.arguments = options.arguments;
    package.saveTemps = options.saveTemps;
    package.objectOnly = options.emit == "obj";
    package.lower = [&](ModuleOp recipe) -> LogicalResult {
      for (StringRef name : {"kernels", "schedule", "codegen"})
        if (!runPasses(recipe, phases()[phaseNumber(name)]))
          return failure();
      return success();
    };
    package.progress = [&](StringRef what, size_t done, size_t all) { progress(what, done, all); };
    return succeeded(writeArtifact(*module, package));
  }

  void progress(StringRef what, size_t done = 0, size_t all = 0) {
    if (options.quiet || !(options.verbose || err.is_displayed()))
      return;
    err << "\r\033[K" << what;
    if (all > 1)
      err << " " << done << " of " << all;
    if (options.verbose)
      err << "\n";
    finishLine = !options.verbose;
  }

  bool dump(const std::string &path) {
    llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path));
    std::error_code code;
    llvm::raw_fd_ostream file(path, code);
    if (code)
      return fail("can't write '" + path + "': " + code.message());
    module->print(file);
    return true;
  }

  bool printModule() {
    if (options.output != "-")
      return dump(options.output);
    module->print(out);
    return true;
  }

  bool writeExplanation() {
    auto write = [&](llvm::raw_ostream &to) {
      for (auto &[name, count] : composites)
        to << name << ": " << count << ", " << count - imported[name] << " of them raised\n";
      for (const std::string &line : explanation)
        to << line << "\n";
      for (const std::string &remark : diagnostics.remarks())
        to << remark << "\n";
    };
    if (options.explainFile.empty()) {
      write(out);
      return true;
    }
    std::error_code code;
    llvm::raw_fd_ostream file(options.explainFile, code);
    if (code)
      return fail("can't write '" + options.explainFile + "': " + code.message());
    write(file);
    return true;
  }

  bool writeReport() {
    llvm::json::Object times;
    for (auto &[phase, time] : seconds)
      times[phase] = time;
    llvm::json::Array remarks;
    for (const std::string &remark : diagnostics.remarks())
      remarks.push_back(remark);
    llvm::json::Object ops;
    for (auto &[name, count] : composites)
      ops[name] = llvm::json::Object{{"count", count}, {"raised", count - imported[name]}};
    std::error_code code;
    llvm::raw_fd_ostream file(options.reportFile, code);
    if (code)
      return fail("can't write '" + options.reportFile + "': " + code.message());
    uint64_t size = 0;
    llvm::sys::fs::file_size(options.output, size);
    file << llvm::json::Value(llvm::json::Object{{"model", options.model},
                                                 {"seconds", std::move(times)},
                                                 {"bytes", int64_t(size)},
                                                 {"composites", std::move(ops)},
                                                 {"remarks", std::move(remarks)}})
         << "\n";
    return true;
  }

  const CompileOptions &options;
  llvm::raw_ostream &out, &err;
  MLIRContext context;
  DiagnosticPrinter diagnostics;
  OwningOpRef<ModuleOp> module;
  std::string modelDir;
  std::vector<std::string> explanation;
  std::map<std::string, int> imported, composites; // as the model has them, and after simplify
  std::vector<std::pair<std::string, double>> seconds;
  bool finishLine = false;

public:
  ~Driver() {
    if (finishLine)
      err << "\r\033[K";
  }
};

} // namespace

int compileModel(const CompileOptions &options, llvm::raw_ostream &out, llvm::raw_ostream &err) {
  return Driver(options, out, err).run();
}

} // namespace hone
