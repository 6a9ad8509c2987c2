// Math functions on a GPU without a library: polynomials for f32, instructions for what has them, and a
// name for what has neither, so that its kernel is left to the host.
#include "lowering/KernelToCuda/CudaFamily.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace hone {

/// Functions that the NVPTX backend writes as a few instructions, for every float type.
static bool hasInstruction(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp,
             math::IsInfOp, math::IsNaNOp, math::IsNormalOp, math::RoundEvenOp, math::RoundOp, math::SqrtOp,
             math::TruncOp>(op);
}

std::string expandDeviceMath(func::FuncOp function) {
  RewritePatternSet patterns(function.getContext());
  // In terms of exp, log, sin and cos first.
  math::populateExpansionPatterns(patterns, {"sinh", "cosh", "tan", "asinh", "acosh", "atanh", "rsqrt"});
  populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
    return !llvm::is_contained({"math.sqrt", "math.rsqrt", "math.powf", "math.cbrt"}, name);
  });
  (void)applyPatternsGreedily(function, std::move(patterns));
  std::string left;
  function.walk([&](Operation *op) {
    if (left.empty() && isa<math::MathDialect>(op->getDialect()) && !hasInstruction(op)) {
      llvm::raw_string_ostream(left) << op->getName().stripDialect() << " of " << op->getResult(0).getType();
    }
  });
  return left;
}

} // namespace hone
