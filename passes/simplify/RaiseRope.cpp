// Rotary embedding from x * cos + rotate_half(x) * sin.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/simplify/Heads.h"
#include "passes/simplify/Match.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_RAISEROPE
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::createInferred;
using ::hone::eitherOrder;

namespace {

class RopeRaiser {
public:
  explicit RopeRaiser(Shapes &shapes) : shapes(shapes) {}

  /// The replacement of `add`, or null with `why`.
  Value raise(AddOp add, std::string &why) {
    Value x, cos, sin;
    bool found = eitherOrder<AddOp>(add.getResult(), [&](Value straight, Value turned) {
      return eitherOrder<MulOp>(turned, [&](Value rotated, Value s) {
        Value inner = rotateHalfOf(rotated);
        return inner && eitherOrder<MulOp>(straight, [&](Value same, Value c) {
                 if (same != inner)
                   return false;
                 x = same;
                 cos = c;
                 sin = s;
                 return true;
               });
      });
    });
    if (!found)
      return {};
    auto type = dyn_cast<RankedTensorType>(x.getType());
    if (!type || type.getRank() != 4 || type.isDynamicDim(1) || type.isDynamicDim(3))
      return why = "x isn't [batch, heads, sequence, size] with known heads and size", Value();
    OpBuilder b(add);
    Value halfCos = half(b, add, cos, type.getDimSize(3)), halfSin = half(b, add, sin, type.getDimSize(3));
    if (!halfCos || !halfSin)
      return why = "cos or sin isn't a doubled table of [batch, 1, sequence, size]", Value();
    Value merged = ::hone::mergeHeads(b, add, shapes, x);
    if (!merged)
      return why = "the sizes of x are not known in front of it", Value();
    Value turned =
        createInferred<RopeOp>(b, add.getLoc(), shapes, type.getElementType(), merged, halfCos, halfSin,
                               Value(), b.getI64IntegerAttr(type.getDimSize(1)), UnitAttr());
    return turned ? ::hone::splitHeads(b, add, shapes, turned, type.getDimSize(1)) : Value();
  }

private:
  /// x of concat(-x[..., H/2:], x[..., :H/2]).
  Value rotateHalfOf(Value value) {
    auto concat = value.getDefiningOp<ConcatOp>();
    if (!concat || concat.getInputs().size() != 2)
      return {};
    auto neg = concat.getInputs()[0].getDefiningOp<NegOp>();
    auto second = neg ? neg.getInput().getDefiningOp<SliceOp>() : SliceOp();
    auto first = concat.getInputs()[1].getDefiningOp<SliceOp>();
    if (!first || !second || first.getInput() != second.getInput())
      return {};
    auto type = dyn_cast<RankedTensorType>(first.getInput().getType());
    int64_t last = type.getRank() - 1, size = type.getDimSize(last);
    if (concat.getAxis() != uint64_t(last) || ShapedType::isDynamic(size))
      return {};
    return isPart(first, last, 0, size / 2) && isPart(second, last, size / 2, size) ? first.getInput()
                                                                                    : Value();
  }

  bool isPart(SliceOp slice, int64_t axis, int64_t from, int64_t to) {
    auto starts = shapes.constants(slice.getStarts()), ends = shapes.constants(slice.getEnds()),
         steps = shapes.constants(slice.getSteps());
    int64_t size = cast<RankedTensorType>(slice.getInput().getType()).getDimSize(axis);
    if (slice.getAxes().size() != 1 || slice.getAxes()[0] != axis || !starts || !ends || !steps ||
        steps->front() != 1)
      return false;
    auto at = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + size : i, 0, size); };
    return at(starts->front()) == from && at(ends->front()) == to;
  }

  /// The first half of a table whose halves are equal, as [B, S, H/2].
  Value half(OpBuilder &b, Operation *at, Value table, int64_t size) {
    auto type = dyn_cast<RankedTensorType>(table.getType());
    if (!type || type.getRank() != 4 || type.getDimSize(1) != 1 || type.getDimSize(3) != size ||
        !isDoubled(table, 3))
      return {};
    Value flat = createInferred<SqueezeOp>(b, at->getLoc(), shapes, type.getElementType(), table,
                                           ArrayRef<int64_t>{1});
    auto number = [&](int64_t value) {
      return ConstantOp::create(
          b, at->getLoc(), DenseIntElementsAttr::get(RankedTensorType::get({1}, b.getI64Type()), {value}));
    };
    return createInferred<SliceOp>(b, at->getLoc(), shapes, type.getElementType(), flat, number(0),
                                   number(size / 2), number(1), ArrayRef<int64_t>{2});
  }

  /// Looks through elementwise ops, transposes and views that keep the dimension for concat(a, a) along it.
  bool isDoubled(Value value, int64_t axis) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return false;
    if (auto concat = dyn_cast<ConcatOp>(op))
      return concat.getInputs().size() == 2 && concat.getInputs()[0] == concat.getInputs()[1] &&
             int64_t(concat.getAxis()) == axis;
    if (auto transpose = dyn_cast<TransposeOp>(op))
      return isDoubled(transpose.getInput(), transpose.getPerm()[axis]);
    if (isa<UnsqueezeOp, SqueezeOp, ReshapeOp, GatherOp>(op)) {
      auto from = dyn_cast<RankedTensorType>(op->getOperand(0).getType()),
           to = cast<RankedTensorType>(value.getType());
      return from && from.getRank() && axis + 1 == to.getRank() &&
             from.getShape().back() == to.getShape().back() &&
             isDoubled(op->getOperand(0), from.getRank() - 1);
    }
    if (isa<CosOp, SinOp, CastOp>(op))
      return isDoubled(op->getOperand(0), axis);
    if (isa<MulOp>(op))
      for (auto [tensor, scalar] : {std::pair(0, 1), std::pair(1, 0)})
        if (::hone::floatConstant(op->getOperand(scalar)) &&
            op->getOperand(tensor).getType() == value.getType())
          return isDoubled(op->getOperand(tensor), axis);
    return false;
  }

  Shapes &shapes;
};

struct RaiseRope : ::hone::impl::RaiseRopeBase<RaiseRope> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Shapes shapes;
      if (function.isExternal())
        continue;
      if (failed(shapes.inferFunction(function)))
        return signalPassFailure();
      RopeRaiser raiser(shapes);
      SmallVector<AddOp> adds;
      function.walk([&](AddOp add) { adds.push_back(add); });
      for (AddOp add : adds) {
        std::string why;
        if (Value raised = raiser.raise(add, why))
          add.getResult().replaceAllUsesWith(raised);
        else if (!why.empty())
          ::hone::reportMiss(add, "rope", why);
      }
    }
  }
};

} // namespace
