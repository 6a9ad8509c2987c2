// f32 convolutions over one or two spatial dimensions. Weights stay as the model has them, [O][C / group *
// taps]: kernels read them a number at a time and have vectors run along the pixels.
#include "lowering/kernels/Conv.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

class ConvFamily : public KernelFamily {
public:
  StringRef name() const override { return "conv"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto conv = dyn_cast<ConvOp>(op);
    if (!conv)
      return "another op";
    if (!target || !target.fact("vector_bits"))
      return "the target's vector width is not known";
    auto type = cast<RankedTensorType>(conv.getWeight().getType());
    if (!type.getElementType().isF32())
      return "expected elements of f32";
    if (type.getRank() > 4)
      return "expected one or two spatial dimensions, got " + std::to_string(type.getRank() - 2);
    if (!type.hasStaticShape())
      return "the weight's shape is not known";
    if (type.getNumElements() == 0)
      return "the weight is empty";
    return "";
  }

  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    if (auto interleave = dyn_cast<InterleaveOp>(op))
      return refusesInterleave(interleave, cast<ConvOp>(group.root));
    Value result = group.root->getResult(0);
    for (Operation *member : group.ops)
      if (isa<InterleaveOp>(member))
        result = member->getResult(0);
    int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
    std::string reason = refusesRowEpilogue(op, result, shapes, rank - 2, true);
    if (!reason.empty())
      return reason;
    auto isPacked = [](Type type) { return cast<RankedTensorType>(type).getElementType().isInteger(4); };
    if (llvm::any_of(op->getOperandTypes(), isPacked) || isPacked(op->getResult(0).getType()))
      return "4-bit elements share bytes between pixels";
    return "";
  }

  bool keepsInCode(Operation *reader, DenseElementsAttr constant) const override {
    return constant.isSplat() && !isa<ConvOp>(reader);
  }

private:
  static std::string refusesInterleave(InterleaveOp op, ConvOp root) {
    if (op.getInput() != root.getResult())
      return "other ops stand between the convolution and the interleave";
    if (op.getStrides().back() != 2)
      return "expected a column stride of 2, got " + std::to_string(op.getStrides().back());
    if (cast<RankedTensorType>(root.getWeight().getType()).getDimSize(1) == 1 && root.getGroup() > 1)
      return "channels with an input of their own are not interleaved";
    return "";
  }
};

} // namespace

const KernelFamily &getConvFamily() {
  static ConvFamily family;
  return family;
}

} // namespace hone
