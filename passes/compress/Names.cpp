// Patterns on node names.
#include "passes/compress/Names.h"
#include "mlir/IR/Location.h"

using namespace mlir;

namespace hone {

NodeFilter NodeFilter::make(ArrayRef<std::string> only, ArrayRef<std::string> skip, std::string &why) {
  NodeFilter filter;
  auto read = [&](ArrayRef<std::string> texts, SmallVector<llvm::GlobPattern> &patterns) {
    for (const std::string &text : texts) {
      llvm::Expected<llvm::GlobPattern> pattern = llvm::GlobPattern::create(text);
      if (pattern)
        patterns.push_back(std::move(*pattern));
      else
        why = "pattern '" + text + "': " + llvm::toString(pattern.takeError());
    }
  };
  read(only, filter.only);
  read(skip, filter.skip);
  return filter;
}

static bool anyName(Location loc, function_ref<bool(StringRef)> test) {
  if (auto named = dyn_cast<NameLoc>(loc))
    return test(named.getName());
  auto fused = dyn_cast<FusedLoc>(loc);
  return fused && llvm::any_of(fused.getLocations(), [&](Location part) { return anyName(part, test); });
}

bool NodeFilter::takes(Operation *op) const {
  auto among = [&](const SmallVector<llvm::GlobPattern> &patterns) {
    return anyName(op->getLoc(), [&](StringRef name) {
      return llvm::any_of(patterns, [&](const llvm::GlobPattern &p) { return p.match(name); });
    });
  };
  return (only.empty() || among(only)) && !among(skip);
}

} // namespace hone
