// Flags to CompileOptions. Everything else is in tools/common.
#include "tools/common/Compress.h"
#include "tools/common/Driver.h"
#include "tools/common/Plugins.h"
#include "tools/common/Registration.h"
#include "tools/common/Toolkit.h"
#include "tools/hone-compile/Crashes.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <unistd.h>

static const char *const examples = R"(examples:
  hone-compile model.onnx -o model.hone                          for this machine's CPU
  hone-compile folder/ -o model.hone --target=x86-64-v3          a folder with model.onnx, for CPUs with AVX2
  hone-compile model.onnx -o model.hone --target=sm_80           kernels for an NVIDIA GPU
  hone-compile model.onnx -o model.hone --target=host,sm_80 --device-memory=4GB   what does not fit, on the host
  hone-compile model.onnx -o model.hone --dim batch=1 --dim seq=1..512
  hone-compile model.onnx --check                                what can't be compiled, all at once
  hone-compile model.onnx -o model.hone --explain                what was raised, fused, refused and placed, and why
  hone-compile model.onnx --compile-to=simplify -o -             print the IR after a phase
  hone-compile m.mlir --compile-from=partition -o model.hone     go on from an edited dump
  hone-compile model.onnx -o model.hone --load-pass-plugin=libMine.so --insert-after=simplify:my-pass
Phases: import simplify compress fuse partition kernels schedule codegen package)";

/// NAME=8 or NAME=1..4096
static bool parseDim(const std::string &text, hone::CompileOptions &options) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return false;
  std::string range = text.substr(equals + 1);
  char *end = nullptr;
  long long least = std::strtoll(range.c_str(), &end, 10), most = least;
  if (end == range.c_str() || least < 0)
    return false;
  if (*end != '\0') {
    if (end[0] != '.' || end[1] != '.')
      return false;
    const char *second = end + 2;
    most = std::strtoll(second, &end, 10);
    if (end == second || *end != '\0' || most < least)
      return false;
  }
  options.dims[text.substr(0, equals)] = {least, most};
  return true;
}

int main(int argc, char **argv) {
  hone::catchCrashes();
  std::signal(SIGXFSZ, SIG_IGN); // a limit on file sizes is an error of the write, not the end
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) {
    llvm::errs() << "error: internal error of hone-compile: " << reason << "\n";
    _exit(70);
  });

  hone::CompileOptions options;
  CLI::App app{"Compiles an ONNX model into one deployable file.", "hone-compile"};
  app.footer(examples);
  std::vector<std::string> dims, plugins;
  std::string explain;
  bool helpCompress = false;
  app.add_option("model", options.model, "x.onnx, a folder with model.onnx, or x.mlir in the hone dialect");
  app.add_option("-o,--output", options.output, "the file to write; - prints IR");
  app.add_option("--target", options.target,
                 "host, x86-64-v3, x86-64-v4; a GPU: sm_80 ... sm_120a, several with commas")
      ->capture_default_str();
  app.add_option(
      "--partition", options.partition,
      "a JSON file: {\"pin\": [{\"node\": PATTERN, \"device\": \"host\"}], \"memory\": \"4GB\", "
      "\"sizes\": {DIMENSION: 128}}; what is not pinned is divided between host and GPU so that it "
      "takes least");
  app.add_option("--device-memory", options.deviceMemory,
                 "the GPU's memory for weights, as 4GB or 512MiB: what does not fit runs on the host");
  app.add_option("--dim", dims, "NAME=8 fixes, NAME=1..4096 bounds a named dimension (repeatable)");
  app.add_option("--compile-to", options.compileTo, "stop after this phase and print IR");
  app.add_option("--compile-from", options.compileFrom, "resume at this phase");
  app.add_flag("--check", options.checkOnly, "only report the nodes that can't be compiled");
  app.add_option("--compress", options.compress,
                 "METHOD:KEY=VALUE,... makes weights smaller (repeatable; see --help-compress)");
  app.add_option("--calibrate", options.calibrate,
                 "samples to learn from, and to measure what --compress costs: a folder with a sub-folder of "
                 ".npy files a sample, or token ids as .npy");
  app.add_option("--calibration-file", options.calibrationFile,
                 "JSON of what 'smooth' and 'range=' learn: written with --calibrate, read without");
  app.add_option("--eval-tokens", options.evalTokens,
                 "token ids [rows, length] as .npy: perplexity before and after --compress");
  app.add_option("--accuracy-budget", options.accuracyBudget,
                 "cosine:0.999, snr:30dB or ppl:+2%: no file is written when --compress costs more");
  app.add_flag("--help-compress", helpCompress, "list the kinds of compression");
  app.add_flag("--keep-names", options.keepNames,
               "IR that is written names the model's nodes, as loc(\"layer0/MatMul\")");
  app.add_option("--explain", explain, "what was raised, fused and refused, to FILE or the standard output")
      ->expected(0, 1);
  app.add_option("--report", options.reportFile,
                 "a JSON report: phase times, sizes, memory plan, kernels with reasons, remarks");
  app.add_flag("--json", options.json, "the report (with --check: the problems) on the standard output");
  app.add_option("--save-temps", options.saveTemps,
                 "a folder for the IR after each phase, the LLVM IR and the objects");
  app.add_option("--threads", options.threads, "threads to compile with (0: all)");
  app.add_option("--load-pass-plugin", plugins, "a library with passes (repeatable)");
  app.add_option("--load-dialect-plugin", options.dialectPlugins, "a library with dialects (repeatable)");
  app.add_option("--pdl-patterns", options.pdlPatterns, "rewrite patterns in PDL, run after simplify");
  app.add_option("--insert-after", options.insertAfter, "PHASE:PASS puts a pass behind a phase (repeatable)");
  app.add_option("--disable-pass", options.disabledPasses,
                 "leaves passes out, by name (repeatable, or with commas)")
      ->delimiter(',');
  app.add_option("--emit", options.emit,
                 "hone; exe: a program with hone-run's flags; obj: a relocatable object, without weights")
      ->capture_default_str();
  app.add_flag("--quiet", options.quiet, "no progress");
  app.add_flag("--verbose", options.verbose, "a line for each phase; checks the IR after each pass");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0)
      return app.exit(error);
    llvm::errs() << "error: " << error.what() << "; see hone-compile --help\n";
    return 1;
  }
  auto refuse = [](const std::string &message) {
    llvm::errs() << "error: " << message << "\n";
    return 1;
  };
  if (helpCompress) {
    llvm::outs() << hone::compressHelp();
    return 0;
  }
  if (options.model.empty())
    return refuse("no model: give an .onnx file, a folder or an .mlir file; see hone-compile --help");
  for (const std::string &dim : dims)
    if (!parseDim(dim, options))
      return refuse("--dim " + dim + ": expected NAME=8 or NAME=1..4096");
  options.explain = app.count("--explain") > 0;
  options.explainFile = explain;
  options.arguments.assign(argv + 1, argv + argc);
  hone::findToolkit(options, argv[0], reinterpret_cast<void *>(&main));
  hone::registerPasses();
  for (const std::string &plugin : plugins)
    if (std::string error; !hone::loadPassPlugin(plugin, error))
      return refuse(error);
  int code = hone::compileModel(options, llvm::outs(), llvm::errs());
  llvm::outs().flush();
  if (!llvm::outs().has_error())
    return code;
  std::string why = llvm::outs().error().message();
  llvm::outs().clear_error();
  return refuse("can't write to the standard output: " + why);
}
