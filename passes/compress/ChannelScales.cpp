// Where a division by channels can hide, and the weights that take it.
#include "passes/compress/ChannelScales.h"
#include "passes/compress/Passes.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

/// The operands (with the axis of channels) whose division divides x; false: there is no such place.
bool ChannelScales::findProducers(Value x, int64_t channels,
                                  SmallVector<std::pair<OpOperand *, int>> &found) {
  Operation *op = x.getDefiningOp();
  if (!op)
    return false;
  auto take = [&](OpOperand &operand) {
    auto type = typeOf(operand.get());
    bool isKnown = layers.weightOf(operand.get()) ||
                   (operand.get().getDefiningOp<ConstantOp>() && type.getElementType().isF32());
    if (!isKnown || type.getRank() != 1 || type.getDimSize(0) != channels)
      return false;
    found.push_back({&operand, 0});
    return true;
  };
  size_t before = found.size();
  auto goOn = [&](Value from) {
    if (from.getType() == x.getType() && from.hasOneUse() && findProducers(from, channels, found))
      return true;
    found.truncate(before);
    return false;
  };
  if (auto norm = dyn_cast<RmsNormOp>(op))
    return take(norm.getScaleMutable());
  if (auto norm = dyn_cast<LayerNormOp>(op))
    return take(norm.getScaleMutable()) && (!norm.getBias() || take(*norm.getBiasMutable().begin()));
  if (auto relu = dyn_cast<ReluOp>(op)) // the scales are positive
    return goOn(relu.getInput());
  if (auto mul = dyn_cast<MulOp>(op))
    return take(mul.getLhsMutable()) || take(mul.getRhsMutable()) || goOn(mul.getLhs()) || goOn(mul.getRhs());
  if (auto add = dyn_cast<AddOp>(op))
    return (take(add.getLhsMutable()) && goOn(add.getRhs())) ||
           (take(add.getRhsMutable()) && goOn(add.getLhs()));
  auto matmul = dyn_cast<MatmulOp>(op);
  if (!matmul || !layers.weightOf(matmul.getRhs()) || typeOf(matmul.getRhs()).getRank() != 2)
    return false;
  found.push_back({&matmul.getRhsMutable(), matmul.getTransposeB() ? 0 : 1});
  return true;
}

void ChannelScales::multiply(OpOperand &weight, int axis, const Eigen::RowVectorXf &by) {
  Eigen::RowVectorXf &factor = changes[&weight][axis];
  factor = factor.size() ? Eigen::RowVectorXf(factor.cwiseProduct(by)) : by;
}

FailureOr<Value> ChannelScales::vectorOf(Operation *at, const Twine &name,
                                         const Eigen::RowVectorXf &elements) {
  ArrayRef<char> bytes(reinterpret_cast<const char *>(elements.data()), elements.size() * sizeof(float));
  auto type = RankedTensorType::get(elements.size(), Float32Type::get(at->getContext()));
  return layers.add(at, name, type, bytes);
}

LogicalResult ChannelScales::scale(Value x, ArrayRef<QuantizableOpInterface> readers,
                                   const Eigen::RowVectorXf &scales) {
  for (QuantizableOpInterface reader : readers)
    multiply(reader.getWeightOperand(), reader.getGroupAxis(), scales);
  Eigen::RowVectorXf inverse = scales.cwiseInverse();
  SmallVector<std::pair<OpOperand *, int>> producers;
  bool isAlone = llvm::all_of(x.getUsers(), [&](Operation *user) {
    return llvm::any_of(readers, [&](QuantizableOpInterface reader) { return reader == user; });
  });
  if (isAlone && findProducers(x, scales.size(), producers)) {
    for (auto [operand, axis] : producers)
      multiply(*operand, axis, inverse);
    for (QuantizableOpInterface reader : readers)
      reader->emitRemark(pass) << ": its input is scaled by channels in the weights of "
                               << producers.back().first->getOwner()->getName();
    return success();
  }
  QuantizableOpInterface first = readers.front();
  auto factor = vectorOf(first, "channels." + Twine(made++), inverse);
  if (failed(factor))
    return failure();
  OpBuilder b(first);
  Value scaled = MulOp::create(b, first->getLoc(), x.getType(), x, *factor);
  for (QuantizableOpInterface reader : readers) {
    reader->replaceUsesOfWith(x, scaled);
    reader->emitRemark(pass) << ": its input is scaled by channels in a multiplication in front, because "
                             << (isAlone ? "what computes it has no weights that take the scales"
                                         : "others read it too");
  }
  return success();
}

LogicalResult ChannelScales::finish() {
  for (auto &[operand, factors] : changes) {
    forgetWeight(operand->getOwner());
    FailureOr<std::vector<float>> elements;
    std::string name = "constant";
    if (auto constant = operand->get().getDefiningOp<ConstantOp>()) {
      auto values = cast<DenseElementsAttr>(constant.getValue()).getValues<float>();
      elements = std::vector<float>(values.begin(), values.end());
    } else {
      WeightOp weight = layers.weightOf(operand->get());
      elements = layers.elements(weight);
      name = weight.getSymName().str();
    }
    if (failed(elements))
      return failure();
    auto type = typeOf(operand->get());
    int64_t rows = type.getRank() == 2 ? type.getDimSize(0) : type.getNumElements();
    Eigen::Map<Matrix> w(elements->data(), rows, type.getNumElements() / std::max<int64_t>(rows, 1));
    if (factors[0].size())
      w = factors[0].asDiagonal() * w;
    if (factors[1].size())
      w = w * factors[1].asDiagonal();
    ArrayRef<char> bytes(reinterpret_cast<const char *>(elements->data()), elements->size() * sizeof(float));
    auto changed = layers.add(operand->getOwner(), name + ".scaled", type, bytes);
    if (failed(changed))
      return failure();
    operand->set(*changed);
  }
  return success();
}

} // namespace hone
