// Rounds weights one product after the other, each by the inputs that samples give it in the graph as it is
// by then.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/compress/Calibration.h"
#include "passes/compress/Names.h"
#include "passes/compress/Passes.h"

namespace hone {
#define GEN_PASS_DEF_GPTQWEIGHTS
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Calibration;
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
    if (bits != 4 && bits != 8)
      why = "expected bits of 4 or 8, got " + std::to_string(bits);
    else if (group < 0 || sweeps < 0)
      why = "expected a group and sweeps of 0 or more";
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
    symbols.emplace(module);
    SmallVector<std::pair<QuantizableOpInterface, WeightOp>> targets;
    module.walk([&](QuantizableOpInterface op) {
      auto get = op.getWeightOperand().get().getDefiningOp<GetWeightOp>();
      if (op->getParentOfType<WeightOp>() || !get || !names.takes(op) || (!op.getActivation() && !embeddings))
        return;
      auto weight = symbols->lookup<WeightOp>(get.getWeight());
      if (std::string why = ::hone::refusesRounding(op, weight, group); !why.empty())
        op->emitRemark("hone-gptq-weights: its weight stays dense: ") << why;
      else
        targets.emplace_back(op, weight);
    });
    Value activation;
    Eigen::MatrixXf moments;
    for (auto [i, target] : llvm::enumerate(targets)) {
      auto [op, weight] = target;
      calibration->progress("weight", i, targets.size());
      Value wanted = isReached(op) ? op.getActivation() : Value();
      // Products of one input, as queries and keys are, share its moments.
      if (wanted && wanted != activation) {
        auto found = calibration->moments(wanted);
        if (failed(found))
          return signalPassFailure();
        moments = std::move(*found), activation = wanted;
      }
      if (failed(round(op, weight, wanted ? &moments : nullptr)))
        return signalPassFailure();
    }
  }

private:
  /// Whether samples reach its input: it stands in the body of a function.
  static bool isReached(Operation *op) { return isa<func::FuncOp>(op->getParentOp()); }

  LogicalResult round(QuantizableOpInterface op, WeightOp weight, const Eigen::MatrixXf *moments) {
    auto elements = calibration->elements(weight);
    if (failed(elements))
      return failure();
    auto type = cast<RankedTensorType>(weight.getType());
    int64_t axis = op.getGroupAxis();
    Matrix w = Eigen::Map<Matrix>(elements->data(), type.getDimSize(0), type.getDimSize(1));
    if (axis == 0)
      w.transposeInPlace();
    ::hone::Grid grid{int(bits), group ? int64_t(group) : int64_t(w.cols())};
    ::hone::Rounded rounded =
        moments ? ::hone::gptq(w, *moments, grid, {0.01, int(sweeps)}, calibration->parallel())
                : ::hone::roundNearest(w, grid);
    if (axis == 0) {
      rounded.numbers.transposeInPlace();
      rounded.scales.transposeInPlace();
    }
    return replace(op, weight, rounded);
  }

  LogicalResult replace(QuantizableOpInterface op, WeightOp weight, const ::hone::Rounded &rounded) {
    Type element = IntegerType::get(&getContext(), bits);
    auto type = cast<RankedTensorType>(weight.getType());
    // Without groups, one scale an element of the other axis.
    SmallVector<int64_t> scaleShape = {rounded.scales.rows(), rounded.scales.cols()};
    if (!group)
      scaleShape = {rounded.scales.size()};
    std::string name = weight.getSymName().str() + ".gptq" + std::to_string(bits);
    auto numbers = add(op, name, type.clone(element), bytesOf(rounded.numbers));
    ArrayRef<char> scaleBytes(reinterpret_cast<const char *>(rounded.scales.data()),
                              rounded.scales.size() * sizeof(float));
    auto scales =
        add(op, name + ".scale", RankedTensorType::get(scaleShape, type.getElementType()), scaleBytes);
    if (failed(numbers) || failed(scales))
      return failure();
    OpBuilder b(op);
    auto get = [&](WeightOp from) {
      return GetWeightOp::create(b, op->getLoc(), from.getType(), from.getSymName()).getResult();
    };
    int64_t axis = group ? op.getGroupAxis() : 1 - op.getGroupAxis();
    op.getWeightOperand().set(DequantizeOp::create(b, op->getLoc(), type, get(*numbers), get(*scales),
                                                   Value(), axis, int64_t(group)));
    return success();
  }

  /// As files hold them: 4-bit numbers two a byte, low bits first, each row by itself.
  std::vector<char> bytesOf(const ::hone::Numbers &numbers) const {
    std::vector<char> bytes;
    bytes.reserve(numbers.size());
    for (int64_t row = 0; row < numbers.rows(); ++row)
      for (int64_t i = 0; i < numbers.cols(); i += bits == 4 ? 2 : 1) {
        int high = bits == 4 && i + 1 < numbers.cols() ? numbers(row, i + 1) : 0;
        bytes.push_back(char(bits == 4 ? (numbers(row, i) & 15) | (high & 15) << 4 : numbers(row, i)));
      }
    return bytes;
  }

  FailureOr<WeightOp> add(QuantizableOpInterface op, const std::string &name, Type type,
                          ArrayRef<char> bytes) {
    auto place = calibration->keep(bytes);
    if (failed(place))
      return failure();
    OpBuilder b(&getContext());
    b.setInsertionPointToStart(getOperation().getBody());
    auto weight = WeightOp::create(b, op->getLoc(), name, type, b.getStringAttr(place->file),
                                   b.getI64IntegerAttr(place->offset), b.getI64IntegerAttr(bytes.size()));
    symbols->insert(weight);
    return weight;
  }

  Calibration *calibration = nullptr;
  ::hone::NodeFilter names;
  std::optional<SymbolTable> symbols;
};

} // namespace

namespace hone {
std::unique_ptr<mlir::Pass> createGptqWeights(GptqWeightsOptions options, Calibration &calibration) {
  return std::make_unique<GptqWeights>(options, calibration);
}
} // namespace hone
