// Attention from matmul, softmax, matmul. What surrounds the core (scales on either side, masks,
// repeated heads, the concat with past keys) is peeled off and becomes operands and attributes.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dominance.h"
#include "passes/simplify/Heads.h"
#include "passes/simplify/Match.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_RAISEATTENTION
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::createInferred;
using ::hone::eitherOrder;
using ::hone::stripScale;

namespace {

class AttentionRaiser {
public:
  explicit AttentionRaiser(Shapes &shapes) : shapes(shapes) {}

  /// Replaces `product` = P V when P is a softmax of scores. True when done; else `why` for near misses.
  bool raise(MatmulOp product, std::string &why) {
    Value weights = product.getLhs();
    // select(isnan(P), 0, P) guards rows without keys, which the op defines as 0.
    if (auto guard = weights.getDefiningOp<SelectOp>())
      if (auto nan = guard.getCondition().getDefiningOp<IsNanOp>();
          nan && nan.getInput() == guard.getRhs() && ::hone::isFloat(guard.getLhs(), 0))
        weights = guard.getRhs();
    auto softmax = weights.getDefiningOp<SoftmaxOp>();
    if (!softmax)
      return why = interposed(weights), false;
    if (softmax.getLog() || product.getTransposeA())
      return false;
    if (rankOf(product.getResult()) != 4 || softmax.getAxis() != 3)
      return why = "it doesn't work on [batch, heads, sequence, size]", false;
    double scale = 1;
    auto strip = [&](Value value) {
      auto [inner, factor] = stripScale(value);
      scale *= factor;
      return inner;
    };
    SmallVector<Mask> masks;
    MatmulOp core = peel(softmax.getInput(), masks, scale);
    if (!core)
      return why = "the scores are not a scaled product plus masks", false;
    Value query = strip(core.getLhs()), keyT = strip(core.getRhs()), value = product.getRhs();
    if (rankOf(query) != 4 || rankOf(value) != 4 || product.getTransposeB())
      return why = "query or value isn't [batch, heads, sequence, size]", false;
    OpBuilder b(product);
    Type element = elementOf(query);
    Value key = core.getTransposeB() ? keyT
                                     : createInferred<TransposeOp>(b, product.getLoc(), shapes, element, keyT,
                                                                   ArrayRef<int64_t>{0, 1, 3, 2});
    if (auto outer = key.getDefiningOp<TransposeOp>())
      if (auto inner = outer.getInput().getDefiningOp<TransposeOp>())
        key = compose(b, outer, inner);

    // Scales may sit in front of the repeat as well.
    key = strip(ungroup(strip(key)));
    value = ungroup(value);
    auto queryType = cast<RankedTensorType>(query.getType()), keyType = cast<RankedTensorType>(key.getType());
    auto valueType = cast<RankedTensorType>(value.getType());
    if (queryType.isDynamicDim(1) || keyType.isDynamicDim(1) ||
        keyType.getDimSize(1) != valueType.getDimSize(1) || queryType.isDynamicDim(3) ||
        keyType.getDimSize(3) != queryType.getDimSize(3) || valueType.isDynamicDim(3))
      return why = "heads or head sizes are not known or do not agree", false;
    if (queryType.getDimSize(1) % keyType.getDimSize(1))
      return why = "the query heads are no multiple of the key heads", false;
    if (shapes.dim(query, 0) != shapes.dim(key, 0) || shapes.dim(key, 0) != shapes.dim(value, 0))
      return why = "query, key and value differ in batch", false;
    for (const Mask &mask : masks)
      if (!fits(mask, query, key))
        return why = "the mask doesn't broadcast to [batch, heads, query, key]", false;
    Value mask = sumOf(b, product, masks, element);
    if (!mask && !masks.empty())
      return why = "the masks do not broadcast to one", false;

    // concat(past, new) on the time axis is a past, and the concat itself what comes back as present.
    ConcatOp keyConcat = pastConcat(key), valueConcat = pastConcat(value);
    bool hasPast = keyConcat && valueConcat;
    Value newKey = hasPast ? keyConcat.getInputs()[1] : key,
          newValue = hasPast ? valueConcat.getInputs()[1] : value;
    Operation *at = product;
    if (hasPast) {
      // The op must stand in front of every reader of the concats, and behind everything it reads.
      DominanceInfo dominance(product->getParentOfType<func::FuncOp>());
      for (ConcatOp concat : {keyConcat, valueConcat})
        for (Operation *user : concat->getUsers()) {
          bool isReturn = user->hasTrait<OpTrait::IsTerminator>();
          if (!isReturn && !dominance.properlyDominates(product.getOperation(), user) &&
              !feeds(user, product))
            hasPast = false;
        }
    }
    if (!hasPast) {
      newKey = key;
      newValue = value;
    }
    Value q = ::hone::mergeHeads(b, at, shapes, query), k = ::hone::mergeHeads(b, at, shapes, newKey),
          v = ::hone::mergeHeads(b, at, shapes, newValue);
    if (!q || !k || !v)
      return why = "the sizes of its operands are not known in front of it", false;
    Type open = UnrankedTensorType::get(element);
    SmallVector<Type> types = {open};
    if (hasPast)
      types.append(2, open);
    auto attention = AttentionOp::create(
        b, product.getLoc(), types, q, k, v, hasPast ? keyConcat.getInputs()[0] : Value(),
        hasPast ? valueConcat.getInputs()[0] : Value(), mask, Value(),
        b.getI64IntegerAttr(queryType.getDimSize(1)), b.getI64IntegerAttr(keyType.getDimSize(1)),
        b.getF32FloatAttr(scale), UnitAttr(), b.getF32FloatAttr(0));
    if (failed(shapes.infer(attention)))
      return false;
    Value result = ::hone::splitHeads(b, at, shapes, attention.getOutput(), queryType.getDimSize(1));
    if (!result)
      return false;
    product.getResult().replaceAllUsesWith(result);
    if (hasPast)
      for (auto [concat, present] : llvm::zip(
               SmallVector<Value>{keyConcat.getResult(), valueConcat.getResult()}, attention.getPresents()))
        concat.replaceUsesWithIf(present, [&](OpOperand &use) {
          return use.getOwner()->hasTrait<OpTrait::IsTerminator>() ||
                 (use.getOwner()->getBlock() == attention->getBlock() &&
                  attention->isBeforeInBlock(use.getOwner()));
        });
    return true;
  }

private:
  /// What stands between a softmax and the product that would read it; empty when there is no softmax.
  static std::string interposed(Value weights) {
    Operation *op = weights.getDefiningOp();
    if (!op || op->getNumOperands() == 0 || !op->getOperand(0).getDefiningOp<SoftmaxOp>())
      return "";
    return "a " + op->getName().stripDialect().str() +
           " stands between the softmax and the product with the values";
  }

