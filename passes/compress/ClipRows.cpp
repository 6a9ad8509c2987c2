// Rows that products round to 8 bits are cut off where samples seldom reach.
#include "passes/compress/Layerwise.h"
#include "passes/compress/Passes.h"

namespace hone {
#define GEN_PASS_DEF_CLIPROWS
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Calibration;
using ::hone::Layer;

namespace {

class ClipRows : public ::hone::impl::ClipRowsBase<ClipRows> {
public:
  using Base = ::hone::impl::ClipRowsBase<ClipRows>;
  using Base::Base;
  ClipRows(::hone::ClipRowsOptions options, Calibration &calibration)
      : Base(options), calibration(&calibration) {}

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    kind = ::hone::findRangeKind(range);
    if (!kind) {
      auto names = llvm::map_range(::hone::rangeKinds, [](const auto &k) { return k.name.str(); });
      why = "expected the range " + llvm::join(names, ", ") + ", got '" + range + "'";
    } else {
      names = ::hone::NodeFilter::make(only, skip, why);
    }
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-clip-rows: ") << why;
  }

  void runOnOperation() override {
    if (!calibration) {
      getOperation().emitError("hone-clip-rows needs samples: hone-compile "
                               "--compress=int8:rows=8,range=mse --calibrate=DIR");
      return signalPassFailure();
    }
    ::hone::Layerwise layers(getOperation(), *calibration);
    auto refuses = [&](QuantizableOpInterface op, WeightOp weight) {
      return ::hone::refusesRounding(op, weight, group);
    };
    clipped.clear();
    if (failed(layers.run({getArgumentName(), names, false, false, refuses},
                          [&](Layer &layer) { return layer.isReached ? clip(layer) : success(); })))
      signalPassFailure();
  }

private:
  LogicalResult clip(Layer &layer) {
    Value x = layer.op.getActivation();
    Value &made = clipped[x]; // products that read one value share what is made of it
    if (!made) {
      auto ranges = calibration->ranges(layer.reader());
      if (failed(ranges))
        return failure();
      float limit = (*ranges).*(kind->value);
      if (limit == 0) {
        layer.op->emitRemark(getArgumentName()) << ": its rows stay as they are: on samples all are zero";
        return success();
      }
      OpBuilder b(layer.op);
      auto bound = [&](float value) {
        auto type = RankedTensorType::get({}, b.getF32Type());
        return ConstantOp::create(b, layer.op->getLoc(), DenseElementsAttr::get(type, value));
      };
      Value low = MaxOp::create(b, layer.op->getLoc(), x.getType(), x, bound(-limit));
      made = MinOp::create(b, layer.op->getLoc(), x.getType(), low, bound(limit));
    }
    layer.op->replaceUsesOfWith(x, made);
    return success();
  }

  Calibration *calibration = nullptr;
  const ::hone::RangeKind *kind = nullptr;
  ::hone::NodeFilter names;
  llvm::DenseMap<Value, Value> clipped;
};

} // namespace

namespace hone {
std::unique_ptr<mlir::Pass> createClipRows(ClipRowsOptions options, Calibration &calibration) {
  return std::make_unique<ClipRows>(options, calibration);
}
} // namespace hone
