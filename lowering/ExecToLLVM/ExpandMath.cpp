// f32 math functions as polynomials, on vectors of any shape and on scalars: our own where they are hot
// (VectorMath.h), MLIR's for the rest.
#include "dialects/hone/HoneDialect.h"
#include "lowering/ExecToLLVM/Passes.h"
#include "lowering/ExecToLLVM/VectorMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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

Type withElements(Type like, Type element) {
  auto shaped = dyn_cast<ShapedType>(like);
  return shaped ? Type(shaped.clone(element)) : element;
}
/// `value` in every element of `i32`.
Value wordLike(OpBuilder &b, Location loc, Type i32, int64_t value) {
  TypedAttr attr = b.getI32IntegerAttr(value);
  if (auto shaped = dyn_cast<ShapedType>(i32))
    attr = DenseElementsAttr::get(shaped, Attribute(attr));
  return arith::ConstantOp::create(b, loc, attr);
}

/// f32 to bf16, to nearest with ties to even, in integers: without an instruction for it LLVM calls a
/// function of libgcc, which is no part of libc.
struct ExpandToBFloat : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &b) const override {
    Type from = op.getIn().getType();
    if (!getElementTypeOrSelf(from).isF32() || !getElementTypeOrSelf(op.getType()).isBF16())
      return b.notifyMatchFailure(op, "expected f32 to bf16");
    Location loc = op.getLoc();
    Type i32 = withElements(from, b.getI32Type());
    auto number = [&](int64_t value) { return wordLike(b, loc, i32, value); };
    Value bits = arith::BitcastOp::create(b, loc, i32, op.getIn());
    Value high = arith::ShRUIOp::create(b, loc, bits, number(16));
    Value isOdd = arith::AndIOp::create(b, loc, high, number(1));
    Value half = arith::AddIOp::create(b, loc, isOdd, number(0x7fff));
    Value rounded = arith::ShRUIOp::create(b, loc, arith::AddIOp::create(b, loc, bits, half), number(16));
    Value magnitude = arith::AndIOp::create(b, loc, bits, number(0x7fffffff));
    Value isNan = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, magnitude, number(0x7f800000));
    Value quiet = arith::OrIOp::create(b, loc, high, number(0x40));
    Value all = arith::SelectOp::create(b, loc, isNan, quiet, rounded);
    Value word = arith::TruncIOp::create(b, loc, withElements(from, b.getI16Type()), all);
    b.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), word);
    return success();
  }
};

/// f64 to a 16-bit float by f32. The step between rounds to odd: an inexact result keeps a set last bit, so
/// that the second rounding sees on which side of it the number was. CPUs have no instruction for the whole,
/// and libgcc's function is no part of libc.
struct ExpandNarrowing : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &b) const override {
    Type from = op.getIn().getType();
    if (!getElementTypeOrSelf(from).isF64() ||
        getElementTypeOrSelf(op.getType()).getIntOrFloatBitWidth() != 16)
      return b.notifyMatchFailure(op, "expected f64 to a 16-bit float");
    Location loc = op.getLoc();
    Type f32 = withElements(from, b.getF32Type()), i32 = withElements(from, b.getI32Type());
    auto number = [&](int64_t value) { return wordLike(b, loc, i32, value); };
    Value x = op.getIn(), nearest = arith::TruncFOp::create(b, loc, f32, x),
          back = arith::ExtFOp::create(b, loc, from, nearest);
    Value bits = arith::BitcastOp::create(b, loc, i32, nearest);
    auto compare = [&](arith::CmpFPredicate kind, Value y, Value z) {
      return arith::CmpFOp::create(b, loc, kind, y, z);
    };
    Value isPast = compare(arith::CmpFPredicate::OGT, math::AbsFOp::create(b, loc, back),
                           math::AbsFOp::create(b, loc, x));
    Value towardZero =
        arith::SelectOp::create(b, loc, isPast, arith::SubIOp::create(b, loc, bits, number(1)), bits);
    Value odd = arith::OrIOp::create(b, loc, towardZero, number(1));
    Value isInexact = compare(arith::CmpFPredicate::ONE, back, x);
    Value rounded = arith::SelectOp::create(b, loc, isInexact, odd, bits);
    b.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), arith::BitcastOp::create(b, loc, f32, rounded));
    return success();
  }
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
    patterns.add<ExpandNarrowing>(context);
    if (!avx512 || !target.fact("bf16"))
      patterns.add<ExpandToBFloat>(context);
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
