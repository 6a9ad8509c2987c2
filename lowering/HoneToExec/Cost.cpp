// Costs as polynomials of the shape analysis. Only what has to happen is counted: contractions as their
// products and sums, every other op as one flop an element, weights as often as the call reads them once.
// Activations are left out: where a kernel finds them (cache or memory) depends on the machine.
#include "lowering/HoneToExec/Cost.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {

/// Flops of one op, without the ops in its regions.
DimExpr flopsOf(Operation *op, Shapes &shapes) {
  auto elements = [&](Value tensor) { return shapes.numElements(tensor); };
  return llvm::TypeSwitch<Operation *, DimExpr>(op)
      .Case([&](MatmulOp matmul) {
        int64_t rank = shapes.rank(matmul.getLhs());
        DimExpr depth = shapes.dim(matmul.getLhs(), matmul.getTransposeA() ? rank - 2 : rank - 1);
        return elements(matmul.getResult()) * depth * 2;
      })
      .Case([&](ConvOp conv) {
        std::vector<DimExpr> weight = shapes.dims(conv.getWeight());
        DimExpr window = 2;
        for (const DimExpr &size : llvm::drop_begin(weight))
          window = window * size;
        return elements(conv.getResult()) * window;
      })
      .Case([&](AttentionOp attention) {
        // Scores and their sum over values: 2 * H flops each for every head, query and key.
        DimExpr time = shapes.dim(attention.getKey(), 1);
        if (Value past = attention.getPastKey())
          time = time + shapes.dim(past, 2);
        return (elements(attention.getQuery()) + elements(attention.getOutput())) * time * 2;
      })
      .Case([&](LstmOp lstm) {
        std::vector<DimExpr> input = shapes.dims(lstm.getInput());
        return input[0] * input[1] * (elements(lstm.getW()) + elements(lstm.getR())) * 2;
      })
      .Case<ElementwiseOpInterface>([&](auto) { return elements(op->getResult(0)); })
      .Default([&](Operation *other) {
        DimExpr flops = 0;
        // A reduction touches what it reads; moving elements computes nothing.
        if (isa<ReduceOp, SoftmaxOp, RmsNormOp, LayerNormOp, PoolOp>(other))
          flops = elements(other->getOperand(0));
        return flops;
      });
}

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

int64_t bitsOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementTypeBitWidth(); }

/// Bytes of a weight that a call reads: all of it, or the rows that a gather picks.
DimExpr bytesRead(Value inside, Value weight, Shapes &shapes) {
  DimExpr all = shapes.numElements(weight) * ((bitsOf(weight) + 7) / 8);
  if (bitsOf(weight) == 4)
    all = shapes.numElements(weight).constant().value_or(0) / 2;
  DimExpr picked = 0;
  for (OpOperand &use : inside.getUses()) {
    auto gather = dyn_cast<GatherOp>(use.getOwner());
    if (!gather || use.getOperandNumber() != 0)
      return all;
    picked = picked + shapes.numElements(gather.getResult()) * ((bitsOf(weight) + 7) / 8);
  }
  return picked;
}

bool isForGpu(Operation *op) {
  auto device = op->getAttrOfType<StringAttr>("hone.device");
  return device && device != "host";
}

/// All that a call reads and writes, each once; nothing where a value is no tensor.
std::optional<DimExpr> bytesMoved(Operation *op, Shapes &shapes) {
  auto isTensor = [](Type type) { return isa<RankedTensorType>(type); };
  if (!llvm::all_of(op->getOperandTypes(), isTensor) || !llvm::all_of(op->getResultTypes(), isTensor))
    return std::nullopt;
  auto kernel = dyn_cast<KernelOp>(op);
  auto bytesOf = [&](Value tensor) { return shapes.numElements(tensor) * ((bitsOf(tensor) + 7) / 8); };
  DimExpr bytes = 0;
  for (OpOperand &operand : op->getOpOperands())
    bytes = bytes + (kernel ? bytesRead(kernel.getBody().getArgument(operand.getOperandNumber()),
                                        operand.get(), shapes)
                            : bytesOf(operand.get()));
  for (Value result : op->getResults())
    bytes = bytes + bytesOf(result);
  return bytes;
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
    if (inner->hasTrait<SumsProducts>() && bitsOf(inner->getResult(0)) == 16 && isForGpu(op))
      cost.arithmetic = "f16";
  });
  Formula formula(main, shapes);
  for (OpOperand &operand : op->getOpOperands())
    if (operand.get().getDefiningOp<GetWeightOp>()) {
      auto kernel = dyn_cast<KernelOp>(op);
      Value inside = kernel ? kernel.getBody().getArgument(operand.getOperandNumber()) : operand.get();
      DimExpr read = bytesRead(inside, operand.get(), shapes);
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
