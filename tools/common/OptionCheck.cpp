// What can be said of options without the model: names, contradictions, files.
#include "tools/common/OptionCheck.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "tools/common/Pipelines.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;

namespace hone {

namespace {

class OptionCheck {
public:
  OptionCheck(const CompileOptions &options, MLIRContext &context) : options(options), context(context) {}

  bool check() {
    for (auto [flag, name] :
         {std::pair("--compile-to", options.compileTo), {"--compile-from", options.compileFrom}})
      if (!name.empty() && !checkPhase(flag, name))
        return false;
    if (!options.compileFrom.empty() && phaseNumber(options.compileFrom) > lastPhase(options))
      return fail("--compile-from=" + options.compileFrom + " comes after --compile-to=" + options.compileTo);
    if (!options.compileFrom.empty() && options.compileFrom != "import" &&
        !StringRef(options.model).ends_with(".mlir"))
      return fail("--compile-from=" + options.compileFrom + " resumes from an .mlir file, got '" +
                  options.model + "'");
    for (const std::string &pass : options.disabledPasses)
      if (!isPassOfAPhase(pass))
        return fail("--disable-pass " + pass + ": no phase has a pass of this name");
    for (const std::string &entry : options.insertAfter)
      if (!checkInserted(entry))
        return false;
    if (!options.pdlPatterns.empty() && !llvm::sys::fs::exists(options.pdlPatterns))
      return fail("--pdl-patterns: '" + options.pdlPatterns + "' does not exist");
    if (options.threads < 0 || options.threads > 1024)
      return fail("--threads: expected 0 to 1024, got " + Twine(options.threads));
    return checkOutput();
  }

  std::string error;

private:
  bool fail(const Twine &why) {
    error = why.str();
    return false;
  }

  bool isPassOfAPhase(StringRef name) {
    PassManager pm(&context);
    for (const Phase &phase : phases())
      if (phase.build)
        phase.build(pm);
    return llvm::any_of(pm.getPasses(), [&](Pass &pass) { return pass.getArgument() == name; });
  }

  bool checkPhase(StringRef flag, StringRef name) {
    if (phaseNumber(name) < phases().size())
      return true;
    auto names = llvm::map_range(phases(), [](const Phase &p) { return p.name.str(); });
    return fail(flag + ": unknown phase '" + name + "'; phases: " + llvm::join(names, " "));
  }

  /// The passes of an --insert-after are parsed before the model is read.
  bool checkInserted(StringRef entry) {
    auto [phase, pass] = entry.split(':');
    if (pass.empty())
      return fail("--insert-after " + entry + ": expected PHASE:PASS");
    if (!checkPhase("--insert-after", phase))
      return false;
    if (phase == "package")
      return fail("--insert-after " + entry + ": there is no IR behind the last phase");
    std::string said;
    llvm::raw_string_ostream stream(said);
    PassManager pm(&context);
    if (succeeded(parsePassPipeline(pass, pm, stream)))
      return true;
    StringRef why = StringRef(said).split('\n').first;
    if (size_t at = why.find("error: "); at != StringRef::npos)
      why = why.drop_front(at + strlen("error: "));
    return fail("--insert-after " + entry + ": " + why);
  }

  bool checkOutput() {
    if (!llvm::is_contained({"hone", "exe", "obj"}, options.emit))
      return fail("--emit=" + options.emit + ": expected hone, exe or obj");
    if (options.emit == "exe" && !llvm::sys::fs::exists(options.runner))
      return fail("--emit=exe: an executable starts with hone-run, expected at '" + options.runner + "'");
    if (options.output.empty() && !options.checkOnly)
      return fail("no output: give -o FILE (or -o - to print IR with --compile-to)");
    if (options.output == "-" && (options.compileTo.empty() || options.compileTo == "package"))
      return fail("only IR goes to the standard output: add --compile-to=PHASE");
    if ((options.output == "-") + (options.explain && options.explainFile.empty()) + options.json > 1)
      return fail(
          "only one of -o -, --explain and --json can have the standard output: give the others files");
    if (!options.output.empty() && llvm::sys::fs::is_directory(options.output))
      return fail("'" + options.output + "' is a folder, expected a file to write");
    if (lastPhase(options) + 1 == phases().size() && llvm::sys::fs::exists(options.output) &&
        !llvm::sys::fs::is_regular_file(options.output))
      return fail("'" + options.output + "' is not a regular file: it would be replaced");
    if (!llvm::sys::fs::exists(options.model))
      return fail(options.model + ": no such file");
    if (!options.output.empty() && llvm::sys::fs::equivalent(options.model, options.output))
      return fail("'" + options.output + "' is the model itself");
    return true;
  }

  const CompileOptions &options;
  MLIRContext &context;
};

} // namespace

size_t phaseNumber(StringRef name) {
  for (auto [i, phase] : llvm::enumerate(phases()))
    if (phase.name == name)
      return i;
  return phases().size();
}

size_t lastPhase(const CompileOptions &options) {
  return options.compileTo.empty() ? phases().size() - 1 : phaseNumber(options.compileTo);
}

std::string refusesOptions(const CompileOptions &options, MLIRContext &context) {
  OptionCheck check(options, context);
  check.check();
  return check.error;
}

} // namespace hone
