// Least squares behind products whose weights have changed: what each output was is kept as the name of the
// weight that gave it.
#include "passes/compress/Layerwise.h"
#include "passes/compress/Passes.h"
#include <cmath>

namespace hone {
#define GEN_PASS_DEF_NOTEWEIGHTS
#define GEN_PASS_DEF_REFITPRODUCTS
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Calibration;

namespace {

// The weight as it was, by how it lies: [inputs, outputs] or [outputs, inputs].
constexpr StringRef noted[] = {"hone.noted_weight", "hone.noted_weight_transposed"};

bool isNoted(Operation *op) { return op->hasAttr(noted[0]) || op->hasAttr(noted[1]); }

class NoteWeights : public ::hone::impl::NoteWeightsBase<NoteWeights> {
public:
  using Base = ::hone::impl::NoteWeightsBase<NoteWeights>;
  using Base::Base;

  void runOnOperation() override {
    getOperation().walk([&](MatmulOp matmul) {
      auto get = matmul.getRhs().getDefiningOp<GetWeightOp>();
      bool isF32 = cast<RankedTensorType>(matmul.getType()).getElementType().isF32();
      if (get && isF32 && !matmul.getTransposeA() && !isNoted(matmul) &&
          cast<RankedTensorType>(get.getType()).getRank() == 2)
        matmul->setAttr(noted[matmul.getTransposeB()], get.getWeightAttr());
    });
  }
};

class RefitProducts : public ::hone::impl::RefitProductsBase<RefitProducts> {
public:
  using Base = ::hone::impl::RefitProductsBase<RefitProducts>;
  using Base::Base;
  RefitProducts(::hone::RefitProductsOptions options, Calibration &calibration)
      : Base(options), calibration(&calibration) {}

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    names = ::hone::NodeFilter::make(only, skip, why);
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-refit-products: ") << why;
  }

  void runOnOperation() override {
    if (!calibration) {
      getOperation().emitError("hone-refit-products needs samples: hone-compile --compress=int4 "
                               "--compress=refit --calibrate=DIR");
      return signalPassFailure();
    }
    SmallVector<MatmulOp> products;
    getOperation().walk([&](MatmulOp matmul) {
      if (isNoted(matmul) && names.takes(matmul))
        products.push_back(matmul);
    });
    ::hone::Layerwise layers(getOperation(), *calibration);
    calibration->rewind();
    for (auto [i, product] : llvm::enumerate(products)) {
      calibration->progress("product", i, products.size());
      if (failed(refit(product, layers)))
        return signalPassFailure();
    }
    // Samples are through: nobody asks for a value behind these any more.
    for (auto &[product, line] : atEnd)
      if (failed(apply(product, product, line, layers)))
        return signalPassFailure();
    for (Operation *op : llvm::reverse(temporary))
      op->erase();
    getOperation().walk([](MatmulOp matmul) { ::hone::forgetWeight(matmul); });
  }

private:
  /// Of each output: slope and offset.
  struct Line {
    std::vector<float> slopes, offsets;
  };

  LogicalResult refit(MatmulOp product, ::hone::Layerwise &layers) {
    bool isTransposed = product->hasAttr(noted[1]);
    auto name = product->getAttrOfType<FlatSymbolRefAttr>(noted[isTransposed]);
    auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(product, name);
    auto refuse = [&](const Twine &why) {
      product->emitRemark(getArgumentName()) << ": stays as it is: " << why;
      return success();
    };
    if (auto get = product.getRhs().getDefiningOp<GetWeightOp>(); get && get.getWeightAttr() == name)
      return success(); // nothing was lost
    if (!isa<func::FuncOp>(product->getParentOp()))
      return refuse("samples do not reach it");
    auto shape = cast<RankedTensorType>(weight.getType()).getShape();
    int64_t inputs = shape[isTransposed], outputs = shape[!isTransposed];
    Value x = product.getLhs();
    auto lastOf = [](Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); };
    if (auto thin = x.getDefiningOp<MatmulOp>(); thin && lastOf(x) != inputs && !thin.getTransposeA())
      x = thin.getLhs(); // a product of two thin matrices
    if (lastOf(x) != inputs || lastOf(product) != outputs)
      return refuse("it has fewer inputs or outputs than it had");

