// Each op is changed where it stands; a slice of a product becomes a product of its own.
#include "passes/compress/Chain.h"
#include "dialects/hone/Slices.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static int64_t lastDim(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return !type || !type.getRank() ? 1 : type.getShape().back();
}

/// The elements of a small vector of f32 that stands in the IR.
static DenseElementsAttr constantVector(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  bool isVector =
      elements && elements.getElementType().isF32() && elements.getNumElements() == lastDim(value);
  return isVector ? elements : DenseElementsAttr();
}

/// Whether an operand has one element for the whole axis.
bool Chain::isBroadcast(Value operand) const { return lastDim(operand) == 1; }

Chain::Source Chain::sourceOf(Value value) const {
  if (auto product = value.getDefiningOp<MatmulOp>())
    return {product};
  auto slice = value.getDefiningOp<SliceOp>();
  if (!slice || !hasHeads)
    return {};
  auto product = slice.getInput().getDefiningOp<MatmulOp>();
  std::optional<int64_t> first = firstColumnOf(slice);
  if (!product || !first)
    return {};
  return {product, *first};
}

std::string Chain::add(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return "its inputs are the model's";
  if (ops.contains(op))
    return "";
  if (ShapedType::isDynamic(lastDim(value)))
    return "their number is not known";
  if (MatmulOp product = sourceOf(value).product) {
    WeightOp weight = layers.weightOf(product.getRhs());
    if (!weight)
      return "the second operand of the product in front is no weight";
    if (std::string why = refusesRounding(product, weight, 0); !why.empty())
      return "the weight of the product in front: " + why;
    ops.insert(product);
    ops.insert(op);
    return "";
  }
  ops.insert(op);
  if (auto rope = dyn_cast<RopeOp>(op); rope && hasHeads)
    return add(rope.getInput());
  if (!isa<ElementwiseOpInterface>(op))
    return "its inputs come from " + op->getName().getStringRef().str();
  for (Value operand : op->getOperands()) {
    if (isBroadcast(operand) || constantVector(operand))
      continue;
    if (WeightOp weight = layers.weightOf(operand)) {
      auto type = cast<RankedTensorType>(weight.getType());
      if (!type.getElementType().isF32() || type.getNumElements() != lastDim(operand))
        return op->getName().getStringRef().str() + " in front reads a weight that is no vector of f32";
      continue;
    }
    if (std::string why = add(operand); !why.empty())
      return why;
  }
  return "";
}

std::string Chain::readOnlyBy(Operation *reader) const {
  for (Operation *op : ops)
    for (Operation *user : op->getUsers())
      if (user != reader && !ops.contains(user))
        return user->getName().getStringRef().str() + " reads its inputs, or what they come from, too";
  return "";
}

LogicalResult Chain::scale(Value value, Eigen::VectorXd &scores) {
  if (Source source = sourceOf(value); source.product) {
    WeightOp weight = layers.weightOf(source.product.getRhs());
    auto elements = layers.elements(weight);
    if (failed(elements))
      return failure();
    auto type = cast<RankedTensorType>(weight.getType());
    Eigen::Map<const Matrix> w(elements->data(), type.getDimSize(0), type.getDimSize(1));
    for (int64_t i = 0; i < scores.size(); ++i)
      scores(i) *=
          source.product.getTransposeB() ? w.row(source.first + i).norm() : w.col(source.first + i).norm();
    return success();
  }
  for (Value operand : value.getDefiningOp()->getOperands())
    if (operand.getDefiningOp() && ops.contains(operand.getDefiningOp()) &&
        lastDim(operand) == scores.size() && failed(scale(operand, scores)))
      return failure();
  return success();
}

LogicalResult Chain::shrink(Value value, ArrayRef<int64_t> kept, int64_t heads) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape().back() == int64_t(kept.size()))
    return success(); // reached by another way
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = kept.size();
  Type small = type.clone(shape);
  Operation *op = value.getDefiningOp();
  // The kept elements of a weight along its columns: all of its rows, or one.
  auto restrict = [&](Value operand, int64_t axis, int64_t first) -> FailureOr<Value> {
    WeightOp weight = layers.weightOf(operand);
    auto elements = layers.elements(weight);
    if (failed(elements))
      return failure();
    SmallVector<int64_t> dims(cast<RankedTensorType>(weight.getType()).getShape());
    int64_t inner = axis + 1 < int64_t(dims.size()) ? dims.back() : 1, size = dims[axis];
    int64_t outer = elements->size() / (inner * size);
    std::vector<float> left;
    left.reserve(outer * kept.size() * inner);
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t k : kept) {
        auto from = elements->begin() + (o * size + first + k) * inner;
        left.insert(left.end(), from, from + inner);
      }
    dims[axis] = kept.size();
    ArrayRef<char> bytes(reinterpret_cast<const char *>(left.data()), left.size() * sizeof(float));
    return layers.add(op, weight.getSymName() + ".kept",
                      RankedTensorType::get(dims, Float32Type::get(op->getContext())), bytes);
  };
  if (Source source = sourceOf(value); source.product) {
    MatmulOp product = source.product;
    auto weight = restrict(product.getRhs(), product.getTransposeB() ? 0 : 1, source.first);
    if (failed(weight))
      return failure();
    if (op == product) {
      product.getRhsMutable().assign(*weight);
      value.setType(small);
      return success();
    }
    OpBuilder b(op);
    value.replaceAllUsesWith(MatmulOp::create(b, product.getLoc(), small, product.getLhs(), *weight,
                                              product.getTransposeA(), product.getTransposeB()));
    op->erase();
    if (product.use_empty())
      product.erase();
    return success();
  }
  for (OpOperand &operand : op->getOpOperands()) {
    if (isBroadcast(operand.get()))
      continue;
    if (DenseElementsAttr elements = constantVector(operand.get())) {
      SmallVector<float> all(elements.getValues<float>()), left;
      for (int64_t k : kept)
        left.push_back(all[k]);
      SmallVector<int64_t> dims(elements.getType().getShape());
      dims.back() = left.size();
      OpBuilder b(op);
      operand.set(ConstantOp::create(
          b, op->getLoc(), DenseElementsAttr::get(elements.getType().clone(dims), ArrayRef<float>(left))));
    } else if (layers.weightOf(operand.get())) {
      auto weight = restrict(operand.get(), cast<RankedTensorType>(operand.get().getType()).getRank() - 1, 0);
      if (failed(weight))
        return failure();
      operand.set(*weight);
    } else if (ops.contains(operand.get().getDefiningOp()) &&
               lastDim(operand.get()) == type.getShape().back() &&
               failed(shrink(operand.get(), kept, heads))) {
      return failure();
    }
  }
  if (auto rope = dyn_cast<RopeOp>(op))
    rope.setHeads(heads);
  value.setType(small);
  return success();
}

} // namespace hone
