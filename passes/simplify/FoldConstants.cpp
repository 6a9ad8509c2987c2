// What depends on constants and weights only is computed once: small things now, through the
// folders of arith and math on the op's own scalar form; large things by a weight recipe.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

constexpr int64_t maxElements = 16;       // evaluated at compile time up to here
constexpr int64_t freeGrowth = 64 * 1024; // bytes that a recipe's result may always have

/// Pulls elements of constants as constant scalars.
class ConstantReader : public ElementBuilder {
public:
  using ElementBuilder::ElementBuilder;
  Value load(Value tensor, ValueRange indices) override {
    if (auto constant = tensor.getDefiningOp<ConstantOp>())
      return known(constant, indices);
    return cast<ElementOpInterface>(tensor.getDefiningOp()).buildElement(*this, indices);
  }
  Value dim(Value tensor, int64_t axis) override {
    return constant(cast<RankedTensorType>(tensor.getType()).getDimSize(axis));
  }
  bool sameDim(Value a, int64_t axisA, Value c, int64_t axisC) override {
    return cast<RankedTensorType>(a.getType()).getDimSize(axisA) ==
           cast<RankedTensorType>(c.getType()).getDimSize(axisC);
  }

private:
  /// The element itself when the position is known, which it is once folders ran over the indices.
  Value known(ConstantOp op, ValueRange indices) {
    auto type = cast<RankedTensorType>(op.getType());
    int64_t position = 0;
    for (auto [axis, index] : llvm::enumerate(indices)) {
      APInt value;
      if (!matchPattern(index, m_ConstantInt(&value)) && !op.getValue().isSplat())
        return op.buildElement(*this, indices);
      position = position * type.getDimSize(axis) + (op.getValue().isSplat() ? 0 : value.getSExtValue());
    }
    auto elements = cast<DenseElementsAttr>(op.getValue());
    // A branch that is not taken (of a concat, of padding) may read anywhere.
    if (position < 0 || position >= type.getNumElements())
      return scalar(storageType(type.getElementType()), 0);
    Attribute element = elements.isSplat() ? elements.getSplatValue<Attribute>()
                                           : *(elements.getValues<Attribute>().begin() + position);
    auto scalar = RankedTensorType::get({}, type.getElementType());
    ConstantOp one = ConstantOp::create(b, loc, DenseElementsAttr::get(scalar, element));
    Value result = one.buildElement(*this, {});
    one.erase();
    return result;
  }
};

/// Runs the folders over a block of scalar code; the constant that `value` comes to, if it does.
Attribute evaluate(Block &block, Value value) {
  llvm::DenseMap<Value, Attribute> known;
  for (Operation &op : block) {
    SmallVector<Attribute> operands;
    for (Value operand : op.getOperands())
      operands.push_back(known.lookup(operand));
    SmallVector<OpFoldResult> results;
    if (op.getNumRegions() || failed(op.fold(operands, results)))
      continue;
    for (auto [result, folded] : llvm::zip(op.getResults(), results))
      known[result] = isa<Attribute>(folded) ? cast<Attribute>(folded) : known.lookup(cast<Value>(folded));
  }
  return known.lookup(value);
}

struct FoldConstants : ::hone::impl::FoldConstantsBase<FoldConstants> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    for (auto function : module.getOps<func::FuncOp>()) {
      SmallVector<Operation *> ops;
      function.walk([&](Operation *op) {
        if (isa<ShapeOpInterface>(op) && isPure(op) && op->getNumResults() == 1 &&
            !isa<ConstantOp, GetWeightOp, KernelOp>(op))
          ops.push_back(op);
      });
      constantOps.clear();
      for (Operation *op : ops) {
        if (!llvm::all_of(op->getOperands(), [&](Value v) { return isConstant(v); }) ||
            op->getNumOperands() == 0)
          continue;
        if (!evaluateNow(op) && mayPostpone(op))
          constantOps.insert(op);
      }
      // Recipes for values that something else reads.
      for (Operation *op : ops)
        if (constantOps.contains(op) &&
            llvm::any_of(op->getUsers(), [&](Operation *user) { return !constantOps.contains(user); }))
          makeRecipe(op, symbols);
      for (Operation *op : llvm::reverse(ops))
        if (isOpTriviallyDead(op))
          op->erase();
    }
    removeUnusedWeights(module);
  }

