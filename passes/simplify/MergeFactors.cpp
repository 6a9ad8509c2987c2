// Constant factors and divisors that follow each other become one product: a division costs twenty times as
// much. Only behind sums of products, whose last place is open anyway; elsewhere (positions computed in
// floats) results must stay exact.
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/simplify/Match.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_MERGEFACTORS
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::stripScale;

namespace {

/// Whether rounding in the last place is open: a sum of products went into the value.
bool isBehindProducts(Value value, int depth = 8) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<ConvOp, ConvTransposeOp, MatmulOp>(op))
    return true;
  return depth && isa_and_nonnull<ElementwiseOpInterface>(op) &&
         llvm::any_of(op->getOperands(), [&](Value v) { return isBehindProducts(v, depth - 1); });
}

/// x * a / b * c with constants a, b, c as one product.
template <typename Op>
struct Merge : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &b) const override {
    Value result = op.getResult();
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type || !type.getElementType().isF32())
      return b.notifyMatchFailure(op, "expected elements of f32");
    auto [x, scale] = stripScale(result);
    bool isOneProduct = isa<MulOp>(op) && (x == op->getOperand(0) || x == op->getOperand(1));
    if (x == result || isOneProduct)
      return b.notifyMatchFailure(op, "no constant factors to merge");
    if (!std::isnormal(float(scale)))
      return b.notifyMatchFailure(op, "the factors' product leaves the range of f32");
    if (!isBehindProducts(x))
      return b.notifyMatchFailure(op, "its result has to be exact");
    auto scalar = RankedTensorType::get({}, b.getF32Type());
    Value factor =
        ConstantOp::create(b, op.getLoc(), DenseElementsAttr::get(scalar, b.getF32FloatAttr(scale)));
    b.replaceOpWithNewOp<MulOp>(op, type, x, factor);
    return success();
  }
};

struct MergeFactors : ::hone::impl::MergeFactorsBase<MergeFactors> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<Merge<MulOp>, Merge<DivOp>>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
