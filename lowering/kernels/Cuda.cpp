// What products, convolutions and rows absorb on a GPU. Operands and epilogues are pulled element by element,
// so the rules are about cost: nothing costly in front of a root that reads its input several times.
#include "lowering/kernels/Cuda.h"
#include "lowering/kernels/Matmul.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::KernelGroup;
using ::hone::packedWeight;

namespace {

Type elementOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementType(); }

unsigned bitsOf(Value tensor) { return elementOf(tensor).getIntOrFloatBitWidth(); }

bool isFloat(Type element) { return element.isF32() || element.isF16() || element.isBF16(); }

/// In front of a root that reads its operands once for each tile: what moves or unpacks elements costs about
/// a load.
std::string refusesBefore(Operation *op, const KernelGroup &group) {
  auto element = dyn_cast<ElementOpInterface>(op);
  if (!element || !element.isCheapElement())
    return "a costly element would be computed for each tile";
  if (isa<ElementwiseOpInterface>(op) && !isa<CastOp>(op))
    return "it would be computed once for each tile";
  if (isa<CastOp>(op) && bitsOf(op->getOperand(0)) > bitsOf(op->getResult(0)))
    return "each tile would read the wider elements";
  if (llvm::any_of(op->getUsers(), [&](Operation *user) { return !group.ops.contains(user); }))
    return "others read it too";
  return "";
}

class CudaMatmulFamily : public ::hone::KernelFamily {
public:
  StringRef name() const override { return "cuda_matmul"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto matmul = dyn_cast<MatmulOp>(op);
    if (!matmul)
      return "another op";
    return isFloat(elementOf(matmul.getResult())) ? "" : "its elements are neither f32 nor f16 nor bf16";
  }
  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return ::hone::refusesElementwiseBehind(op, group, shapes);
  }
  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesBefore(op, group);
  }

  /// Weights of 16 bits lie with k along their rows: every kernel reads 16 bytes of a column at once.
  DictionaryAttr prepare(OpBuilder &b, KernelGroup &group, SymbolTable &symbols,
                         TargetAttr target) const override {
    auto matmul = cast<MatmulOp>(group.root);
    auto source = matmul.getRhs().getDefiningOp<GetWeightOp>();
    auto type = cast<RankedTensorType>(matmul.getRhs().getType());
    if (source && type.getRank() == 2 && !matmul.getTransposeB() && type.getElementTypeBitWidth() == 16) {
      auto turned = RankedTensorType::get({type.getDimSize(1), type.getDimSize(0)}, type.getElementType());
      matmul.getRhsMutable().assign(
          packedWeight(b, symbols, source, source.getWeight() + ".t", turned,
                       [](::hone::PackBuilder &pack, Value x) { return pack.transpose(x, {1, 0}); }));
      matmul.setTransposeB(true);
    }
    return b.getDictionaryAttr({});
  }
};

class CudaConvFamily : public ::hone::KernelFamily {
public:
  StringRef name() const override { return "cuda_conv"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto conv = dyn_cast<ConvOp>(op);
    if (!conv)
      return "another op";
    auto weight = cast<RankedTensorType>(conv.getWeight().getType());
    if (!isFloat(elementOf(conv.getResult())))
      return "its elements are neither f32 nor f16 nor bf16";
    if (!weight.hasStaticShape())
      return "its weight's shape is not known";
    if (weight.getDimSize(1) == 1 && conv.getGroup() > 1)
      return "each output channel reads one input channel: there is nothing to share in a tile";
    return "";
  }
  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return ::hone::refusesElementwiseBehind(op, group, shapes);
  }
  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesBefore(op, group);
  }
};

class CudaRowsFamily : public ::hone::KernelFamily {
public:
  StringRef name() const override { return "cuda_rows"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    if (!isa<SoftmaxOp, LayerNormOp, RmsNormOp>(op))
      return "another op";
    return elementOf(op->getResult(0)).isF64() ? "its elements are f64" : "";
  }
  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return ::hone::refusesElementwiseBehind(op, group, shapes);
  }
  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    if (!isa<ElementwiseOpInterface>(op))
      return "only elementwise ops join in front of the root";
    if (shapes.dims(op->getResult(0)) != shapes.dims(group.root->getOperand(0)))
      return "its result has another shape than the root's input";
    constexpr size_t most = 8; // each element is computed for each pass over the row
    return group.ops.size() > most ? "the row would be computed several times by too many ops" : "";
  }
};

} // namespace

namespace hone {
std::string refusesElementwiseBehind(Operation *op, const KernelGroup &group, Shapes &shapes) {
  if (!isa<ElementwiseOpInterface>(op))
    return "only elementwise ops join behind the root";
  if (shapes.dims(op->getResult(0)) != shapes.dims(group.root->getResult(0)))
    return "its result has another shape than the root's";
  return "";
}

const KernelFamily &getCudaMatmulFamily() {
  static CudaMatmulFamily family;
  return family;
}
const KernelFamily &getCudaConvFamily() {
  static CudaConvFamily family;
  return family;
}
const KernelFamily &getCudaRowsFamily() {
  static CudaRowsFamily family;
  return family;
}
} // namespace hone
