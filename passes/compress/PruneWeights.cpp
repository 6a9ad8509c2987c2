// Elements of weights at zero: by size, by what inputs make of them, or so that the others make good for
// them.
#include "passes/compress/Layerwise.h"
#include "passes/compress/Passes.h"
#include "passes/compress/math/Prune.h"
#include <cstring>

namespace hone {
#define GEN_PASS_DEF_PRUNEWEIGHTS
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Calibration;
using ::hone::Layer;
using ::hone::Matrix;

namespace {

/// Sizes of floats, counted by their sign-less upper bits: thresholds come out to within 1 %.
class Sizes {
public:
  void count(const Matrix &w) {
    for (int64_t i = 0; i < w.size(); ++i)
      ++bins[binOf(w.data()[i])];
    total += w.size();
  }
  /// The size below which that share of all elements is.
  float threshold(double share) const {
    int64_t wanted = int64_t(share * double(total)), below = 0;
    uint32_t bin = 0;
    while (bin + 1 < bins.size() && below + bins[bin] <= wanted)
      below += bins[bin++];
    uint32_t bits = bin << shift;
    float size;
    memcpy(&size, &bits, sizeof size);
    return size;
  }

private:
  static constexpr int shift = 16;
  static uint32_t binOf(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7fffffff) >> shift;
  }
  std::vector<int64_t> bins = std::vector<int64_t>(1 << 15);
  int64_t total = 0;
};

class PruneWeights : public ::hone::impl::PruneWeightsBase<PruneWeights> {
public:
  using Base = ::hone::impl::PruneWeightsBase<PruneWeights>;
  using Base::Base;
  PruneWeights(::hone::PruneWeightsOptions options, Calibration &calibration)
      : Base(options), calibration(&calibration) {}

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    if (!keep && (share < 0 || share >= 1))
      why = "expected a share from 0 to below 1, got " + std::to_string(double(share));
    else if (keep && (keep < 1 || of <= keep))
      why = "expected fewer to keep than there are neighbours, got " + std::to_string(keep) + ":" +
            std::to_string(of);
    else if (method != "magnitude" && method != "wanda" && method != "sparsegpt")
      why = "expected the method magnitude, wanda or sparsegpt, got '" + method + "'";
    else if (global && (keep || method != "magnitude"))
      why = "one threshold for all weights is for magnitude and a share";
    else
      names = ::hone::NodeFilter::make(only, skip, why);
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-prune-weights: ") << why;
  }

  void runOnOperation() override {
    if (!calibration) {
      getOperation().emitError("hone-prune-weights needs weights: hone-compile --compress=prune:2:4");
      return signalPassFailure();
    }
    ::hone::Layerwise layers(getOperation(), *calibration);
    auto refuses = [](QuantizableOpInterface op, WeightOp weight) {
      return ::hone::refusesRounding(op, weight, 0);
    };
    Sizes sizes;
    auto count = [&](Layer &layer) {
      sizes.count(layer.elements);
      return success();
    };
    bool learns = method != "magnitude";
    if (global && failed(layers.run({"hone-prune-weights", names, false, false, refuses}, count)))
      return signalPassFailure();
    float threshold = global ? sizes.threshold(share) : 0;
    auto change = [&](Layer &layer) { return prune(layers, layer, threshold); };
    if (failed(layers.run({"hone-prune-weights", names, false, learns, refuses}, change)))
      signalPassFailure();
  }

private:
  LogicalResult prune(::hone::Layerwise &layers, Layer &layer, float threshold) {
    const Matrix &w = layer.elements;
    ::hone::Sparsity sparsity{share, keep, of};
    Matrix pruned = global ? ::hone::pruneBelow(w, threshold)
                    : method == "sparsegpt" && layer.moments
                        ? ::hone::reconstruct(w, *layer.moments, sparsity, 0.01, calibration->parallel())
                        : ::hone::prune(w, ::hone::importance(w, layer.moments), sparsity);
    layers.note(layer, pruned);
    if (layer.isTurned())
      pruned.transposeInPlace();
    auto made = layers.addMatrix(layer, layer.weight.getSymName() + ".pruned", pruned);
    if (failed(made))
      return failure();
    layer.op.getWeightOperand().set(*made);
    return success();
  }

  Calibration *calibration = nullptr;
  ::hone::NodeFilter names;
};

} // namespace

namespace hone {
std::unique_ptr<mlir::Pass> createPruneWeights(PruneWeightsOptions options, Calibration &calibration) {
  return std::make_unique<PruneWeights>(options, calibration);
}
} // namespace hone
