// Scales in front of rounding: products that read one value share theirs.
#include "passes/compress/ChannelScales.h"
#include "passes/compress/Passes.h"
#include "passes/compress/math/Channels.h"

namespace hone {
#define GEN_PASS_DEF_SCALECHANNELS
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Calibration;
using ::hone::Layer;
using ::hone::Matrix;

namespace {

class ScaleChannels : public ::hone::impl::ScaleChannelsBase<ScaleChannels> {
public:
  using Base = ::hone::impl::ScaleChannelsBase<ScaleChannels>;
  using Base::Base;
  ScaleChannels(::hone::ScaleChannelsOptions options, Calibration &calibration)
      : Base(options), calibration(&calibration) {}

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    if (method != "awq" && method != "smooth")
      why = "expected the method awq or smooth, got '" + method + "'";
    else if (alpha < 0 || alpha > 1)
      why = "expected an alpha from 0 to 1";
    else
      names = ::hone::NodeFilter::make(only, skip, why);
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-scale-channels: ") << why;
  }

  void runOnOperation() override {
    if (!calibration) {
      getOperation().emitError(
          "hone-scale-channels needs samples: hone-compile --compress=int4:method=awq --calibrate=DIR");
      return signalPassFailure();
    }
    ::hone::Layerwise layers(getOperation(), *calibration);
    ::hone::ChannelScales scales(layers, getArgumentName());
    auto refuses = [&](QuantizableOpInterface op, WeightOp weight) {
      return ::hone::refusesRounding(op, weight, group);
    };
    auto collect = [&](Layer &layer) -> LogicalResult {
      if (!layer.isReached) {
        layer.op->emitRemark(getArgumentName()) << ": its input stays as it is: no sample reaches it";
        return success();
      }
      if (input != layer.op.getActivation() && failed(choose(scales)))
        return failure();
      if (readers.empty()) {
        input = layer.op.getActivation();
        int64_t block = ::hone::fittingGroup(layer.op, layer.weight, group);
        grid = {int(bits), block ? block : int64_t(layer.elements.cols())};
        if (layer.moments) {
          moments = *layer.moments;
        } else {
          auto found = calibration->peaks(layer.reader());
          if (failed(found))
            return failure();
          peaks = std::move(*found);
        }
      }
      readers.push_back(layer.op);
      weights.push_back(std::move(layer.elements));
      return success();
    };
    if (failed(layers.run({getArgumentName(), names, false, method == "awq", refuses}, collect)) ||
        failed(choose(scales)) || failed(scales.finish()))
      signalPassFailure();
  }

private:
  /// Scales of the products that were collected last.
  LogicalResult choose(::hone::ChannelScales &scales) {
    if (readers.empty())
      return success();
    Eigen::RowVectorXf found = method == "awq"
                                   ? ::hone::awareScales(weights, moments, grid, calibration->parallel())
                                   : ::hone::smoothScales(weights, peaks, alpha);
    LogicalResult result = scales.scale(input, readers, found);
    readers.clear();
    weights.clear();
    return result;
  }

  Calibration *calibration = nullptr;
  ::hone::NodeFilter names;
  // Of the value that was asked for last.
  Value input;
  ::hone::Grid grid;
  SmallVector<QuantizableOpInterface> readers;
  std::vector<Matrix> weights;
  Eigen::MatrixXf moments;
  Eigen::VectorXf peaks;
};

} // namespace

namespace hone {
std::unique_ptr<mlir::Pass> createScaleChannels(ScaleChannelsOptions options, Calibration &calibration) {
  return std::make_unique<ScaleChannels>(options, calibration);
}
} // namespace hone
