// f32 math functions as polynomials, on vectors of any shape and on scalars: our own where they are hot
// (VectorMath.h), MLIR's for the rest.
#include "dialects/hone/HoneDialect.h"
#include "lowering/ExecToLLVM/Passes.h"
#include "lowering/ExecToLLVM/VectorMath.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace hone {
#define GEN_PASS_DEF_EXPANDMATH
#include "lowering/ExecToLLVM/Passes.h.inc"
} // namespace hone

using namespace mlir;
using ::hone::VectorMath;

namespace {
template <typename Op>
struct Expand : OpRewritePattern<Op> {
  using Function = Value (VectorMath::*)(Value);
  Expand(MLIRContext *context, bool avx512, Function function)
      : OpRewritePattern<Op>(context), avx512(avx512), function(function) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "expected elements of f32");
    VectorMath math(rewriter, op.getLoc(), avx512);
    rewriter.replaceOp(op, (math.*function)(op.getOperand()));
    return success();
  }

  bool avx512;
  Function function;
};

struct ExpandMath : ::hone::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    auto target = mlir::hone::TargetAttr::of(getOperation());
    bool avx512 = target && target.fact("avx512");
    RewritePatternSet patterns(context);
    patterns.add<Expand<math::ExpOp>>(context, avx512, &VectorMath::exp);
    patterns.add<Expand<math::LogOp>>(context, avx512, &VectorMath::log);
    patterns.add<Expand<math::TanhOp>>(context, avx512, &VectorMath::tanh);
    patterns.add<Expand<math::ErfOp>>(context, avx512, &VectorMath::erf);
    // Square roots and roundings are instructions; powers lose too much as exp(y log x).
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return !llvm::is_contained({"math.sqrt", "math.rsqrt", "math.powf", "math.cbrt", "math.exp", "math.log",
                                  "math.tanh", "math.erf"},
                                 name);
    });
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
