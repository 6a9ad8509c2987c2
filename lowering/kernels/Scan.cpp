// Running sums along rows. The smallest family there is: docs/add-a-kernel.md walks through it.
#include "lowering/kernels/Scan.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

class ScanFamily : public KernelFamily {
public:
  StringRef name() const override { return "scan"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto scan = dyn_cast<CumSumOp>(op);
    if (!scan)
      return "another op";
    auto type = cast<RankedTensorType>(scan.getInput().getType());
    if (!type.getElementType().isF32())
      return "expected elements of f32";
    if (int64_t(scan.getAxis()) != type.getRank() - 1)
      return "expected the last dimension as axis";
    if (scan.getProd())
      return "running products are not built";
    return "";
  }

  // The emitter reads its input from memory.
  bool keepsInCode(Operation *reader, DenseElementsAttr constant) const override { return false; }
};

} // namespace

const KernelFamily &getScanFamily() {
  static ScanFamily family;
  return family;
}
} // namespace hone
