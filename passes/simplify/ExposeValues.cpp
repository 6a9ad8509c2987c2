// Outputs for what happens inside: two graphs of one model can then be compared node by node.
#include "mlir/IR/BuiltinOps.h"
#include "passes/simplify/NamedValues.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_EXPOSEVALUES
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

struct ExposeValues : ::hone::impl::ExposeValuesBase<ExposeValues> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    Operation *end = main.getBody().front().getTerminator();
    SmallVector<Value> results(end->getOperands());
    SmallVector<DictionaryAttr> attributes;
    for (unsigned i = 0; i < results.size(); ++i)
      attributes.push_back(main.getResultAttrDict(i));
    Builder b(&getContext());
    for (auto &[name, value] : namedValues(main)) {
      if (llvm::is_contained(results, value))
        continue;
      results.push_back(value);
      attributes.push_back(
          b.getDictionaryAttr(b.getNamedAttr("hone.name", b.getStringAttr("node:" + name.getValue()))));
    }
    end->setOperands(results);
    main.setFunctionType(b.getFunctionType(main.getArgumentTypes(), ValueRange(results).getTypes()));
    main.setAllResultAttrs(attributes);
  }
};

} // namespace