  static int64_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }
  static Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

  static MatmulOp scoresOf(Value value) {
    auto matmul = value.getDefiningOp<MatmulOp>();
    return matmul && !matmul.getTransposeA() ? matmul : MatmulOp();
  }

  Value compose(OpBuilder &b, TransposeOp outer, TransposeOp inner) {
    SmallVector<int64_t> perm;
    for (int64_t axis : outer.getPerm())
      perm.push_back(inner.getPerm()[axis]);
    if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
      return inner.getInput();
    return createInferred<TransposeOp>(b, outer.getLoc(), shapes, elementOf(outer.getResult()),
                                       inner.getInput(), perm);
  }

  /// x of the repeat [B, G, S, H] -> [B, G, 1, S, H] -> [B, G, n, S, H] -> [B, G*n, S, H].
  Value ungroup(Value value) {
    Operation *reshape = value.getDefiningOp();
    if (!isa_and_nonnull<ReshapeOp>(reshape))
      return value;
    auto expand = reshape->getOperand(0).getDefiningOp<ExpandOp>();
    Operation *split = expand ? expand.getInput().getDefiningOp() : nullptr;
    if (!split || !isa<UnsqueezeOp, ReshapeOp>(split) || rankOf(expand.getInput()) != 5 ||
        rankOf(split->getOperand(0)) != 4)
      return value;
    Value x = split->getOperand(0);
    std::vector<DimExpr> from = shapes.dims(x), mid = shapes.dims(expand.getInput()),
                         to = shapes.dims(expand.getResult()), out = shapes.dims(value);
    bool isRepeat = mid[2].is(1) && mid[0] == from[0] && mid[1] == from[1] && mid[3] == from[2] &&
                    mid[4] == from[3] && to[0] == from[0] && to[1] == from[1] && to[3] == from[2] &&
                    to[4] == from[3] && out[0] == from[0] && out[1] == from[1] * to[2] && out[2] == from[2] &&
                    out[3] == from[3];
    return isRepeat ? x : value;
  }

  /// What lies between the product and the softmax: a tensor that is added, or scores that a condition keeps
  /// and a number far below all others replaces.
  struct Mask {
    Value tensor;
    bool isKept = false, keepsTrue = false; // tensor is a condition: keep where it is `keepsTrue`
    Value replacement;
  };

