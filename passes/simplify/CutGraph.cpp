// A part of a graph as a graph of its own: what is in front of it becomes inputs, what is behind it goes.
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/simplify/NamedValues.h"
#include "passes/simplify/Passes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace hone {
#define GEN_PASS_DEF_CUTGRAPH
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

class Cutter {
public:
  Cutter(func::FuncOp main, Shapes &shapes) : main(main), shapes(shapes), b(main.getContext()) {
    for (auto &[name, value] : namedValues(main))
      nodes[name.getValue()] = value;
  }

  LogicalResult keepOutputs(ArrayRef<std::string> names) {
    SmallVector<Value> results;
    SmallVector<DictionaryAttr> attributes;
    for (StringRef name : names) {
      auto [value, attribute] = output(name);
      if (!value)
        return main.emitError("expected the name of an output, a node or an input, got '") << name << "'";
      results.push_back(value);
      attributes.push_back(attribute);
    }
    if (!names.empty())
      terminator()->setOperands(results);
    // Inference may have refined what was returned already.
    main.setFunctionType(b.getFunctionType(main.getArgumentTypes(), terminator()->getOperandTypes()));
    if (!names.empty())
      main.setAllResultAttrs(attributes);
    return success();
  }

  LogicalResult addInputs(ArrayRef<std::string> names) {
    for (StringRef name : names) {
      Value value = node(name);
      if (!value)
        return main.emitError("expected the name of a node, got '") << name << "'";
      unsigned at = main.getNumArguments();
      auto attributes =
          b.getDictionaryAttr({b.getNamedAttr("hone.dims", dimsOf(value)),
                               b.getNamedAttr("hone.name", b.getStringAttr("node:" + bare(name)))});
      if (failed(main.insertArgument(at, value.getType(), attributes, value.getLoc())))
        return failure();
      value.replaceAllUsesWith(main.getArgument(at));
    }
    return success();
  }

  void eraseDead() {
    SmallVector<Operation *> ops;
    for (Operation &op : main.getBody().front())
      ops.push_back(&op);
    for (Operation *op : llvm::reverse(ops))
      if (isOpTriviallyDead(op))
        op->erase();
    for (unsigned i = main.getNumArguments(); i-- > 0;)
      if (main.getArgument(i).use_empty())
        (void)main.eraseArgument(i);
    // Weights may be made of others, which stand in front of them.
    auto module = main->getParentOfType<ModuleOp>();
    SmallVector<WeightOp> weights(module.getOps<WeightOp>());
    for (WeightOp weight : llvm::reverse(weights))
      if (SymbolTable::symbolKnownUseEmpty(weight, module))
        weight.erase();
  }

private:
  static StringRef bare(StringRef name) {
    name.consume_front("node:");
    return name;
  }
  Value node(StringRef name) { return nodes.lookup(bare(name)); }
  Operation *terminator() { return main.getBody().front().getTerminator(); }
  DictionaryAttr named(const Twine &name) {
    return b.getDictionaryAttr(b.getNamedAttr("hone.name", b.getStringAttr(name)));
  }

  std::pair<Value, DictionaryAttr> output(StringRef name) {
    for (unsigned i = 0; i < main.getNumResults(); ++i)
      if (auto own = main.getResultAttrOfType<StringAttr>(i, "hone.name"); own && own.getValue() == name)
        return {terminator()->getOperand(i), main.getResultAttrDict(i)};
    if (Value value = node(name))
      return {value, named("node:" + bare(name))};
    for (BlockArgument argument : main.getArguments())
      if (auto own = main.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "hone.name");
          own && own.getValue() == name)
        return {argument, named("input:" + name)};
    return {};
  }

  ArrayAttr dimsOf(Value value) {
    SmallVector<Attribute> names;
    for (auto [size, dim] :
         llvm::zip_equal(cast<RankedTensorType>(value.getType()).getShape(), shapes.dims(value)))
      names.push_back(ShapedType::isDynamic(size) ? Attribute(b.getStringAttr(nameOf(dim)))
                                                  : b.getI64IntegerAttr(size));
    return b.getArrayAttr(names);
  }

  /// A name of the model, or a sum of such; else one for each size.
  std::string nameOf(const DimExpr &dim) {
    std::string text;
    for (auto &[monomial, factor] : dim.getTerms()) {
      auto name = monomial.size() == 1 && factor == 1 ? nameOf(monomial.front()) : StringAttr();
      if (!name)
        return invented(dim);
      text += (text.empty() ? "" : " + ") + name.str();
    }
    return text.empty() ? invented(dim) : text;
  }

  StringAttr nameOf(int symbol) {
    const SymbolDef &def = shapes.definition(symbol);
    auto argument = def.kind == SymbolDef::Dim ? dyn_cast<BlockArgument>(def.value) : BlockArgument();
    auto names = argument && argument.getOwner()->getParentOp() == main
                     ? main.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "hone.dims")
                     : ArrayAttr();
    return names && size_t(def.index) < names.size() ? dyn_cast<StringAttr>(names[def.index]) : StringAttr();
  }

  std::string invented(const DimExpr &dim) {
    if (taken.empty())
      for (unsigned i = 0; i < main.getNumArguments(); ++i)
        if (auto names = main.getArgAttrOfType<ArrayAttr>(i, "hone.dims"))
          for (Attribute name : names) // sizes are integers
            if (auto text = dyn_cast<StringAttr>(name))
              taken.insert(text.getValue());
    std::string &name = sizes[dim];
    for (int i = 0; name.empty(); ++i)
      if (std::string next = "cut" + std::to_string(i); taken.insert(next).second)
        name = next;
    return name;
  }

  func::FuncOp main;
  Shapes &shapes;
  Builder b;
  llvm::StringMap<Value> nodes;
  std::map<DimExpr, std::string> sizes;
  llvm::StringSet<> taken; // names of dimensions, of the model and new ones
};

struct CutGraph : ::hone::impl::CutGraphBase<CutGraph> {
  using CutGraphBase::CutGraphBase;
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    Shapes shapes;
    if (failed(shapes.inferFunction(main)))
      return signalPassFailure();
    Cutter cutter(main, shapes);
    if (failed(cutter.keepOutputs(outputs)) || failed(cutter.addInputs(inputs)))
      return signalPassFailure();
    cutter.eraseDead();
  }
};

} // namespace
