// Counts composite ops and lists kernel regions with what they refused.
#include "tools/common/Explain.h"
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static void collectNames(Location location, llvm::SmallSetVector<StringRef, 4> &names) {
  if (auto named = dyn_cast<NameLoc>(location))
    names.insert(named.getName());
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      collectNames(part, names);
}

std::map<std::string, int> countComposites(ModuleOp module) {
  std::map<std::string, int> counts;
  module.walk([&](Operation *op) {
    if (isa<AttentionOp, RopeOp, RmsNormOp, LayerNormOp, GeluOp, SiluOp>(op))
      ++counts[op->getName().stripDialect().str()];
  });
  return counts;
}

std::vector<std::string> explainModule(ModuleOp module) {
  std::vector<std::string> lines;
  module.walk([&](KernelOp kernel) {
    llvm::SmallSetVector<StringRef, 4> names;
    collectNames(kernel.getLoc(), names);
    std::string line = "kernel (" + kernel.getFamily().str() + ") of";
    for (StringRef name : names)
      line += " " + name.str();
    lines.push_back(line);
    if (std::optional<ArrayAttr> refused = kernel.getRefused())
      for (Attribute reason : *refused)
        lines.push_back("  refused " + cast<StringAttr>(reason).getValue().str());
  });
  return lines;
}

} // namespace hone
