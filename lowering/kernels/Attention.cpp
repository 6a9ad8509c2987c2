// Which attentions have a kernel of their own. Slices of columns in front of query, key and value are read in
// place: one product may compute all three.
#include "lowering/kernels/Attention.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

/// Why no kernel takes this attention, whatever its element type.
std::string refusesOperands(AttentionOp attention) {
  for (Value operand : attention->getOperands())
    if (operand.getDefiningOp<ConstantOp>())
      return "an operand is a small constant, which stands in the code";
  if (Value mask = attention.getMask(); mask && cast<RankedTensorType>(mask.getType()).getRank() == 0)
    return "expected a mask of rank 1 or more";
  if (Value lengths = attention.getLengths();
      lengths && cast<RankedTensorType>(lengths.getType()).getElementType().isUnsignedInteger())
    return "expected signed lengths";
  return "";
}

/// Why `op` is not a slice of columns that stands for query, key or value.
std::string refusesProjection(Operation *op, const KernelGroup &group) {
  constexpr unsigned projections = 3; // query, key, value: the first operands
  auto slice = dyn_cast<SliceOp>(op);
  if (!slice)
    return "only slices of columns join in front of attention";
  for (OpOperand &use : op->getUses())
    if (use.getOwner() != group.root || use.getOperandNumber() >= projections)
      return "only slices that are query, key or value join in front of attention";
  return firstColumnOf(slice) ? "" : "expected a slice of neighbouring columns whose places are constants";
}

class AttentionFamily : public KernelFamily {
public:
  StringRef name() const override { return "attention"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto attention = dyn_cast<AttentionOp>(op);
    if (!attention)
      return "another op";
    if (!target || !target.fact("vector_bits"))
      return "the target's vector width is not known";
    int64_t lanes = target.fact("vector_bits") / 32;
    if (std::string reason = refusesOperands(attention); !reason.empty())
      return reason;
    for (Value operand : {attention.getQuery(), attention.getKey(), attention.getValue()}) {
      auto type = cast<RankedTensorType>(operand.getType());
      int64_t heads = operand == attention.getQuery() ? attention.getHeads() : attention.getKvHeads();
      if (!type.getElementType().isF32())
        return "expected elements of f32";
      if (type.isDynamicDim(2) || type.getDimSize(2) / heads % lanes)
        return "expected head sizes that are multiples of " + std::to_string(lanes);
    }
    if (Value mask = attention.getMask()) {
      auto type = cast<RankedTensorType>(mask.getType());
      if (!type.getElementType().isF32() && !type.getElementType().isInteger(1))
        return "expected a mask of f32 or i1";
    }
    return "";
  }

  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesProjection(op, group);
  }
};

/// Tensor cores read the operands as they lie in memory, 16 bytes at a time.
class CudaAttentionFamily : public KernelFamily {
public:
  StringRef name() const override { return "cuda_attention"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto attention = dyn_cast<AttentionOp>(op);
    if (!attention)
      return "another op";
    if (std::string reason = refusesOperands(attention); !reason.empty())
      return reason;
    for (Value operand : {attention.getQuery(), attention.getKey(), attention.getValue()}) {
      auto type = cast<RankedTensorType>(operand.getType());
      int64_t heads = operand == attention.getQuery() ? attention.getHeads() : attention.getKvHeads();
      if (!type.getElementType().isF16() && !type.getElementType().isBF16())
        return "expected elements of f16 or bf16";
      if (type.isDynamicDim(2) || type.getDimSize(2) / heads % 32 || type.getDimSize(2) / heads > 128)
        return "expected head sizes that are multiples of 32 up to 128";
    }
    if (Value mask = attention.getMask()) {
      auto type = cast<RankedTensorType>(mask.getType());
      if (!type.getElementType().isF32() && !type.getElementType().isF16() &&
          !type.getElementType().isBF16() && !type.getElementType().isInteger(1))
        return "expected a mask of f32, f16, bf16 or i1";
    }
    return "";
  }

  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    if (std::string reason = refusesProjection(op, group); !reason.empty())
      return reason;
    auto slice = cast<SliceOp>(op);
    return *firstColumnOf(slice) % 8 || cast<RankedTensorType>(slice.getInput().getType()).getDimSize(2) % 8
               ? "expected columns that start at multiples of 8"
               : "";
  }
};

} // namespace

const KernelFamily &getAttentionFamily() {
  static AttentionFamily family;
  return family;
}
const KernelFamily &getCudaAttentionFamily() {
  static CudaAttentionFamily family;
  return family;
}
} // namespace hone