  /// The product under scales and masks, innermost first; null when there is something else.
  MatmulOp peel(Value value, SmallVectorImpl<Mask> &masks, double &scale, int depth = 0) {
    auto [inner, factor] = stripScale(value);
    if (MatmulOp core = scoresOf(inner)) {
      scale *= factor;
      return core;
    }
    MatmulOp core;
    if (depth == 4)
      return core;
    eitherOrder<AddOp>(value, [&](Value scores, Value added) {
      if ((core = peel(scores, masks, scale, depth + 1)))
        masks.push_back({added, false, false, {}});
      return bool(core);
    });
    if (auto select = value.getDefiningOp<SelectOp>(); select && !core)
      for (bool keepsTrue : {true, false}) {
        Value scores = keepsTrue ? select.getLhs() : select.getRhs(),
              other = keepsTrue ? select.getRhs() : select.getLhs();
        // So low that adding it to a score gives it back: rows that keep nothing stay uniform.
        auto low = ::hone::floatConstant(other);
        bool isLow = low && *low <= (elementOf(other).isF16() ? -65504.0 : -1e8);
        if (!core && isLow && (core = peel(scores, masks, scale, depth + 1)))
          masks.push_back({select.getCondition(), true, keepsTrue, other});
      }
    return core;
  }

  /// All masks as one tensor that is added; null without any.
  Value sumOf(OpBuilder &b, Operation *at, ArrayRef<Mask> masks, Type element) {
    Value sum;
    for (const Mask &mask : masks) {
      if (!mask.isKept) {
        sum = sum ? createInferred<AddOp>(b, at->getLoc(), shapes, element, sum, mask.tensor) : mask.tensor;
      } else {
        auto scalar = RankedTensorType::get({}, element);
        Value kept = sum ? sum
                         : ConstantOp::create(b, at->getLoc(),
                                              DenseElementsAttr::get(scalar, b.getFloatAttr(element, 0)));
        sum = createInferred<SelectOp>(b, at->getLoc(), shapes, element, mask.tensor,
                                       mask.keepsTrue ? kept : mask.replacement,
                                       mask.keepsTrue ? mask.replacement : kept);
      }
      if (!sum)
        return {};
    }
    return sum;
  }

  bool fits(const Mask &given, Value query, Value key) {
    Value mask = given.tensor;
    auto type = dyn_cast<RankedTensorType>(mask.getType());
    if (!type || type.getRank() > 4 || (!given.isKept && type.getElementType() != elementOf(query)))
      return false;
    DimExpr full[4] = {shapes.dim(query, 0), shapes.dim(query, 1), shapes.dim(query, 2), shapes.dim(key, 2)};
    std::vector<DimExpr> dims = shapes.dims(mask);
    // What only the run knows the op requires itself.
    for (size_t i = 0; i < dims.size(); ++i) {
      const DimExpr &wanted = full[4 - dims.size() + i];
      if (!dims[i].is(1) && dims[i].constant() && wanted.constant() && dims[i] != wanted)
        return false;
    }
    return true;
  }

  static ConcatOp pastConcat(Value value) {
    auto concat = value.getDefiningOp<ConcatOp>();
    return concat && concat.getInputs().size() == 2 && concat.getAxis() == 2 ? concat : ConcatOp();
  }

  /// Whether `op` is computed only on the way to `target`, or for nothing.
  static bool feeds(Operation *op, Operation *target, int depth = 0) {
    if (op == target || isOpTriviallyDead(op))
      return true;
    return depth < 12 && !op->use_empty() &&
           llvm::all_of(op->getUsers(), [&](Operation *user) { return feeds(user, target, depth + 1); });
  }

  Shapes &shapes;
};

struct RaiseAttention : ::hone::impl::RaiseAttentionBase<RaiseAttention> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Shapes shapes;
      if (function.isExternal())
        continue;
      if (failed(shapes.inferFunction(function)))
        return signalPassFailure();
      AttentionRaiser raiser(shapes);
      SmallVector<MatmulOp> products;
      function.walk([&](MatmulOp product) { products.push_back(product); });
      for (MatmulOp product : products) {
        std::string why;
        if (!raiser.raise(product, why) && !why.empty())
          ::hone::reportMiss(product, "attention", why);
      }
      // The movement of misses and what fed only raised cores.
      SmallVector<Operation *> ops;
      function.walk([&](Operation *op) { ops.push_back(op); });
      for (Operation *op : llvm::reverse(ops))
        if (isOpTriviallyDead(op))
          op->erase();
    }
  }
};

} // namespace
