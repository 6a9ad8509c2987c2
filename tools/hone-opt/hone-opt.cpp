// mlir-opt with Hone's dialects, passes and phases. Plugins are loaded before mlir-opt's own flags are read,
// so that a plugin's passes are flags like any other and a library that can't be loaded is one clear error.
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tools/common/Plugins.h"
#include "tools/common/Registration.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

static const char *const overview = R"(Hone's pass driver: mlir-opt with Hone's dialects, passes and phases.

examples:
  hone-opt in.mlir --hone-raise-attention                                  one pass
  hone-opt in.mlir --hone-phase-partition --hone-phase-kernels             phases, as hone-compile runs them
  hone-opt in.mlir --hone-phase-simplify --mlir-print-ir-after-change      each pass that changed something
  hone-opt in.mlir --hone-form-kernels=no-fusion                           a pass with an option
  hone-opt in.mlir --pdl-patterns=mine.mlir --load-pass-plugin=libMine.so --my-pass
What each pass needs and does, with a before and after: docs/generated/passes.md
)";

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  hone::registerDialects(registry);
  hone::registerPasses();
  std::vector<std::string> words(argv, argv + argc), kept;
  std::string error;
  if (!hone::loadPlugins(words, registry, error)) {
    llvm::errs() << "error: " << error << "\n";
    return 1;
  }
  for (size_t i = 0; i < words.size(); ++i) {
    std::string value;
    bool isPdl = hone::takeFlag(words, i, "pdl-patterns", value);
    kept.push_back(isPdl ? "--hone-apply-pdl-patterns=file=" + value : words[i]);
  }
  std::vector<char *> arguments;
  for (std::string &word : kept)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return mlir::asMainReturnCode(mlir::MlirOptMain(int(kept.size()), arguments.data(), overview, registry));
}
