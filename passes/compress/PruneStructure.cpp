// Whole inner channels and whole heads go: every array between two products gets smaller.
#include "passes/compress/Chain.h"
#include "passes/compress/Layerwise.h"
#include "passes/compress/Passes.h"
#include "passes/compress/math/Prune.h"
#include <cmath>

namespace hone {
#define GEN_PASS_DEF_PRUNESTRUCTURE
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::Calibration;
using ::hone::Chain;
using ::hone::Layer;

namespace {

/// A product whose inputs get fewer: which stay, and its weight then.
struct Cut {
  MatmulOp product;
  std::vector<int64_t> kept;
  Value weight;
};

AttentionOp attentionInFront(Operation *op) {
  return cast<MatmulOp>(op).getLhs().getDefiningOp<AttentionOp>();
}

class PruneStructure : public ::hone::impl::PruneStructureBase<PruneStructure> {
public:
  using Base = ::hone::impl::PruneStructureBase<PruneStructure>;
  using Base::Base;
  PruneStructure(::hone::PruneStructureOptions options, Calibration &calibration)
      : Base(options), calibration(&calibration) {}

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    if (channels < 0 || channels >= 1 || heads < 0 || heads >= 1)
      why = "expected shares from 0 to below 1";
    else if (multiple < 1)
      why = "expected a multiple of 1 or more, got " + std::to_string(multiple);
    else
      names = ::hone::NodeFilter::make(only, skip, why);
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-prune-structure: ") << why;
  }

  void runOnOperation() override {
    if (!calibration) {
      getOperation().emitError(
          "hone-prune-structure needs weights: hone-compile --compress=prune:channels=0.25");
      return signalPassFailure();
    }
    ::hone::Layerwise layers(getOperation(), *calibration);
    auto refuses = [&](QuantizableOpInterface op, WeightOp weight) { return refuse(layers, op, weight); };
    std::vector<Cut> cuts;
    auto choose = [&](Layer &layer) { return cut(layers, layer, cuts); };
    if (failed(layers.run({"hone-prune-structure", names, false, learns, refuses}, choose)))
      return signalPassFailure();
    // Only now: samples run through what stands in front, with zeros for what is to go.
    for (Cut &cut : cuts)
      if (failed(shrink(layers, cut)))
        return signalPassFailure();
  }

private:
  std::string refuse(::hone::Layerwise &layers, QuantizableOpInterface op, WeightOp weight) {
    if (std::string why = ::hone::refusesRounding(op, weight, 0); !why.empty())
      return why;
    auto product = dyn_cast<MatmulOp>(*op);
    if (!product || product.getTransposeA())
      return "only inputs of products along their last axis go";
    AttentionOp attention = attentionInFront(op);
    if (!attention) {
      if (channels == 0)
        return "its inputs are no heads";
      Chain chain(layers, /*hasHeads=*/false);
      std::string why = chain.add(product.getLhs());
      return why.empty() ? chain.readOnlyBy(product) : why;
    }
    if (heads == 0)
      return "its inputs are heads";
    if (attention.getPastKey() || !attention.getPresents().empty())
      return "the model's past and present keys have all heads";
    if (Value mask = attention.getMask())
      if (auto type = cast<RankedTensorType>(mask.getType());
          type.getRank() > 2 && type.getDimSize(type.getRank() - 3) != 1)
        return "heads have masks of their own";
    if (!attention.getOutput().hasOneUse())
      return "others read the heads, too";
    Chain chain(layers, /*hasHeads=*/true);
    for (Value value : {attention.getQuery(), attention.getKey(), attention.getValue()})
      if (std::string why = chain.add(value); !why.empty())
        return why;
    return chain.readOnlyBy(attention);
  }

