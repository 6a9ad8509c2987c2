// The pass: builds the host code of @main beside it, then replaces it.
#include "lowering/HoneToExec/HostBuilder.h"
#include "lowering/HoneToExec/Passes.h"
#include "lowering/KernelToHost/HostFamily.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace hone {
#define GEN_PASS_DEF_HONETOEXEC
#include "lowering/HoneToExec/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::bufferType;
using ::hone::HostBuilder;

/// The kernel result behind views, if this returned value may live in the output's own memory.
static Value placeable(Value returned, Shapes &shapes) {
  Value root = returned;
  while (Operation *op = root.getDefiningOp()) {
    if (!isa<ReshapeOp, SqueezeOp, UnsqueezeOp>(op))
      break;
    root = op->getOperand(0);
  }
  auto kernel = root.getDefiningOp<KernelOp>();
  if (!kernel || !isa<func::FuncOp>(kernel->getParentOp()))
    return {};
  // The output's sizes must be known in front of the kernel: sizes of the arguments are.
  for (const DimExpr &dim : shapes.dims(returned))
    for (auto &[monomial, factor] : dim.getTerms())
      for (int symbol : monomial) {
        const SymbolDef &def = shapes.definition(symbol);
        if (def.kind != SymbolDef::Dim || !isa<BlockArgument>(def.value))
          return {};
      }
  return root;
}

namespace {
struct HoneToExec : ::hone::impl::HoneToExecBase<HoneToExec> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal()) {
      module.emitError("expected a function named main");
      return signalPassFailure();
    }
    Shapes shapes;
    if (failed(shapes.inferFunction(main)))
      return signalPassFailure();
    HostBuilder host(module, shapes);
    OpBuilder &b = host.b;
    b.setInsertionPointAfter(main);
    auto entry = func::FuncOp::create(b, main.getLoc(), "main.exec", b.getFunctionType({}, {}));
    b.setInsertionPointToStart(entry.addEntryBlock());
    // Leaves go in front of this constant.
    Operation *front = arith::ConstantIndexOp::create(b, main.getLoc(), 0);
    host.entryFront = front;

    Block &body = main.getBody().front();
    for (auto [i, argument] : llvm::enumerate(body.getArguments())) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type) {
        main.emitError("expected tensors as arguments, got ") << argument.getType();
        return signalPassFailure();
      }
      host.buffers[argument] =
          ::mlir::exec::InputOp::create(b, argument.getLoc(), bufferType(type), b.getI64IntegerAttr(i));
    }
    if (failed(host.planDevice(main)))
      return signalPassFailure();
    checkArguments(main, host);
    auto results = body.getTerminator()->getOperands();
    for (auto [i, returned] : llvm::enumerate(results))
      if (Value root = placeable(returned, shapes);
          root && !host.outputOf.count(root) && llvm::count(results, returned) == 1)
        host.outputOf.try_emplace(root, i);
    if (failed(host.lowerBlock(body)))
      return signalPassFailure();
    for (auto [i, returned] : llvm::enumerate(results)) {
      if (llvm::any_of(host.outputOf, [&, n = i](auto &placed) { return placed.second == int64_t(n); }))
        continue;
      Value memory = host.buffer(returned);
      SmallVector<Value> sizes;
      auto type = cast<MemRefType>(memory.getType());
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        if (type.isDynamicDim(axis))
          sizes.push_back(memref::DimOp::create(b, main.getLoc(), memory, axis));
      Value output = ::mlir::exec::OutputOp::create(b, main.getLoc(), type, b.getI64IntegerAttr(i), sizes);
      memref::CopyOp::create(b, main.getLoc(), memory, output);
    }
    func::ReturnOp::create(b, main.getLoc());

    // The signature outlives the function that had it.
    module->setAttr("hone.calls", b.getArrayAttr(host.calls));
    module->setAttr("hone.signature", signature(main, shapes, b));
    main.erase();
    entry.setSymName("main");
  }

  /// Arguments whose sizes follow from others: equal names, and sums.
  static void checkArguments(func::FuncOp main, HostBuilder &host) {
    OpBuilder &b = host.b;
    for (BlockArgument argument : main.getArguments())
      for (auto [axis, dim] : llvm::enumerate(host.shapes.dims(argument))) {
        auto symbol = dim.asSymbol();
        bool isOwn = symbol && host.shapes.definition(*symbol).value == argument &&
                     host.shapes.definition(*symbol).index == int64_t(axis);
        if (dim.constant() || isOwn)
          continue;
        Location loc = argument.getLoc();
        Value given = memref::DimOp::create(b, loc, host.buffers[argument], axis),
              expected = host.size(dim, loc);
        auto name = main.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "hone.name");
        auto names = main.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "hone.dims");
        auto text = cast<StringAttr>(names[axis]).getValue();
        host.check(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, given, expected),
                   "input '" + (name ? name.getValue() : "") + "': expected dimension " + Twine(axis) +
                       " to be " + text,
                   main);
      }
  }

  /// What users call a size: the name of an argument's dimension or a sum of such; empty when it has no such
  /// name.
  static std::string nameOf(func::FuncOp main, Shapes &shapes, const DimExpr &dim) {
    std::string text;
    for (auto &[monomial, factor] : dim.getTerms()) {
      if (monomial.size() != 1 || factor != 1)
        return "";
      const SymbolDef &def = shapes.definition(monomial.front());
      auto argument = def.kind == SymbolDef::Dim ? dyn_cast<BlockArgument>(def.value) : BlockArgument();
      auto names = argument && argument.getOwner()->getParentOp() == main
                       ? main.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "hone.dims")
                       : ArrayAttr();
      auto name =
          names && size_t(def.index) < names.size() ? dyn_cast<StringAttr>(names[def.index]) : StringAttr();
      if (!name)
        return "";
      text += (text.empty() ? "" : " + ") + name.getValue().str();
    }
    return text;
  }

  static DictionaryAttr signature(func::FuncOp main, Shapes &shapes, OpBuilder &b) {
    SmallVector<Attribute> inputs, outputs;
    auto entry = [&](Type type, DictionaryAttr attributes) {
      SmallVector<NamedAttribute> all = {b.getNamedAttr("type", TypeAttr::get(type))};
      if (attributes)
        llvm::append_range(all, attributes.getValue());
      return b.getDictionaryAttr(all);
    };
    for (unsigned i = 0; i < main.getNumArguments(); ++i)
      inputs.push_back(entry(main.getArgument(i).getType(), main.getArgAttrDict(i)));
    auto values = main.getBody().front().getTerminator()->getOperands();
    for (unsigned i = 0; i < values.size(); ++i) {
      SmallVector<Attribute> dims;
      for (const DimExpr &dim : shapes.dims(values[i]))
        dims.push_back(dim.constant() ? Attribute(b.getI64IntegerAttr(*dim.constant()))
                                      : b.getStringAttr(nameOf(main, shapes, dim)));
      NamedAttrList attributes(main.getResultAttrDict(i));
      attributes.set("hone.dims", b.getArrayAttr(dims));
      outputs.push_back(entry(values[i].getType(), attributes.getDictionary(b.getContext())));
    }
    return b.getDictionaryAttr({b.getNamedAttr("inputs", b.getArrayAttr(inputs)),
                                b.getNamedAttr("outputs", b.getArrayAttr(outputs))});
  }
};
} // namespace
