// Products in the order of the body; those that read one value share its moments.
#include "passes/compress/Layerwise.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

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
  Value activation;
  Eigen::MatrixXf moments;
  for (auto [i, target] : llvm::enumerate(targets)) {
    Layer layer{target.first, target.second, {}};
    calibration.progress("weight", i, targets.size());
    // Samples reach what stands in the body of a function.
    if (selection.wantsMoments && layer.op.getActivation() && isa<func::FuncOp>(layer.op->getParentOp())) {
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

void Layerwise::note(Layer &layer, const Matrix &changed) {
  if (layer.moments)
    calibration.note(layer.op, outputError(layer.elements, changed, *layer.moments, calibration.parallel()));
}

WeightOp Layerwise::weightOf(Value value) {
  auto get = value.getDefiningOp<GetWeightOp>();
  return get ? symbols.lookup<WeightOp>(get.getWeight()) : WeightOp();
}

FailureOr<Value> Layerwise::add(Layer &layer, const Twine &name, RankedTensorType type,
                                ArrayRef<char> bytes) {
  return add(layer.op, name, type, bytes);
}

FailureOr<Value> Layerwise::add(Operation *user, const Twine &name, RankedTensorType type,
                                ArrayRef<char> bytes) {
  auto place = calibration.keep(bytes);
  if (failed(place))
    return failure();
  Location loc = user->getLoc();
  OpBuilder b(module.getContext());
  b.setInsertionPointToStart(module.getBody());
  auto weight = WeightOp::create(b, loc, name.str(), type, b.getStringAttr(place->file),
                                 b.getI64IntegerAttr(place->offset), b.getI64IntegerAttr(bytes.size()));
  symbols.insert(weight);
  b.setInsertionPoint(user);
  return GetWeightOp::create(b, loc, type, weight.getSymName()).getResult();
}

FailureOr<Value> Layerwise::addMatrix(Layer &layer, const Twine &name, const Matrix &elements) {
  auto type =
      RankedTensorType::get({elements.rows(), elements.cols()}, Float32Type::get(module.getContext()));
  ArrayRef<char> bytes(reinterpret_cast<const char *>(elements.data()), elements.size() * sizeof(float));
  return add(layer, name, type, bytes);
}

} // namespace hone