  LogicalResult cut(::hone::Layerwise &layers, Layer &layer, std::vector<Cut> &cuts) {
    auto product = cast<MatmulOp>(layer.op);
    const ::hone::Matrix &w = layer.elements;
    AttentionOp attention = attentionInFront(product);
    int64_t groups = attention ? attention.getKvHeads() : w.cols(), group = w.cols() / groups;
    double share = attention ? heads : channels;
    int64_t step = attention ? 1 : int64_t(multiple);
    int64_t keep = (int64_t(std::ceil(double(groups) * (1 - share) - 1e-9)) + step - 1) / step * step;
    if (keep >= groups) {
      product.emitRemark("hone-prune-structure: its weight stays as it is: ")
          << share << " of " << groups << " is less than what can go at once";
      return success();
    }
    ::hone::Columns columns;
    if (layer.moments) {
      columns = ::hone::removeColumns(w, *layer.moments, group, keep, 0.01);
    } else {
      Eigen::VectorXd sizes = w.colwise().norm().transpose().cast<double>(), scores(groups);
      Chain chain(layers, /*hasHeads=*/false);
      if (!attention &&
          (!chain.add(product.getLhs()).empty() || failed(chain.scale(product.getLhs(), sizes))))
        return failure();
      for (int64_t g = 0; g < groups; ++g)
        scores(g) = sizes.segment(g * group, group).norm();
      columns = ::hone::keepColumns(w, scores, group, keep);
    }
    layers.note(layer, columns.w);
    ::hone::Matrix kept(w.rows(), columns.kept.size());
    for (auto [i, column] : llvm::enumerate(columns.kept))
      kept.col(i) = columns.w.col(column);
    if (layer.isTurned()) {
      kept.transposeInPlace();
      columns.w.transposeInPlace();
    }
    std::string name = layer.weight.getSymName().str();
    auto small = layers.addMatrix(layer, name + ".kept", kept);
    if (failed(small))
      return failure();
    if (layer.moments) {
      auto wide = layers.addMatrix(layer, name + ".pruned", columns.w);
      if (failed(wide))
        return failure();
      layer.op.getWeightOperand().set(*wide);
    }
    cuts.push_back({product, std::move(columns.kept), *small});
    return success();
  }

  LogicalResult shrink(::hone::Layerwise &layers, Cut &cut) {
    Value inputs = cut.product.getLhs();
    cut.product.getRhsMutable().assign(cut.weight);
    AttentionOp attention = attentionInFront(cut.product);
    if (!attention) {
      Chain chain(layers, /*hasHeads=*/false);
      return success(chain.add(inputs).empty() && succeeded(chain.shrink(inputs, cut.kept, 0)));
    }
    auto type = cast<RankedTensorType>(inputs.getType());
    int64_t kvHeads = attention.getKvHeads(), wide = type.getShape().back() / kvHeads,
            left = cut.kept.size() / wide, queries = left * (attention.getHeads() / kvHeads);
    // A group's elements in query, key and value: as many neighbours as the axis has for each group.
    Chain chain(layers, /*hasHeads=*/true);
    SmallVector<Value> read = {attention.getQuery(), attention.getKey(), attention.getValue()};
    for (Value value : read)
      if (!chain.add(value).empty())
        return failure();
    for (auto [i, value] : llvm::enumerate(read)) {
      int64_t width = cast<RankedTensorType>(value.getType()).getShape().back() / kvHeads;
      std::vector<int64_t> kept;
      for (int64_t g = 0; g < left; ++g)
        for (int64_t j = 0; j < width; ++j)
          kept.push_back(cut.kept[g * wide] / wide * width + j);
      if (failed(chain.shrink(value, kept, i ? left : queries)))
        return failure();
    }
    attention.setHeads(queries);
    attention.setKvHeads(left);
    SmallVector<int64_t> shape(type.getShape());
    shape.back() = cut.kept.size();
    inputs.setType(type.clone(shape));
    return success();
  }

  Calibration *calibration = nullptr;
  ::hone::NodeFilter names;
};

} // namespace

namespace hone {
std::unique_ptr<mlir::Pass> createPruneStructure(PruneStructureOptions options, Calibration &calibration) {
  return std::make_unique<PruneStructure>(options, calibration);
}
} // namespace hone