private:
  llvm::DenseSet<Operation *> constantOps;

  bool isConstant(Value value) {
    Operation *op = value.getDefiningOp();
    return op && (isa<ConstantOp, GetWeightOp>(op) || constantOps.contains(op));
  }

  static int64_t bytesOf(Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !type.hasStaticShape())
      return -1;
    return type.getNumElements() * ((type.getElementTypeBitWidth() + 7) / 8);
  }

  /// Replaces the op by a constant when it is small and its scalar code folds.
  static bool evaluateNow(Operation *op) {
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    auto element = dyn_cast<ElementOpInterface>(op);
    bool isView = isa<ReshapeOp, SqueezeOp, UnsqueezeOp>(op);
    if ((!element && !isView) || !type || !type.hasStaticShape() || type.getNumElements() > maxElements)
      return false;
    for (Value operand : op->getOperands()) {
      auto constant = operand.getDefiningOp<ConstantOp>();
      if (!constant || !isa<DenseElementsAttr>(constant.getValue()))
        return false;
    }
    OpBuilder b(op);
    if (isView) {
      auto elements = cast<DenseElementsAttr>(op->getOperand(0).getDefiningOp<ConstantOp>().getValue());
      op->getResult(0).replaceAllUsesWith(ConstantOp::create(b, op->getLoc(), elements.reshape(type)));
      return true;
    }
    SmallVector<Attribute> values;
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      Block scratch;
      OpBuilder inner(op->getContext());
      inner.setInsertionPointToStart(&scratch);
      ConstantReader reader(inner, op->getLoc());
      SmallVector<Value> at;
      for (int64_t rest = i, axis = type.getRank(); axis-- > 0; rest /= type.getDimSize(axis))
        at.insert(at.begin(), reader.constant(rest % type.getDimSize(axis)));
      Attribute value = evaluate(scratch, element.buildElement(reader, at));
      if (!value)
        return false;
      // Storage types carry no sign; the tensor's element type does.
      if (auto integer = dyn_cast<IntegerAttr>(value)) {
        unsigned width = type.getElementTypeBitWidth();
        value = IntegerAttr::get(type.getElementType(), integer.getValue().zextOrTrunc(width));
      }
      values.push_back(value);
    }
    op->getResult(0).replaceAllUsesWith(
        ConstantOp::create(b, op->getLoc(), DenseElementsAttr::get(type, values)));
    return true;
  }

  bool mayPostpone(Operation *op) {
    if (op->hasTrait<Reconstructs>() || isa<IfOp, LoopOp>(op) ||
        !isa<ElementOpInterface, ReshapeOp, SqueezeOp, UnsqueezeOp>(op))
      return false;
    int64_t result = bytesOf(op->getResult(0)), inputs = 0;
    for (Value operand : op->getOperands())
      inputs += std::max<int64_t>(bytesOf(operand), 0);
    return result >= 0 && result <= 2 * inputs + freeGrowth;
  }

  void makeRecipe(Operation *op, SymbolTable &symbols) {
    // The op and what it stands on, in order.
    llvm::SetVector<Operation *> slice;
    std::function<void(Operation *)> collect = [&](Operation *at) {
      for (Value operand : at->getOperands())
        if (!slice.contains(operand.getDefiningOp()))
          collect(operand.getDefiningOp());
      slice.insert(at);
    };
    collect(op);
    OpBuilder b(op->getContext());
    b.setInsertionPointToStart(cast<ModuleOp>(symbols.getOp()).getBody());
    auto weight = WeightOp::create(b, op->getLoc(), "folded", op->getResult(0).getType(), {}, {}, {});
    symbols.insert(weight);
    OpBuilder inner = OpBuilder::atBlockBegin(&weight.getRecipe().emplaceBlock());
    IRMapping map;
    for (Operation *part : slice)
      inner.clone(*part, map);
    YieldOp::create(inner, op->getLoc(), map.lookup(op->getResult(0)));
    b.setInsertionPoint(op);
    op->getResult(0).replaceAllUsesWith(
        GetWeightOp::create(b, op->getLoc(), op->getResult(0).getType(), SymbolRefAttr::get(weight))
            .getResult());
    constantOps.erase(op);
  }

  /// Weights that neither a function nor a recipe in use reads.
  static void removeUnusedWeights(ModuleOp module) {
    for (bool changed = true; changed;) {
      changed = false;
      llvm::DenseSet<Attribute> used;
      module.walk([&](GetWeightOp get) { used.insert(get.getWeightAttr().getAttr()); });
      for (auto weight : llvm::make_early_inc_range(module.getOps<WeightOp>()))
        if (!used.contains(weight.getSymNameAttr())) {
          weight.erase();
          changed = true;
        }
    }
  }
};

} // namespace
