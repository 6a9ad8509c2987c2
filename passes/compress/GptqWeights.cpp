// Rounds weights one product after the other, each by the inputs that samples give it in the graph as it is
// by then.
#include "mlir/IR/BuiltinOps.h"
#include "passes/compress/Layerwise.h"
#include "passes/compress/Passes.h"
#include "passes/compress/math/Moments.h"

namespace hone {
#define GEN_PASS_DEF_GPTQWEIGHTS
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Calibration;
using ::hone::Layer;
using ::hone::Matrix;

namespace {

class GptqWeights : public ::hone::impl::GptqWeightsBase<GptqWeights> {
public:
  using Base = ::hone::impl::GptqWeightsBase<GptqWeights>;
  using Base::Base;
  GptqWeights(::hone::GptqWeightsOptions options, Calibration &calibration)
      : Base(options), calibration(&calibration) {}

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    if (bits != 3 && bits != 4 && bits != 8)
      why = "expected bits of 3, 4 or 8, got " + std::to_string(bits);
    else if (rows != 8 && rows != 16)
      why = "expected rows of 8 or 16 bits, got " + std::to_string(rows);
    else if (group < 0 || sweeps < 0 || rank < 0)
      why = "expected a group, sweeps and a rank of 0 or more";
    else
      names = ::hone::NodeFilter::make(only, skip, why);
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-gptq-weights: ") << why;
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!calibration) {
      module.emitError(
          "hone-gptq-weights needs samples: hone-compile --compress=int4:method=gptq --calibrate=DIR");
      return signalPassFailure();
    }
    ::hone::Layerwise layers(module, *calibration);
    auto refuses = [&](QuantizableOpInterface op, WeightOp weight) {
      return ::hone::refusesRounding(op, weight, group);
    };
    if (failed(layers.run({"hone-gptq-weights", names, embeddings, learns, refuses},
                          [&](Layer &layer) { return round(layers, layer); })))
      signalPassFailure();
  }

private:
  LogicalResult round(::hone::Layerwise &layers, Layer &layer) {
    const Matrix &w = layer.elements;
    ::hone::remarkGroup(layer.op, layer.weight, group, getArgumentName());
    int64_t block = ::hone::fittingGroup(layer.op, layer.weight, group);
    ::hone::Grid grid{int(bits), block ? block : int64_t(w.cols())};
    ::hone::Rounded rounded = choose(w, layer.moments, grid);
    if (rank && isa<MatmulOp>(*layer.op)) {
      if (failed(correct(layers, layer, rounded.dense(grid))))
        return failure();
    } else {
      layers.note(layer, rounded.dense(grid));
    }
    if (layer.isTurned()) {
      rounded.numbers.transposeInPlace();
      rounded.scales.transposeInPlace();
    }
    auto type = cast<RankedTensorType>(layer.weight.getType());
    // Without groups, one scale an element of the other axis.
    SmallVector<int64_t> scaleShape = {rounded.scales.rows(), rounded.scales.cols()};
    if (!block)
      scaleShape = {rounded.scales.size()};
    std::string name = layer.weight.getSymName().str() + ::hone::learnedSuffix(bits);
    auto numbers = layers.add(layer, name, type.clone(IntegerType::get(&getContext(), ::hone::widthOf(bits))),
                              bytesOf(rounded.numbers));
    ArrayRef<char> scaleBytes(reinterpret_cast<const char *>(rounded.scales.data()),
                              rounded.scales.size() * sizeof(float));
    auto scales = layers.add(layer, name + ".scale", RankedTensorType::get(scaleShape, type.getElementType()),
                             scaleBytes);
    if (failed(numbers) || failed(scales))
      return failure();
    OpBuilder b(layer.op);
    int64_t axis = layer.op.getGroupAxis();
    layer.op.getWeightOperand().set(DequantizeOp::create(b, layer.op->getLoc(), type, *numbers, *scales,
                                                         Value(), block ? axis : 1 - axis, block));
    ::hone::roundRows(layer.op, rows);
    return success();
  }

  /// Adds two thin products that make good what rounding did to the outputs.
  LogicalResult correct(::hone::Layerwise &layers, Layer &layer, const Matrix &dense) {
    ::hone::Factors factors = ::hone::lowRank(layer.elements - dense, layer.moments, rank, 1);
    layers.note(layer, dense + factors.up * factors.down);
    auto matmul = cast<MatmulOp>(*layer.op);
    auto thin = layers.addThin(layer, factors);
    if (failed(thin))
      return failure();
    OpBuilder b(matmul->getContext());
    b.setInsertionPointAfter(matmul);
    Type type = matmul.getType();
    Value correction = MatmulOp::create(b, matmul.getLoc(), type, thin->inner, thin->up,
                                        /*transpose_a=*/false, /*transpose_b=*/true);
    auto sum = AddOp::create(b, matmul.getLoc(), type, matmul.getResult(), correction);
    matmul.getResult().replaceAllUsesExcept(sum, sum);
    ::hone::forgetWeight(matmul);
    return success();
  }

  ::hone::Rounded choose(const Matrix &w, const Eigen::MatrixXf *moments, const ::hone::Grid &grid) {
    if (!moments)
      return ::hone::roundNearest(w, grid);
    if (spread)
      return ::hone::gptq(w, *moments, grid, {0.01, int(sweeps)}, calibration->parallel());
    Eigen::RowVectorXf importance = ::hone::damped(*moments, 0.01).diagonal().transpose();
    return ::hone::roundNearest(w, grid, &importance);
  }

  /// As files hold them: 4-bit numbers two a byte, low bits first, each row by itself.
  std::vector<char> bytesOf(const ::hone::Numbers &numbers) const {
    std::vector<char> bytes;
    bytes.reserve(numbers.size());
    bool isHalf = ::hone::widthOf(bits) == 4;
    for (int64_t row = 0; row < numbers.rows(); ++row)
      for (int64_t i = 0; i < numbers.cols(); i += isHalf ? 2 : 1) {
        int high = isHalf && i + 1 < numbers.cols() ? numbers(row, i + 1) : 0;
        bytes.push_back(char(isHalf ? (numbers(row, i) & 15) | (high & 15) << 4 : numbers(row, i)));
      }
    return bytes;
  }

  Calibration *calibration = nullptr;
  ::hone::NodeFilter names;
};

} // namespace

namespace hone {
std::string learnedSuffix(int64_t bits) { return ".gptq" + std::to_string(bits); }

std::unique_ptr<mlir::Pass> createGptqWeights(GptqWeightsOptions options, Calibration &calibration) {
  return std::make_unique<GptqWeights>(options, calibration);
}
} // namespace hone
