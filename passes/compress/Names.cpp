// Patterns on node names, and what rounding asks of a weight.
#include "passes/compress/Names.h"
#include "mlir/IR/Location.h"
#include "passes/compress/Calibration.h"

using namespace mlir;

namespace hone {

NodeFilter NodeFilter::make(ArrayRef<std::string> only, ArrayRef<std::string> skip, std::string &why) {
  NodeFilter filter;
  auto read = [&](ArrayRef<std::string> texts, SmallVector<Pattern> &patterns) {
    for (const std::string &text : texts) {
      auto own = std::make_shared<const std::string>(text);
      llvm::Expected<llvm::GlobPattern> pattern = llvm::GlobPattern::create(*own);
      if (pattern)
        patterns.push_back({own, std::move(*pattern)});
      else
        why = "pattern '" + text + "': " + llvm::toString(pattern.takeError());
    }
  };
  read(only, filter.only);
  read(skip, filter.skip);
  return filter;
}

std::string nodeName(Operation *op) {
  Location loc = op->getLoc();
  if (auto fused = dyn_cast<FusedLoc>(loc); fused && !fused.getLocations().empty())
    loc = fused.getLocations().front();
  auto name = dyn_cast<NameLoc>(loc);
  return name ? name.getName().str() : "(no name)";
}

static bool anyName(Location loc, function_ref<bool(StringRef)> test) {
  if (auto named = dyn_cast<NameLoc>(loc))
    return test(named.getName());
  auto fused = dyn_cast<FusedLoc>(loc);
  return fused && llvm::any_of(fused.getLocations(), [&](Location part) { return anyName(part, test); });
}

bool NodeFilter::takes(Operation *op) const {
  auto among = [&](const SmallVector<Pattern> &patterns) {
    return anyName(op->getLoc(), [&](StringRef name) {
      return llvm::any_of(patterns, [&](const Pattern &p) { return p.glob.match(name); });
    });
  };
  return (only.empty() || among(only)) && !among(skip);
}

static int64_t sumOf(mlir::hone::QuantizableOpInterface op, mlir::hone::WeightOp weight) {
  return cast<RankedTensorType>(weight.getType()).getDimSize(op.getGroupAxis());
}

int64_t fittingGroup(mlir::hone::QuantizableOpInterface op, mlir::hone::WeightOp weight, int64_t group) {
  int64_t size = sumOf(op, weight);
  if (!group || size % group == 0)
    return group;
  auto largest = [&](int64_t unit) {
    int64_t fits = group / unit * unit;
    while (fits && size % fits)
      fits -= unit;
    return fits;
  };
  int64_t wide = largest(64);
  return 2 * wide >= group ? wide : largest(16);
}

void remarkGroup(mlir::hone::QuantizableOpInterface op, mlir::hone::WeightOp weight, int64_t group,
                 StringRef pass) {
  if (int64_t fits = fittingGroup(op, weight, group); fits != group)
    op->emitRemark(pass) << ": its groups have " << fits << " elements: its " << sumOf(op, weight)
                         << " rows are no multiple of " << group;
}

std::string refusesRounding(mlir::hone::QuantizableOpInterface op, mlir::hone::WeightOp weight,
                            int64_t group) {
  auto type = dyn_cast<RankedTensorType>(weight.getType());
  if (!type || !type.getElementType().isF32())
    return "expected elements of f32";
  if (type.getRank() != 2)
    return "expected two axes, got " + std::to_string(type.getRank());
  if (group && !fittingGroup(op, weight, group))
    return "its " + std::to_string(sumOf(op, weight)) + " rows are no multiple of the group of " +
           std::to_string(group) + " or of a smaller one that kernels read";
  return "";
}

void roundRows(mlir::hone::QuantizableOpInterface op, int64_t bits) {
  if (auto matmul = dyn_cast<mlir::hone::MatmulOp>(*op); matmul && bits < 16)
    matmul.setActivationBits(bits);
}

} // namespace hone
