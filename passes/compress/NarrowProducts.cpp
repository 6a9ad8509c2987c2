// Sums of products with 16-bit operands, between casts.
#include "dialects/hone/HoneDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/compress/Names.h"
#include "passes/compress/Passes.h"

namespace hone {
#define GEN_PASS_DEF_NARROWPRODUCTS
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

class NarrowProducts : public ::hone::impl::NarrowProductsBase<NarrowProducts> {
public:
  using Base = ::hone::impl::NarrowProductsBase<NarrowProducts>;
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    if (element == "f16")
      narrow = Float16Type::get(context);
    else if (element == "bf16")
      narrow = BFloat16Type::get(context);
    else
      why = "expected the element f16 or bf16, got '" + element + "'";
    if (why.empty())
      names = ::hone::NodeFilter::make(only, skip, why);
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-narrow-products: ") << why;
  }

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (op->hasTrait<SumsProducts>() && !op->getParentOfType<WeightOp>() && names.takes(op) &&
          isF32(op->getResult(0)))
        ops.push_back(op);
    });
    if (!ops.empty() && !getOperation()->hasAttr("hone.device_target"))
      getOperation().emitWarning(
          "hone-narrow-products: only GPUs have fast kernels of 16-bit floats: on the host "
          "products get slower, not faster");
    SymbolTable symbols(getOperation());
    for (Operation *op : ops)
      change(op, symbols);
    casts.clear();
    getOperation().walk([&](ElementOpInterface op) {
      if (!op->getParentOfType<WeightOp>())
        moveNarrow(op);
    });
    SmallVector<CastOp> all;
    getOperation().walk([&](CastOp cast) { all.push_back(cast); });
    for (CastOp cast : all)
      narrowBehind(cast, symbols);
    // A product is merged with others only when nobody else reads it.
    getOperation().walk([](CastOp cast) {
      if (cast->use_empty())
        cast.erase();
    });
  }

private:
  static bool isF32(Value x) {
    auto type = dyn_cast<RankedTensorType>(x.getType());
    return type && type.getElementType().isF32();
  }
  static Type with(Value x, Type element) { return cast<RankedTensorType>(x.getType()).clone(element); }

  void change(Operation *op, SymbolTable &symbols) {
    OpBuilder b(op);
    for (OpOperand &operand : op->getOpOperands())
      if (isF32(operand.get()))
        operand.set(narrowed(b, op->getLoc(), operand.get(), symbols));
    b.setInsertionPointAfter(op);
    for (Value result : op->getResults()) {
      if (!isF32(result))
        continue;
      Type wide = result.getType();
      result.setType(with(result, narrow));
      Value back = CastOp::create(b, op->getLoc(), wide, result, b.getF32Type());
      result.replaceAllUsesExcept(back, back.getDefiningOp());
    }
  }

  /// The value that `x` was widened from; null when it was not.
  Value before(Value x) {
    auto wide = x.getDefiningOp<CastOp>();
    return wide && wide.getInput().getType() == with(x, narrow) ? wide.getInput() : Value();
  }

  /// What only moves elements moves them before they are widened.
  void moveNarrow(ElementOpInterface op) {
    if (!op.isCheapElement() || isa<ElementwiseOpInterface>(*op) || op->getNumResults() != 1 ||
        !isF32(op->getResult(0)))
      return;
    OpOperand *moved = nullptr;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isF32(operand.get()))
        continue;
      if (moved || !before(operand.get()))
        return;
      moved = &operand;
    }
    if (!moved)
      return;
    moved->set(before(moved->get()));
    Value result = op->getResult(0);
    Type wide = result.getType();
    result.setType(with(result, narrow));
    OpBuilder b(op->getContext());
    b.setInsertionPointAfter(op);
    Value back = CastOp::create(b, op->getLoc(), wide, result, b.getF32Type());
    result.replaceAllUsesExcept(back, back.getDefiningOp());
  }

  /// What combines a product with weights (a bias, rotary tables) and is rounded anyway reads what is
  /// rounded: so a product and what follows it stay next to each other, as those that merge products look for
  /// them.
  void narrowBehind(CastOp cast, SymbolTable &symbols) {
    if (Value same = cast.getTo() == narrow ? before(cast.getInput()) : Value()) {
      cast.getResult().replaceAllUsesWith(same);
      cast.erase();
      return;
    }
    auto op = cast.getInput().getDefiningOp<ElementOpInterface>();
    if (!op || !op.isCheapElement() || !op->hasOneUse() || cast.getTo() != narrow || !isF32(cast.getInput()))
      return;
    SmallVector<Value> operands;
    int products = 0, weights = 0;
    for (Value x : op->getOperands()) {
      bool isProduct = isF32(x) && before(x);
      bool isWeight = isF32(x) && x.getDefiningOp<GetWeightOp>();
      products += isProduct, weights += isWeight;
      if (isF32(x) && !isProduct && !isWeight)
        return;
    }
    if (products != 1 || weights == 0)
      return;
    OpBuilder b(op);
    for (OpOperand &operand : op->getOpOperands())
      if (isF32(operand.get()))
        operand.set(narrowed(b, op->getLoc(), operand.get(), symbols));
    op->getResult(0).setType(cast.getType());
    cast.getResult().replaceAllUsesWith(op->getResult(0));
    cast.erase();
  }

  Value narrowed(OpBuilder &b, Location loc, Value x, SymbolTable &symbols) {
    // What another product has just widened is there as it was.
    if (auto cast = x.getDefiningOp<CastOp>(); cast && cast.getInput().getType() == with(x, narrow))
      return cast.getInput();
    // Rounded weights stay what kernels read: only their scales are narrowed.
    if (auto rounded = x.getDefiningOp<DequantizeOp>(); rounded && isF32(rounded.getScale()))
      return DequantizeOp::create(b, loc, with(x, narrow), rounded.getInput(),
                                  narrowed(b, loc, rounded.getScale(), symbols), rounded.getZero(),
                                  rounded.getAxis(), rounded.getBlock());
    auto get = x.getDefiningOp<GetWeightOp>();
    if (!get) { // once, for all that read it
      Value &made = casts[x];
      if (made)
        return made;
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointAfterValue(x);
      return made = CastOp::create(b, loc, with(x, narrow), x, narrow);
    }
    std::string name = (get.getWeight() + "." + element).str();
    auto weight = symbols.lookup<WeightOp>(name);
    if (!weight) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(getOperation().getBody());
      weight = WeightOp::create(b, get.getLoc(), name, with(x, narrow), {}, {}, {});
      symbols.insert(weight);
      b.setInsertionPointToStart(&weight.getRecipe().emplaceBlock());
      Value from = GetWeightOp::create(b, get.getLoc(), x.getType(), get.getWeightAttr());
      YieldOp::create(b, get.getLoc(),
                      CastOp::create(b, get.getLoc(), with(x, narrow), from, narrow).getResult());
    }
    return GetWeightOp::create(b, loc, weight.getType(), weight.getSymName());
  }

  Type narrow;
  DenseMap<Value, Value> casts;
  ::hone::NodeFilter names;
};

} // namespace
