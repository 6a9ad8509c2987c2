// Weights with many zeros as the other values and a bit for each element.
#include "passes/compress/Layerwise.h"
#include "passes/compress/Passes.h"
#include "llvm/ADT/bit.h"
#include <limits>

namespace hone {
#define GEN_PASS_DEF_STORESPARSE
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Calibration;
using ::hone::Layer;

namespace {

constexpr int64_t group = 32; // neighbouring outputs that share a word of the mask

/// Values in front of those of the next group, panel by panel: as hone.decompress describes.
struct Packed {
  std::vector<float> values;
  std::vector<int32_t> mask, starts;
};

Packed pack(const ::hone::Matrix &w) {
  int64_t outputs = w.rows(), inputs = w.cols(), panels = (outputs + group - 1) / group;
  Packed packed;
  for (int64_t p = 0; p < panels; ++p)
    for (int64_t k = 0; k < inputs; ++k) {
      uint32_t bits = 0;
      packed.starts.push_back(int32_t(packed.values.size()));
      for (int64_t i = 0; i < std::min(group, outputs - p * group); ++i)
        if (float x = w(p * group + i, k); x != 0) {
          bits |= uint32_t(1) << i;
          packed.values.push_back(x);
        }
      packed.mask.push_back(llvm::bit_cast<int32_t>(bits));
    }
  // Kernels read whole registers.
  packed.values.resize(packed.values.size() + group);
  return packed;
}

class StoreSparse : public ::hone::impl::StoreSparseBase<StoreSparse> {
public:
  using Base = ::hone::impl::StoreSparseBase<StoreSparse>;
  using Base::Base;
  StoreSparse(::hone::StoreSparseOptions options, Calibration &calibration)
      : Base(options), calibration(&calibration) {}

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    if (least > 1)
      why = "expected a share of at most 1, got " + std::to_string(double(least));
    else
      names = ::hone::NodeFilter::make(only, skip, why);
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-store-sparse: ") << why;
  }

  void runOnOperation() override {
    if (!calibration) {
      getOperation().emitError("hone-store-sparse needs weights: hone-compile --compress=sparse");
      return signalPassFailure();
    }
    ::hone::Layerwise layers(getOperation(), *calibration);
    auto refuses = [&](QuantizableOpInterface op, WeightOp weight) -> std::string {
      if (!isa<MatmulOp>(op))
        return "only products read sparse weights";
      return ::hone::refusesRounding(op, weight, 0);
    };
    bytesOfAll = bytesOfProducts();
    if (failed(layers.run({"hone-store-sparse", names, false, /*wantsMoments=*/false, refuses},
                          [&](Layer &layer) { return store(layers, layer); })))
      signalPassFailure();
  }

private:
  /// Picoseconds an element of a product of one row, which waits for the weight's bytes from memory or, with
  /// few of them, for the registers that they are spread over. Many rows take as long as with a dense weight
  /// and a few percent more, so the gain must be worth it.
  static constexpr double perByte = 50, perDense = 4 * perByte, spreading = 70, leastGain = 1.5;
  static double perSparse(double zeros) { return std::max(spreading, (4 * (1 - zeros) + 0.25) * perByte); }

  /// Smaller weights than these are taken to come from a cache the next time, in 10 picoseconds a byte.
  static constexpr int64_t cached = 16 << 20;
  int64_t bytesOfProducts() {
    int64_t bytes = 0;
    getOperation().walk([&](MatmulOp op) {
      if (op.getRhs().getDefiningOp<GetWeightOp>())
        if (auto type = cast<RankedTensorType>(op.getRhs().getType()); type.getElementType().isF32())
          bytes += type.getNumElements() * 4;
    });
    return bytes;
  }

  /// Why a weight with that share of zeros stays dense; empty when it does not.
  std::string staysDense(double zeros) {
    if (least >= 0)
      return zeros >= least ? "" : "less than the share that was asked for";
    ModuleOp module = getOperation();
    if (module->hasAttr("hone.device_target"))
      return "kernels of the device read dense weights";
    TargetAttr target = TargetAttr::of(module);
    if (!target || !target.fact("avx512"))
      return "the target spreads no values by a mask: AVX-512 does";
    if (bytesOfAll < cached)
      return "the weights of all products take " + std::to_string(bytesOfAll >> 20) +
             " MB, which stay in a cache: a dense one is read faster from there";
    double gain = perDense / perSparse(zeros);
    if (gain >= leastGain)
      return "";
    return "a row would take " + std::to_string(int(100 / gain)) +
           " % of the time of a dense weight, at most " + std::to_string(int(100 / leastGain)) + " % pays";
  }

  LogicalResult store(::hone::Layerwise &layers, Layer &layer) {
    const ::hone::Matrix &w = layer.elements;
    if (w.size() == 0 || w.size() > std::numeric_limits<int32_t>::max() - group)
      return success();
    int64_t count = (w.array() == 0).count();
    double zeros = double(count) / double(w.size());
    if (std::string why = staysDense(zeros); !why.empty()) {
      layer.op->emitRemark("hone-store-sparse: its weight stays dense: ")
          << int(100 * zeros) << " % are zeros: " << why;
      return success();
    }
    Packed packed = pack(w);
    int64_t panels = (w.rows() + group - 1) / group, inputs = w.cols();
    std::string name = layer.weight.getSymName().str();
    OpBuilder b(layer.op);
    auto add = [&](StringRef suffix, const auto &elements, ArrayRef<int64_t> shape, Type type) {
      ArrayRef<char> bytes(reinterpret_cast<const char *>(elements.data()), elements.size() * 4);
      return layers.add(layer, name + suffix, RankedTensorType::get(shape, type), bytes);
    };
    auto values = add(".values", packed.values, {int64_t(packed.values.size())}, b.getF32Type()),
         mask = add(".mask", packed.mask, {panels, inputs}, b.getI32Type()),
         starts = add(".starts", packed.starts, {panels, inputs}, b.getI32Type());
    if (failed(values) || failed(mask) || failed(starts))
      return failure();
    auto matmul = cast<MatmulOp>(layer.op);
    matmul.getRhsMutable().assign(
        DecompressOp::create(b, matmul.getLoc(), RankedTensorType::get({inputs, w.rows()}, b.getF32Type()),
                             *values, *mask, *starts, w.rows()));
    matmul.setTransposeB(false);
    return success();
  }

  Calibration *calibration = nullptr;
  ::hone::NodeFilter names;
  int64_t bytesOfAll = 0; // of products' weights, before any was changed
};

} // namespace

namespace hone {
std::unique_ptr<mlir::Pass> createStoreSparse(StoreSparseOptions options, Calibration &calibration) {
  return std::make_unique<StoreSparse>(options, calibration);
}
} // namespace hone
