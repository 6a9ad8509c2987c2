// mlir-lsp-server with Hone's dialects: what an editor asks about .mlir files (errors as one types, the op
// under the cursor, where a value is defined and used).
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Support/LLVM.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "tools/common/Plugins.h"
#include "tools/common/Registration.h"
#include "llvm/Support/LogicalResult.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  hone::registerDialects(registry);
  std::vector<std::string> words(argv, argv + argc);
  std::string error;
  if (!hone::loadPlugins(words, registry, error)) {
    llvm::errs() << "error: " << error << "\n";
    return 1;
  }
  std::vector<char *> arguments;
  for (std::string &word : words)
    arguments.push_back(word.data());
  return llvm::failed(mlir::MlirLspServerMain(int(arguments.size()), arguments.data(), registry));
}
