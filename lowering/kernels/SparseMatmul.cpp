// f32 rows times a weight whose zeros are not stored (hone.decompress in front of the product). The weight is
// read as it lies: panels of 32 columns are two registers of AVX-512.
#include "lowering/kernels/Matmul.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

class SparseMatmulFamily : public KernelFamily {
public:
  StringRef name() const override { return "sparse_matmul"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto matmul = dyn_cast<MatmulOp>(op);
    auto weight = matmul ? matmul.getRhs().getDefiningOp<DecompressOp>() : DecompressOp();
    if (!weight)
      return "another op";
    if (!target || !target.fact("avx512"))
      return "the target spreads no values by a mask: AVX-512 does";
    for (Value operand : op->getOperands())
      if (!cast<RankedTensorType>(operand.getType()).getElementType().isF32())
        return "expected operands of f32";
    if (matmul.getTransposeA() || matmul.getTransposeB())
      return "an operand is transposed";
    for (Value part : weight->getOperands())
      if (!part.getDefiningOp<GetWeightOp>())
        return "the sparse operand is no weight";
    if (cast<RankedTensorType>(weight.getValues().getType()).getDimSize(0) < 32)
      return "expected 32 values or more";
    return cast<RankedTensorType>(weight.getType()).getNumElements() ? "" : "the weight is empty";
  }

  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesVectorEpilogue(op, group, shapes);
  }

  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return op == cast<MatmulOp>(group.root).getRhs().getDefiningOp()
               ? ""
               : "only the decompress of the weight joins in front";
  }
};
} // namespace

const KernelFamily &getSparseMatmulFamily() {
  static SparseMatmulFamily family;
  return family;
}

} // namespace hone
