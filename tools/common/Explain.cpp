// Counts composite ops and buffers, and lists kernel regions with what they refused.
#include "tools/common/Explain.h"
#include "dialects/exec/ExecDialect.h"
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

std::vector<KernelNote> explainKernels(ModuleOp module) {
  std::vector<KernelNote> notes;
  module.walk([&](KernelOp kernel) {
    KernelNote &note = notes.emplace_back();
    note.family = kernel.getFamily().str();
    llvm::SmallSetVector<StringRef, 4> names;
    collectNames(kernel.getLoc(), names);
    for (StringRef name : names)
      note.nodes.push_back(name.str());
    if (std::optional<ArrayAttr> refused = kernel.getRefused())
      for (Attribute reason : *refused)
        note.refused.push_back(cast<StringAttr>(reason).getValue().str());
  });
  return notes;
}

BufferNote explainBuffers(ModuleOp module) {
  BufferNote note;
  module.walk([&](mlir::exec::AllocOp alloc) {
    auto type = cast<MemRefType>(alloc.getResult().getType());
    ++note.count;
    if (type.hasStaticShape())
      note.fixedBytes += type.getNumElements() * ((type.getElementTypeBitWidth() + 7) / 8);
    else
      ++note.open;
  });
  return note;
}

} // namespace hone