    Location loc = product.getLoc();
    OpBuilder b(product->getContext());
    b.setInsertionPointAfter(product);
    auto type = cast<RankedTensorType>(product.getType());
    Value original = GetWeightOp::create(b, loc, weight.getType(), weight.getSymName());
    Value wanted = MatmulOp::create(b, loc, type, x, original, false, isTransposed);
    SmallVector<int64_t> both(type.getShape());
    both.back() *= 2;
    auto pairs = ConcatOp::create(b, loc, type.clone(both), ValueRange{product, wanted}, both.size() - 1);
    // What has been asked for stays until the end: samples have reached it.
    temporary.append({original.getDefiningOp(), wanted.getDefiningOp(), pairs});
    auto sums = calibration->pairs(pairs);
    if (failed(sums))
      return failure();
    Line line = fit(*sums);
    bool isRead = llvm::any_of(product->getUsers(), [&](Operation *user) {
      return user != pairs && !user->hasTrait<OpTrait::IsTerminator>();
    });
    if (isRead)
      return apply(product, pairs, line, layers);
    atEnd.emplace_back(product, std::move(line));
    return success();
  }

  /// Outputs that hardly vary keep their slope, those that are not finite on samples stay as they are.
  static Line fit(const Calibration::PairSums &sums) {
    Line line;
    for (int64_t i = 0; i < sums.x.size(); ++i) {
      double n = std::max<double>(sums.rows, 1), spread = sums.xx(i) - sums.x(i) * sums.x(i) / n;
      double slope = 1;
      if (sums.rows > 2 && spread > 1e-9 * sums.xx(i))
        slope = (sums.xy(i) - sums.x(i) * sums.y(i) / n) / spread;
      double offset = (sums.y(i) - slope * sums.x(i)) / n;
      bool isFinite = std::isfinite(slope) && std::isfinite(offset);
      line.slopes.push_back(isFinite ? slope : 1);
      line.offsets.push_back(isFinite ? offset : 0);
    }
    return line;
  }

  LogicalResult apply(MatmulOp product, Operation *behind, const Line &line, ::hone::Layerwise &layers) {
    auto type = cast<RankedTensorType>(product.getType());
    std::string name =
        product->getAttrOfType<FlatSymbolRefAttr>(noted[product->hasAttr(noted[1])]).getValue().str();
    auto vector = [&](StringRef suffix, const std::vector<float> &elements) {
      ArrayRef<char> bytes(reinterpret_cast<const char *>(elements.data()), elements.size() * sizeof(float));
      return layers.add(product, name + suffix,
                        RankedTensorType::get(int64_t(elements.size()), type.getElementType()), bytes);
    };
    auto slopes = vector(".slope", line.slopes), offsets = vector(".offset", line.offsets);
    if (failed(slopes) || failed(offsets))
      return failure();
    OpBuilder b(product->getContext());
    b.setInsertionPointAfter(behind);
    SmallPtrSet<Operation *, 4> readers(temporary.begin(), temporary.end());
    auto scaled = MulOp::create(b, product.getLoc(), type, product, *slopes);
    readers.insert(scaled);
    auto moved = AddOp::create(b, product.getLoc(), type, scaled, *offsets);
    product.getResult().replaceAllUsesExcept(moved, readers);
    return success();
  }

  Calibration *calibration = nullptr;
  ::hone::NodeFilter names;
  SmallVector<Operation *> temporary;
  SmallVector<std::pair<MatmulOp, Line>> atEnd;
};

} // namespace

namespace hone {
void forgetWeight(Operation *op) {
  for (StringRef name : noted)
    op->removeAttr(name);
}

std::unique_ptr<mlir::Pass> createRefitProducts(RefitProductsOptions options, Calibration &calibration) {
  return std::make_unique<RefitProducts>(options, calibration);
}
} // namespace hone
