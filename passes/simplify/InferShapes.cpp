// Symbolic shape inference as a pass: types only.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_INFERSHAPES
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;

namespace {
struct InferShapes : ::hone::impl::InferShapesBase<InferShapes> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      mlir::hone::Shapes shapes;
      if (function.isExternal())
        continue;
      if (failed(shapes.inferFunction(function)))
        return signalPassFailure();
      // Results follow what the body returns.
      function.setFunctionType(
          FunctionType::get(&getContext(), function.getArgumentTypes(),
                            function.getBody().front().getTerminator()->getOperandTypes()));
    }
  }
};
} // namespace
