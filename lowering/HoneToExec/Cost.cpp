// Costs (dialects/hone/Costs.h) as formulas in the names that users give.
#include "lowering/HoneToExec/Cost.h"
#include "dialects/hone/Costs.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {

/// Formulas in names of dimensions; nothing when a symbol has none.
class Formula {
public:
  Formula(func::FuncOp main, Shapes &shapes) : main(main), shapes(shapes) {}

  std::optional<std::string> text(const DimExpr &expr, int depth = 0) {
    std::string out;
    for (auto &[monomial, factor] : expr.getTerms()) {
      out += out.empty() ? (factor < 0 ? "0 - " : "") : factor < 0 ? " - " : " + ";
      out += std::to_string(std::abs(factor));
      for (int symbol : monomial) {
        std::optional<std::string> name = this->symbol(shapes.definition(symbol), depth);
        if (!name)
          return std::nullopt;
        out += "*" + *name;
      }
    }
    return out.size() > 4000 ? std::nullopt : std::optional(out.empty() ? "0" : out);
  }

private:
  std::optional<std::string> symbol(const SymbolDef &def, int depth) {
    if (def.kind == SymbolDef::Dim) {
      auto argument = dyn_cast<BlockArgument>(def.value);
      if (!argument || argument.getOwner()->getParentOp() != main)
        return std::nullopt;
      auto names = main.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "hone.dims");
      auto name =
          names && size_t(def.index) < names.size() ? dyn_cast<StringAttr>(names[def.index]) : StringAttr();
      bool plain = name && !name.empty() && llvm::all_of(name.getValue(), [](char c) {
                     return llvm::isAlnum(c) || StringRef("_.:").contains(c);
                   });
      return plain ? std::optional(name.str()) : std::nullopt;
    }
    if ((def.kind != SymbolDef::FloorDiv && def.kind != SymbolDef::CeilDiv) || depth > 8)
      return std::nullopt;
    auto a = text(def.a, depth + 1), b = text(def.b, depth + 1);
    if (!a || !b)
      return std::nullopt;
    return def.kind == SymbolDef::FloorDiv ? "((" + *a + ")//(" + *b + "))"
                                           : "((" + *a + " + " + *b + " - 1)//(" + *b + "))";
  }

  func::FuncOp main;
  Shapes &shapes;
};

bool isForGpu(Operation *op) {
  auto device = op->getAttrOfType<StringAttr>("hone.device");
  return device && device != "host";
}

} // namespace

CallCost costOf(Operation *op, func::FuncOp main, Shapes &shapes) {
  CallCost cost;
  cost.arithmetic = "f32";
  DimExpr flops = 0, bytes = 0;
  op->walk([&](Operation *inner) {
    if (inner->getNumResults() && isa<RankedTensorType>(inner->getResult(0).getType()) &&
        !isa<KernelOp>(inner))
      flops = flops + flopsOf(inner, shapes);
    if (auto matmul = dyn_cast<MatmulOp>(inner); matmul && matmul.getActivationBits())
      cost.arithmetic = matmul.getActivationBits() == 8 ? "i8" : "i16";
    if (inner->hasTrait<SumsProducts>() && isForGpu(op) &&
        cast<RankedTensorType>(inner->getResult(0).getType()).getElementTypeBitWidth() == 16)
      cost.arithmetic = "f16";
  });
  Formula formula(main, shapes);
  for (OpOperand &operand : op->getOpOperands())
    if (operand.get().getDefiningOp<GetWeightOp>()) {
      auto kernel = dyn_cast<KernelOp>(op);
      Value inside = kernel ? kernel.getBody().getArgument(operand.getOperandNumber()) : operand.get();
      DimExpr read = bytesRead(operand, inside, shapes);
      // Rows whose number has no name: the rest is still a lower bound.
      if (formula.text(read))
        bytes = bytes + read;
    }
  std::optional<DimExpr> moved = bytesMoved(op, shapes);
  cost.bytes = moved ? formula.text(*moved).value_or("") : "";
  cost.flops = formula.text(flops).value_or("");
  cost.weightBytes = formula.text(bytes).value_or("");
  return cost;
}

} // namespace hone
