// Passes from shared libraries and patterns from PDL files.
#include "tools/common/Plugins.h"
#include "mlir/Conversion/PDLToPDLInterp/PDLToPDLInterp.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/Error.h"

using namespace mlir;

namespace hone {

bool loadPassPlugin(const std::string &path, std::string &error) {
  auto plugin = PassPlugin::load(path);
  if (!plugin) {
    error = "--load-pass-plugin: " + llvm::toString(plugin.takeError());
    return false;
  }
  plugin->registerPassRegistryCallbacks();
  return true;
}

bool applyPdlPatterns(ModuleOp module, const std::string &path, std::string &error) {
  OwningOpRef<ModuleOp> patterns = parseSourceFile<ModuleOp>(path, ParserConfig(module.getContext()));
  if (!patterns) {
    error = "--pdl-patterns: '" + path + "' could not be read";
    return false;
  }
  PDLPatternModule pdl(std::move(patterns));
  RewritePatternSet set(module.getContext());
  set.add(std::move(pdl));
  if (failed(applyPatternsGreedily(module, std::move(set)))) {
    error = "--pdl-patterns: the patterns of '" + path + "' did not come to an end";
    return false;
  }
  return true;
}

} // namespace hone
