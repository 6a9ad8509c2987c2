// Products in the order of the body; those that read one value share its moments.
#include "passes/compress/Layerwise.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

LogicalResult Layerwise::run(const Selection &selection, function_ref<LogicalResult(Layer &)> change) {
  SmallVector<std::pair<QuantizableOpInterface, WeightOp>> targets;
  module.walk([&](QuantizableOpInterface op) {
    auto get = op.getWeightOperand().get().getDefiningOp<GetWeightOp>();
    if (op->getParentOfType<WeightOp>() || !get || !selection.names.takes(op) ||
        (!op.getActivation() && !selection.tables))
      return;
    auto weight = symbols.lookup<WeightOp>(get.getWeight());
    if (std::string why = selection.refuses(op, weight); !why.empty())
      op->emitRemark(selection.pass) << ": its weight stays as it is: " << why;
    else
      targets.emplace_back(op, weight);
  });
  // An earlier pass may have run samples to the end.
  calibration.rewind();
  Value activation;
  Eigen::MatrixXf moments;
  for (auto [i, target] : llvm::enumerate(targets)) {
    Layer layer{target.first, target.second, {}};
    calibration.progress("weight", i, targets.size());
    // Samples reach what stands in the body of a function.
    layer.isReached = layer.op.getActivation() && isa<func::FuncOp>(layer.op->getParentOp());
    if (selection.wantsMoments && layer.isReached) {
      if (activation != layer.op.getActivation()) {
        activation = layer.op.getActivation();
        auto found = calibration.moments(activation);
        if (failed(found))
          return failure();
        moments = std::move(*found);
      }
      layer.moments = &moments;
    }
    auto elements = calibration.elements(layer.weight);
    if (failed(elements))
      return failure();
    auto type = cast<RankedTensorType>(layer.weight.getType());
    layer.elements = Eigen::Map<Matrix>(elements->data(), type.getDimSize(0), type.getDimSize(1));
    if (layer.isTurned())
      layer.elements.transposeInPlace();
    if (failed(change(layer)))
      return failure();
  }
  return success();
}

Calibration::Reader Layer::reader() {
  ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(elements.data()),
                          elements.size() * sizeof(float));
  return {op.getActivation(), nodeName(op), llvm::xxh3_64bits(bytes)};
}

void Layerwise::note(Layer &layer, const Matrix &changed) {
  if (layer.moments)
    calibration.note(layer.op, outputError(layer.elements, changed, *layer.moments, calibration.parallel()));
}

WeightOp Layerwise::weightOf(Value value) {
  auto get = value ? value.getDefiningOp<GetWeightOp>() : GetWeightOp();
  auto weight = get ? symbols.lookup<WeightOp>(get.getWeight()) : WeightOp();
  auto type = weight ? dyn_cast<RankedTensorType>(weight.getType()) : RankedTensorType();
  return type && type.getElementType().isF32() ? weight : WeightOp();
}

FailureOr<Value> Layerwise::add(Operation *op, const Twine &name, RankedTensorType type,
                                ArrayRef<char> bytes) {
  auto place = calibration.keep(bytes);
  if (failed(place))
    return failure();
  Location loc = op->getLoc();
  OpBuilder b(module.getContext());
  b.setInsertionPointToStart(module.getBody());
  auto weight = WeightOp::create(b, loc, name.str(), type, b.getStringAttr(place->file),
                                 b.getI64IntegerAttr(place->offset), b.getI64IntegerAttr(bytes.size()));
  symbols.insert(weight);
  b.setInsertionPoint(op);
  return GetWeightOp::create(b, loc, type, weight.getSymName()).getResult();
}

FailureOr<Value> Layerwise::addMatrix(Layer &layer, const Twine &name, const Matrix &elements) {
  auto type =
      RankedTensorType::get({elements.rows(), elements.cols()}, Float32Type::get(module.getContext()));
  ArrayRef<char> bytes(reinterpret_cast<const char *>(elements.data()), elements.size() * sizeof(float));
  return add(layer, name, type, bytes);
}

FailureOr<Layerwise::ThinOperands> Layerwise::addThin(Layer &layer, const Factors &factors) {
  std::string name = layer.weight.getSymName().str();
  auto down = addMatrix(layer, name + ".down", factors.down), up = addMatrix(layer, name + ".up", factors.up);
  if (failed(down) || failed(up))
    return failure();
  auto matmul = cast<MatmulOp>(*layer.op);
  OpBuilder b(matmul);
  auto type = cast<RankedTensorType>(matmul.getLhs().getType());
  SmallVector<int64_t> shape(type.getShape());
  if (matmul.getTransposeA())
    std::swap(shape[shape.size() - 2], shape[shape.size() - 1]);
  shape.back() = factors.down.rows();
  Value inner = MatmulOp::create(b, matmul.getLoc(), type.clone(shape), matmul.getLhs(), *down,
                                 matmul.getTransposeA(), /*transpose_b=*/true);
  return ThinOperands{inner, *up};
}

} // namespace hone
