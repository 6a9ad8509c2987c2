// Only what has to happen is counted: contractions as their products and sums, every other op as one flop an
// element, and what is read or written once. Where a kernel finds its operands (cache or memory) depends on
// the machine.
#include "dialects/hone/Costs.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <cmath>

namespace mlir::hone {

DimExpr flopsOf(Operation *op, Shapes &shapes) {
  if (auto cost = dyn_cast<CostOpInterface>(op))
    return cost.getFlops(shapes);
  return isa<ElementwiseOpInterface>(op) ? shapes.numElements(op->getResult(0)) : DimExpr(0);
}

static int64_t bitsOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementTypeBitWidth();
}

DimExpr bytesOf(Value tensor, Shapes &shapes) {
  DimExpr elements = shapes.numElements(tensor);
  if (bitsOf(tensor) == 4) // two a byte; only weights have so few bits, and their sizes are known
    if (std::optional<int64_t> count = elements.constant())
      return (*count + 1) / 2;
  return elements * ((bitsOf(tensor) + 7) / 8);
}

DimExpr bytesRead(OpOperand &operand, Value inside, Shapes &shapes) {
  DimExpr picked = 0;
  for (OpOperand &use : inside.getUses()) {
    // Outside of regions a value has other readers, too.
    if (inside == operand.get() && use.getOwner() != operand.getOwner())
      continue;
    auto gather = dyn_cast<GatherOp>(use.getOwner());
    if (!gather || use.getOperandNumber() != 0)
      return bytesOf(operand.get(), shapes);
    picked = picked + shapes.numElements(gather.getResult()) * ((bitsOf(operand.get()) + 7) / 8);
  }
  return picked;
}

std::optional<DimExpr> bytesMoved(Operation *op, Shapes &shapes) {
  auto isTensor = [](Type type) { return isa<RankedTensorType>(type); };
  if (!llvm::all_of(op->getOperandTypes(), isTensor) || !llvm::all_of(op->getResultTypes(), isTensor))
    return std::nullopt;
  auto kernel = dyn_cast<KernelOp>(op);
  DimExpr bytes = 0;
  for (OpOperand &operand : op->getOpOperands())
    bytes =
        bytes + bytesRead(operand,
                          kernel ? kernel.getBody().getArgument(operand.getOperandNumber()) : operand.get(),
                          shapes);
  for (Value result : op->getResults())
    bytes = bytes + bytesOf(result, shapes);
  return bytes;
}

double ExampleSizes::of(const DimExpr &expr) {
  double sum = 0;
  for (auto &[monomial, factor] : expr.getTerms()) {
    double product = double(factor);
    for (int symbol : monomial)
      product *= ofSymbol(symbol);
    sum += product;
  }
  return sum;
}

double ExampleSizes::ofSymbol(int symbol) {
  auto [at, isNew] = known.try_emplace(symbol, double(usual));
  if (!isNew)
    return at->second;
  const SymbolDef &def = shapes.definition(symbol);
  auto value = [&]() -> double {
    double a = of(def.a), b = of(def.b);
    switch (def.kind) {
    case SymbolDef::Dim:
      if (auto argument = dyn_cast<BlockArgument>(def.value))
        if (auto main = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp())) {
          auto names = main.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "hone.dims");
          auto name = names && size_t(def.index) < names.size() ? dyn_cast<StringAttr>(names[def.index])
                                                                : StringAttr();
          if (auto found = name ? named.find(name.str()) : named.end(); found != named.end())
            return double(found->second);
        }
      return usual;
    case SymbolDef::FloorDiv:
      return b ? std::floor(a / b) : 0;
    case SymbolDef::CeilDiv:
      return b ? std::ceil(a / b) : 0;
    case SymbolDef::Mod:
      return b ? std::fmod(a, b) : 0;
    case SymbolDef::Min:
      return std::min(a, b);
    case SymbolDef::Max:
      return std::max(a, b);
    case SymbolDef::Broadcast:
      return a == 1 ? b : a;
    case SymbolDef::Position:
      return std::clamp(a < 0 ? a + b : a, 0.0, std::max(b, 0.0));
    case SymbolDef::Equal:
      return a == b;
    case SymbolDef::Less:
      return a < b;
    case SymbolDef::Select:
      return of(def.c) != 0 ? a : b;
    case SymbolDef::Element:
    case SymbolDef::Index:
      return usual;
    }
    llvm_unreachable("a kind of symbol");
  }();
  return known[symbol] = value;
}

Rates::Rates(TargetAttr target) {
  auto fact = [&](StringRef name) { return double(target.fact(name)); };
  bytes = fact("bandwidth") * 1e9;
  f32 = target.fact("cuda") ? fact("f32") * 1e12 : fact("gflops") * 1e9;
  f16 = target.fact("cuda") ? fact("tensor") * 1e12 : f32;
  launch = fact("launch") * 1e-9;
  link = fact("link") * 1e9, latency = fact("link_latency") * 1e-9;
}

double Rates::seconds(double moved, double flops, bool isF16) const {
  return std::max(bytes > 0 ? moved / bytes : 0, f32 > 0 ? flops / (isF16 ? f16 : f32) : 0);
}

} // namespace mlir::hone
