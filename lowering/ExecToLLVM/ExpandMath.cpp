// f32 math functions as polynomials, on vectors of any shape and on scalars.
#include "lowering/ExecToLLVM/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace hone {
#define GEN_PASS_DEF_EXPANDMATH
#include "lowering/ExecToLLVM/Passes.h.inc"
} // namespace hone

using namespace mlir;

namespace {
struct ExpandMath : ::hone::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    // Square roots and roundings are instructions; powers lose too much as exp(y log x).
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return !llvm::is_contained({"math.sqrt", "math.rsqrt", "math.powf", "math.cbrt"}, name);
    });
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
