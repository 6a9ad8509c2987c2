// SiLU and GELU from their decomposed forms. Both are products; the factors may come in any order,
// so a product is flattened into factors and a constant before it is compared.
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/simplify/Match.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_RAISEACTIVATIONS
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::eitherOrder;
using ::hone::floatConstant;
using ::hone::isFloat;
using ::hone::stripScale;

/// Factors of a product of at most a few mul and div-by-constant ops, and its constant.
static void factorsOf(Value value, SmallVectorImpl<Value> &factors, double &scale, int depth = 0) {
  if (auto constant = floatConstant(value)) {
    scale *= *constant;
    return;
  }
  if (auto mul = value.getDefiningOp<MulOp>(); mul && depth < 3) {
    factorsOf(mul.getLhs(), factors, scale, depth + 1);
    factorsOf(mul.getRhs(), factors, scale, depth + 1);
    return;
  }
  if (auto div = value.getDefiningOp<DivOp>(); div && depth < 3)
    if (auto constant = floatConstant(div.getRhs())) {
      scale /= *constant;
      factorsOf(div.getLhs(), factors, scale, depth + 1);
      return;
    }
  factors.push_back(value);
}

static bool close(double a, double b) { return std::abs(a - b) <= 1e-3 * std::abs(b); }

namespace {

struct SiluPattern : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op, PatternRewriter &rewriter) const override {
    for (auto [x, gate] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())})
      if (auto sigmoid = gate.getDefiningOp<SigmoidOp>(); sigmoid && sigmoid.getInput() == x) {
        rewriter.replaceOpWithNewOp<SiluOp>(op, op.getType(), x);
        return success();
      }
    return rewriter.notifyMatchFailure(op, "no factor is the sigmoid of the other");
  }
};

struct GeluPattern : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> factors;
    double scale = 1;
    factorsOf(op.getResult(), factors, scale);
    if (factors.size() != 2 || !close(scale, 0.5))
      return rewriter.notifyMatchFailure(op, "not half a product of two factors");
    for (auto [x, gate] : {std::pair(factors[0], factors[1]), std::pair(factors[1], factors[0])}) {
      Value inner;
      // Constants of a higher rank than x add dimensions.
      if (x.getType() != op.getType())
        continue;
      if (!eitherOrder<AddOp>(
              gate, [&](Value value, Value one) { return isFloat(one, 1) && (inner = value, true); }))
        continue;
      if (auto erf = inner.getDefiningOp<ErfOp>()) {
        auto [argument, factor] = stripScale(erf.getInput());
        if (argument == x && close(factor, M_SQRT1_2)) {
          rewriter.replaceOpWithNewOp<GeluOp>(op, op.getType(), x, UnitAttr());
          return success();
        }
      }
      if (auto tanh = inner.getDefiningOp<TanhOp>(); tanh && isTanhArgument(tanh.getInput(), x)) {
        rewriter.replaceOpWithNewOp<GeluOp>(op, op.getType(), x, rewriter.getUnitAttr());
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "no factor is 1 + erf(x / sqrt(2)) or 1 + tanh(...) of the other");
  }

  /// sqrt(2 / pi) * (x + 0.044715 x^3), or with x taken out of the sum.
  static bool isTanhArgument(Value value, Value x) {
    SmallVector<Value> factors;
    double scale = 1;
    factorsOf(value, factors, scale);
    if (factors.size() == 2 && close(scale, std::sqrt(2 / M_PI)))
      for (auto [same, other] : {std::pair(factors[0], factors[1]), std::pair(factors[1], factors[0])})
        if (same == x && eitherOrder<AddOp>(other, [&, x = x](Value one, Value square) {
              SmallVector<Value> twice;
              double cubic = 1;
              factorsOf(square, twice, cubic);
              return isFloat(one, 1) && twice.size() == 2 && twice[0] == x && twice[1] == x &&
                     close(cubic, 0.044715);
            }))
          return true;
    auto [sum, factor] = stripScale(value);
    return close(factor, std::sqrt(2 / M_PI)) && eitherOrder<AddOp>(sum, [&, x = x](Value a, Value b) {
             SmallVector<Value> factors;
             double scale = 1;
             factorsOf(b, factors, scale);
             if (a != x || !close(scale, 0.044715))
               return false;
             if (factors.size() == 1)
               if (auto pow = factors[0].getDefiningOp<PowOp>())
                 return pow.getLhs() == x && isFloat(pow.getRhs(), 3);
             return factors.size() == 3 && llvm::all_of(factors, [&](Value factor) { return factor == x; });
           });
  }
};

/// x of x + c x^3 in either order, for any c.
Value cubicOf(Value value) {
  Value x;
  eitherOrder<AddOp>(value, [&](Value linear, Value cubic) {
    SmallVector<Value> factors;
    double scale = 1;
    factorsOf(cubic, factors, scale);
    auto pow = factors.size() == 1 ? factors[0].getDefiningOp<PowOp>() : PowOp();
    bool isCube = pow ? pow.getLhs() == linear && isFloat(pow.getRhs(), 3)
                      : factors.size() == 3 && llvm::all_equal(factors) && factors[0] == linear;
    x = isCube ? linear : Value();
    return isCube;
  });
  return x;
}

/// Whether `gate` + 1, perhaps scaled, is multiplied by x on the way to at most three ops.
bool gates(Value gate, Value x, int depth = 0) {
  return llvm::any_of(gate.getUsers(), [&](Operation *user) {
    if (auto mul = dyn_cast<MulOp>(user);
        mul && stripScale(mul.getLhs() == gate ? mul.getRhs() : mul.getLhs()).first == x)
      return true;
    return depth < 3 && isa<AddOp, MulOp, DivOp>(user) && gates(user->getResult(0), x, depth + 1);
  });
}

/// Reports functions that are left over although they look like the inside of an activation.
void reportMisses(Operation *op) {
  if (auto erf = dyn_cast<ErfOp>(op)) {
    auto [x, factor] = stripScale(erf.getInput());
    if (gates(erf.getResult(), x))
      ::hone::reportMiss(op, "gelu",
                         close(factor, M_SQRT1_2)
                             ? "1 + erf(x / sqrt(2)) is not multiplied by x and one half alone"
                             : "erf's argument is not x / sqrt(2)");
  } else if (auto tanh = dyn_cast<TanhOp>(op)) {
    auto [sum, factor] = stripScale(tanh.getInput());
    if (Value x = cubicOf(sum); x && gates(tanh.getResult(), x))
      ::hone::reportMiss(op, "gelu",
                         "its constants are not those of 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))");
  } else if (auto sigmoid = dyn_cast<SigmoidOp>(op)) {
    auto [x, factor] = stripScale(sigmoid.getInput());
    if (x != sigmoid.getInput() && gates(sigmoid.getResult(), x, /*depth=*/3))
      ::hone::reportMiss(op, "silu", "the sigmoid's argument is a multiple of x, expected x");
  }
}

struct RaiseActivations : ::hone::impl::RaiseActivationsBase<RaiseActivations> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SiluPattern, GeluPattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk(reportMisses);
  }
};

} // namespace
