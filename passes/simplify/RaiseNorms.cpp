// RMSNorm and LayerNorm from their decomposed forms, over the last dimension.
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/simplify/Match.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_RAISENORMS
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::eitherOrder;
using ::hone::floatConstant;
using ::hone::isFloat;

/// x of mean(x) over the last dimension, kept.
static Value meanOf(Value value) {
  auto reduce = value.getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != ReduceKind::mean || !reduce.getKeepdims())
    return {};
  int64_t rank = cast<ShapedType>(reduce.getInput().getType()).getRank();
  return reduce.getAxes().size() == 1 && reduce.getAxes()[0] == rank - 1 ? reduce.getInput() : Value();
}

/// x of x^2.
static Value squareOf(Value value) {
  if (auto pow = value.getDefiningOp<PowOp>(); pow && isFloat(pow.getRhs(), 2))
    return pow.getLhs();
  if (auto mul = value.getDefiningOp<MulOp>(); mul && mul.getLhs() == mul.getRhs())
    return mul.getLhs();
  return {};
}

/// x and epsilon of mean(x^2) + epsilon.
static Value meanSquareOf(Value value, double &epsilon) {
  Value x;
  eitherOrder<AddOp>(value, [&](Value mean, Value e) {
    auto constant = floatConstant(e);
    Value square = constant ? meanOf(mean) : Value();
    x = square ? squareOf(square) : Value();
    epsilon = constant.value_or(0);
    return bool(x);
  });
  return x;
}

/// v of sqrt(v).
static Value radicandOf(Value value) {
  auto sqrt = value.getDefiningOp<SqrtOp>();
  return sqrt ? sqrt.getInput() : Value();
}

/// v of 1 / sqrt(v) in its forms.
static Value inverseRadicandOf(Value value) {
  if (auto rsqrt = value.getDefiningOp<RsqrtOp>())
    return rsqrt.getInput();
  if (auto pow = value.getDefiningOp<PowOp>(); pow && isFloat(pow.getRhs(), -0.5))
    return pow.getLhs();
  if (auto reciprocal = value.getDefiningOp<ReciprocalOp>())
    return radicandOf(reciprocal.getInput());
  if (auto div = value.getDefiningOp<DivOp>(); div && isFloat(div.getLhs(), 1))
    return radicandOf(div.getRhs());
  return {};
}

/// x and epsilon of x / sqrt(mean(x^2) + epsilon) in its division and reciprocal forms.
static Value normalizedOf(Value value, double &epsilon) {
  auto isNormOf = [&](Value radicand, Value x) { return radicand && meanSquareOf(radicand, epsilon) == x; };
  if (auto div = value.getDefiningOp<DivOp>(); div && isNormOf(radicandOf(div.getRhs()), div.getLhs()))
    return div.getLhs();
  Value result;
  eitherOrder<MulOp>(value, [&](Value x, Value inverse) {
    if (isNormOf(inverseRadicandOf(inverse), x))
      result = x;
    return bool(result);
  });
  return result;
}

/// Whether `scale` is one number an element of the last dimension of `x`, as a rank-1 tensor.
static bool isRow(Value scale, Value x) {
  auto type = dyn_cast<RankedTensorType>(scale.getType());
  auto shape = cast<RankedTensorType>(x.getType()).getShape();
  return type && type.getRank() == 1 && !shape.empty() && type.getDimSize(0) == shape.back() &&
         !ShapedType::isDynamic(shape.back());
}

namespace {

struct NormPattern : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op, PatternRewriter &rewriter) const override {
    for (auto [normalized, scale] :
         {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      double epsilon = 0;
      Value x = normalizedOf(normalized, epsilon);
      if (!x || !isRow(scale, x) || x.getType() != op.getType())
        continue;
      auto attribute = rewriter.getF32FloatAttr(epsilon);
      // With the mean subtracted it is a layer norm; its bias is the add that reads it.
      auto centered = x.getDefiningOp<SubOp>();
      if (!centered || meanOf(centered.getRhs()) != centered.getLhs()) {
        rewriter.replaceOpWithNewOp<RmsNormOp>(op, op.getType(), x, scale, attribute);
        return success();
      }
      if (op->hasOneUse())
        if (auto add = dyn_cast<AddOp>(*op->getUsers().begin())) {
          Value bias = add.getLhs() == op.getResult() ? add.getRhs() : add.getLhs();
          if (isRow(bias, x) && add.getType() == x.getType()) {
            rewriter.setInsertionPoint(add);
            rewriter.replaceOpWithNewOp<LayerNormOp>(add, add.getType(), centered.getLhs(), scale, bias,
                                                     attribute);
            return success();
          }
        }
      rewriter.replaceOpWithNewOp<LayerNormOp>(op, op.getType(), centered.getLhs(), scale, Value(),
                                               attribute);
      return success();
    }
    return rewriter.notifyMatchFailure(
        op, "no factor is x / sqrt(mean(x^2) + epsilon) over the last dimension with a scale of its size");
  }
};

/// Why a root of a mean square belongs to no norm; empty when it looks like none.
std::string missOf(Value radicand, StringRef &pattern) {
  auto add = radicand.getDefiningOp<AddOp>();
  Value mean = radicand;
  for (int i = 0; add && i < 2; ++i)
    if (add->getOperand(i).getDefiningOp<ReduceOp>())
      mean = add->getOperand(i);
  auto reduce = mean.getDefiningOp<ReduceOp>();
  Value x = reduce && reduce.getKind() == ReduceKind::mean ? squareOf(reduce.getInput()) : Value();
  if (!x)
    return "";
  auto centered = x.getDefiningOp<SubOp>();
  auto average = centered ? centered.getRhs().getDefiningOp<ReduceOp>() : ReduceOp();
  pattern = average && average.getKind() == ReduceKind::mean ? "layer_norm" : "rms_norm";
  if (!meanOf(mean))
    return "the mean of the squares is not over the last dimension alone, kept with size 1";
  double epsilon = 0;
  if (!meanSquareOf(radicand, epsilon))
    return add ? "what is added to the mean of the squares is no constant"
               : "no epsilon is added to the mean of the squares";
  return "nothing multiplies x / sqrt(mean(x^2) + epsilon) by a scale with one number an element of the last "
         "dimension";
}

struct RaiseNorms : ::hone::impl::RaiseNormsBase<RaiseNorms> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<NormPattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([](Operation *op) {
      Value radicand = isa<SqrtOp>(op) ? op->getOperand(0) : Value();
      if (isa<RsqrtOp, PowOp>(op))
        radicand = inverseRadicandOf(op->getResult(0));
      StringRef pattern;
      if (std::string why = radicand ? missOf(radicand, pattern) : ""; !why.empty())
        ::hone::reportMiss(op, pattern, why);
    });
  }
};

} // namespace
