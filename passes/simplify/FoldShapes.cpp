// Shape computations become constants and sizes of arguments. Symbolic inference already knows
// what they hold; here the IR is told. Dead producers go with the next canonicalization.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_FOLDSHAPES
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

/// A constant of the given integer type.
static ElementsAttr constantOf(RankedTensorType type, ArrayRef<DimExpr> elements) {
  SmallVector<APInt> values;
  unsigned width = type.getElementType().getIntOrFloatBitWidth();
  for (const DimExpr &element : elements)
    values.push_back(APInt(width, uint64_t(*element.constant()), false, /*implicitTrunc=*/true));
  return DenseIntElementsAttr::get(type, values);
}

namespace {
struct FoldShapes : ::hone::impl::FoldShapesBase<FoldShapes> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Shapes shapes;
      if (function.isExternal())
        continue;
      if (failed(shapes.inferFunction(function)))
        return signalPassFailure();
      SmallVector<Operation *> ops;
      function.walk([&](Operation *op) {
        if (isa<ShapeOpInterface>(op) && op->getNumResults() == 1 && op->getNumRegions() == 0 &&
            !isa<ConstantOp, IndexTensorOp>(op))
          ops.push_back(op);
      });
      for (Operation *op : ops)
        fold(shapes, op);
      // What fed only the replaced ops is dead now; users come before producers in reverse order.
      for (Operation *op : llvm::reverse(ops))
        if (isOpTriviallyDead(op))
          op->erase();
    }
  }

  void fold(Shapes &shapes, Operation *op) {
    Value value = op->getResult(0);
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !isa<IntegerType>(type.getElementType()) || value.use_empty())
      return;
    auto known = shapes.contents(value);
    if (!known || !llvm::all_of(*known, [&](const DimExpr &e) { return shapes.isVisible(e, op); }))
      return;
    OpBuilder b(op);
    if (llvm::all_of(*known, [](const DimExpr &e) { return e.constant().has_value(); })) {
      value.replaceAllUsesWith(ConstantOp::create(b, op->getLoc(), constantOf(type, *known)));
      return;
    }
    // Reading an element of another tensor is no simpler than the op itself.
    if (llvm::any_of(*known, [&](const DimExpr &e) { return readsElement(shapes, e); }) ||
        type.getElementType().isInteger(1))
      return;
    SmallVector<Value> elements;
    for (const DimExpr &element : *known)
      elements.push_back(shapes.materialize(b, op->getLoc(), element, [&](const SymbolDef &def) -> Value {
        if (def.kind == SymbolDef::Dim)
          return DimOp::create(b, op->getLoc(), b.getIndexType(), def.value, b.getI64IntegerAttr(def.index));
        return def.value;
      }));
    auto folded = IndexTensorOp::create(b, op->getLoc(), type, elements);
    value.replaceAllUsesWith(folded.getResult());
  }

  static bool readsElement(Shapes &shapes, const DimExpr &expr) {
    return llvm::any_of(expr.getTerms(), [&](auto &term) {
      return llvm::any_of(term.first, [&](int symbol) {
        const SymbolDef &def = shapes.definition(symbol);
        return def.kind == SymbolDef::Element || readsElement(shapes, def.a) || readsElement(shapes, def.b) ||
               readsElement(shapes, def.c);
      });
    });
  }
};
} // namespace
