// Feeds the importer with what libFuzzer makes of a corpus of small models: every input must
// give a module that verifies or an error, and never a crash, a hang or much memory.
//
//   tools/dev/build --preset fuzz import-fuzzer
//   tools/dev/python test/e2e/bad_models.py --write corpus
//   build-fuzz/bin/import-fuzzer corpus -rss_limit_mb=2000 -timeout=20
#include "lowering/OnnxToHone/Importer.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "tools/common/Registration.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <unistd.h>

/// The importer maps a file: one in memory, the same for all inputs.
static const std::string &modelPath() {
  static const std::string path = "/dev/shm/hone-import-fuzzer-" + std::to_string(getpid()) + ".onnx";
  return path;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A context keeps every attribute it has seen: now and then a fresh one, or memory looks as if it ran out.
  static std::unique_ptr<mlir::MLIRContext> context;
  static int runs = 0;
  if (runs++ % 1000 == 0) {
    mlir::DialectRegistry registry;
    hone::registerDialects(registry);
    context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
    context->loadAllAvailableDialects();
  }
  static const int atEnd = atexit([] { unlink(modelPath().c_str()); });
  (void)atEnd;
  FILE *file = fopen(modelPath().c_str(), "wb");
  if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
    abort();

  size_t errors = 0;
  mlir::ScopedDiagnosticHandler count(context.get(), [&](mlir::Diagnostic &diagnostic) {
    errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
    return mlir::success();
  });
  std::vector<std::string> problems;
  mlir::OwningOpRef<mlir::ModuleOp> module = hone::importOnnx(modelPath(), *context, {}, &problems);
  if (!module && !errors && problems.empty())
    abort(); // refused without a word
  if (module && failed(mlir::verify(*module)))
    abort(); // accepted, but wrong
  return 0;
}
