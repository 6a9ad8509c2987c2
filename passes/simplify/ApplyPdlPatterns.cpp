// A user's rewrites without C++: the `pdl.pattern`s of a file, applied until nothing changes. What the
// bytecode would only find out by crashing (unknown ops, native functions) is refused first.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Conversion/PDLToPDLInterp/PDLToPDLInterp.h"
#include "mlir/Dialect/PDL/IR/PDL.h"
#include "mlir/Dialect/PDL/IR/PDLOps.h"
#include "mlir/Dialect/PDLInterp/IR/PDLInterp.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_APPLYPDLPATTERNS
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;

namespace {
struct ApplyPdlPatterns : ::hone::impl::ApplyPdlPatternsBase<ApplyPdlPatterns> {
  using ApplyPdlPatternsBase::ApplyPdlPatternsBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    // Patterns may name ops of ours where the module has none.
    registry.insert<mlir::hone::HoneDialect, pdl::PDLDialect, pdl_interp::PDLInterpDialect>();
  }

  /// Reads the file once for all modules that the pass runs on. Errors come with line and column.
  LogicalResult initialize(MLIRContext *context) override {
    if (file.empty())
      return emitError(UnknownLoc::get(context)) << "expected a file with PDL patterns";
    OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(file.getValue(), ParserConfig(context));
    if (!module || failed(check(*module)))
      return failure();
    RewritePatternSet set(context);
    set.add(PDLPatternModule(std::move(module)));
    patterns = std::move(set);
    return success();
  }

  static LogicalResult check(ModuleOp module) {
    auto checked = module.walk([](Operation *op) -> WalkResult {
      if (auto operation = dyn_cast<pdl::OperationOp>(op)) {
        std::optional<StringRef> name = operation.getOpName();
        if (name && !OperationName(*name, op->getContext()).isRegistered())
          return op->emitError("there is no op '") << *name << "'";
      } else if (isa<pdl::ApplyNativeConstraintOp, pdl::ApplyNativeRewriteOp>(op)) {
        return op->emitError("native functions are known to passes in C++ only");
      }
      return WalkResult::advance();
    });
    if (checked.wasInterrupted())
      return failure();
    if (module.getOps<pdl::PatternOp>().empty())
      return module.emitError("expected at least one pdl.pattern");
    return success();
  }

  void runOnOperation() override {
    // Patterns that feed themselves never end by themselves.
    int64_t ops = 0;
    getOperation().walk([&](Operation *) { ++ops; });
    GreedyRewriteConfig config;
    config.setMaxNumRewrites(100 * ops + 10000);
    if (failed(applyPatternsGreedily(getOperation(), patterns, config))) {
      getOperation().emitError("the patterns of '") << file << "' did not come to an end";
      signalPassFailure();
    }
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
