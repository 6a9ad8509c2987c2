// Products with a matrix as two products with thin ones.
#include "passes/compress/Layerwise.h"
#include "passes/compress/Passes.h"
#include "passes/compress/math/LowRank.h"

namespace hone {
#define GEN_PASS_DEF_FACTORWEIGHTS
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Calibration;
using ::hone::Layer;

namespace {

class FactorWeights : public ::hone::impl::FactorWeightsBase<FactorWeights> {
public:
  using Base = ::hone::impl::FactorWeightsBase<FactorWeights>;
  using Base::Base;
  FactorWeights(::hone::FactorWeightsOptions options, Calibration &calibration)
      : Base(options), calibration(&calibration) {}

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    if (rank < 0 || energy <= 0 || energy > 1)
      why = "expected a rank of 0 or more and an energy above 0 and at most 1";
    else
      names = ::hone::NodeFilter::make(only, skip, why);
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-factor-weights: ") << why;
  }

  void runOnOperation() override {
    if (!calibration) {
      getOperation().emitError(
          "hone-factor-weights needs weights: hone-compile --compress=lowrank:energy=0.99");
      return signalPassFailure();
    }
    ::hone::Layerwise layers(getOperation(), *calibration);
    auto refuses = [](QuantizableOpInterface op, WeightOp weight) -> std::string {
      return isa<MatmulOp>(op) ? ::hone::refusesRounding(op, weight, 0) : "only products have two factors";
    };
    if (failed(layers.run({"hone-factor-weights", names, false, learns, refuses},
                          [&](Layer &layer) { return factor(layers, layer); })))
      signalPassFailure();
  }

private:
  LogicalResult factor(::hone::Layerwise &layers, Layer &layer) {
    auto matmul = cast<MatmulOp>(layer.op);
    ::hone::Factors factors = ::hone::lowRank(layer.elements, layer.moments, rank, energy);
    int64_t r = factors.up.cols(), dense = layer.elements.size(),
            thin = factors.up.size() + factors.down.size();
    if (thin >= dense) {
      matmul.emitRemark("hone-factor-weights: its weight stays as it is: rank ")
          << r << " takes " << thin << " elements, the whole " << dense;
      return success();
    }
    layers.note(layer, factors.up * factors.down);
    auto operands = layers.addThin(layer, factors);
    if (failed(operands))
      return failure();
    matmul.getLhsMutable().assign(operands->inner);
    matmul.getRhsMutable().assign(operands->up);
    matmul.setTransposeA(false);
    matmul.setTransposeB(true);
    return success();
  }

  Calibration *calibration = nullptr;
  ::hone::NodeFilter names;
};

} // namespace

namespace hone {
std::unique_ptr<mlir::Pass> createFactorWeights(FactorWeightsOptions options, Calibration &calibration) {
  return std::make_unique<FactorWeights>(options, calibration);
}
} // namespace hone
