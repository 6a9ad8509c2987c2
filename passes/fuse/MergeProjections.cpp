// One product instead of three in front of attention: one dispatch that splits evenly over threads (a key of
// few heads has too few columns for that), one reading of the input, and one quantization of it where the
// weights are quantized. Gates of an MLP stay apart: the second product's epilogue already multiplies by the
// first, which slices of one product would prevent.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "passes/fuse/Passes.h"

namespace hone {
#define GEN_PASS_DEF_MERGEPROJECTIONS
#include "passes/fuse/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

/// A weight or a small constant: what a recipe may read.
bool isKnown(Value x) { return isa_and_nonnull<GetWeightOp, ConstantOp>(x.getDefiningOp()); }

/// A product with a weight, and the bias behind it if there is one.
struct Projection {
  MatmulOp matmul;
  AddOp add; // null: no bias
  Value weight, bias, scale, zero;
  DequantizeOp dequantize;          // null: the weight is dense
  std::optional<int64_t> splatZero; // zero points that are a small constant, all equal
  std::string refused;

  explicit Projection(Value value) { refused = read(value); }

  Value result() { return add ? add.getResult() : matmul.getResult(); }
  int64_t columns() { return typeOf(matmul.getResult()).getShape().back(); }
  /// The axis of N in the weight.
  int64_t axis() { return matmul.getTransposeB() ? 0 : 1; }

  /// Empty, or why the two can't be one product.
  std::string differsFrom(Projection &other) {
    if (matmul.getTransposeB() != other.matmul.getTransposeB())
      return "one weight is transposed and the other is not";
    if (typeOf(matmul.getResult()).getRank() != typeOf(other.matmul.getResult()).getRank() ||
        matmul.getActivationBits() != other.matmul.getActivationBits())
      return "the products are of different kinds";
    if (bool(add) != bool(other.add))
      return "one has a bias and the other has none";
    if (bool(dequantize) != bool(other.dequantize) ||
        typeOf(weight).getElementType() != typeOf(other.weight).getElementType())
      return "the weights have different element types";
    if (!dequantize)
      return "";
    if (dequantize.getBlock() != other.dequantize.getBlock() ||
        dequantize.getAxis() != other.dequantize.getAxis() ||
        typeOf(dequantize.getScale()).getRank() != typeOf(other.dequantize.getScale()).getRank())
      return "the weights are quantized by different blocks";
    if (bool(zero) != bool(other.zero) || splatZero != other.splatZero)
      return "the weights have different kinds of zero points";
    return "";
  }

private:
  std::string read(Value value) {
    if ((add = value.getDefiningOp<AddOp>())) {
      for (auto [product, row] :
           {std::pair(add.getLhs(), add.getRhs()), std::pair(add.getRhs(), add.getLhs())})
        if (auto is = product.getDefiningOp<MatmulOp>()) {
          matmul = is;
          bias = row;
        }
      if (!matmul || !isKnown(bias) || typeOf(bias).getRank() != 1 || add.getType() != matmul.getType() ||
          !matmul->hasOneUse())
        return "a projection is not a product with a bias row";
    } else if (!(matmul = value.getDefiningOp<MatmulOp>())) {
      return "a projection is not a product";
    }
    if (!value.hasOneUse())
      return "a projection is read by others too";
    if (matmul.getTransposeA())
      return "the left operand is transposed";
    dequantize = matmul.getRhs().getDefiningOp<DequantizeOp>();
    weight = dequantize ? dequantize.getInput() : matmul.getRhs();
    if (!isKnown(weight) || typeOf(weight).getRank() != 2)
      return "a right operand is not a weight";
    if (bias && typeOf(bias).getDimSize(0) != typeOf(weight).getDimSize(axis()))
      return "a bias is not one number a column";
    return dequantize ? readFactors() : "";
  }

  std::string readFactors() {
    scale = dequantize.getScale();
    if (!isKnown(scale))
      return "the scales of a quantized weight are not a weight";
    // Without blocks scales are one a column, a vector; with blocks they are by column too.
    int64_t ofColumn = dequantize.getBlock() ? axis() : 0;
    bool isAlongK = int64_t(dequantize.getAxis()) != axis();
    if (typeOf(scale).getRank() != (dequantize.getBlock() ? 2 : 1) ||
        isAlongK != bool(dequantize.getBlock()) ||
        typeOf(scale).getDimSize(ofColumn) != typeOf(weight).getDimSize(axis()))
      return "the scales of a quantized weight do not go by column";
    Value given = dequantize.getZero();
    if (!given)
      return "";
    if (!isKnown(given) || typeOf(given).getShape() != typeOf(scale).getShape())
      return "the zero points of a quantized weight do not go by column";
    auto constant = given.getDefiningOp<ConstantOp>();
    if (constant && constant.getValue().isSplat() && isa<IntegerType>(typeOf(given).getElementType()))
      splatZero = (*cast<DenseElementsAttr>(constant.getValue()).value_begin<APInt>()).getSExtValue();
    else
      zero = given;
    return "";
  }
};

struct MergeProjections : ::hone::impl::MergeProjectionsBase<MergeProjections> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<AttentionOp> attentions;
    getOperation().walk([&](AttentionOp op) { attentions.push_back(op); });
    for (AttentionOp op : attentions)
      mergeInFrontOf(op, symbols);
    // Products that were merged, and their weights.
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : llvm::reverse(ops))
      if (isOpTriviallyDead(op))
        op->erase();
  }

private:
  static void mergeInFrontOf(AttentionOp attention, SymbolTable &symbols) {
    SmallVector<Projection> projections;
    for (Value operand : {attention.getQuery(), attention.getKey(), attention.getValue()}) {
      if (auto rope = operand.getDefiningOp<RopeOp>(); rope && rope->hasOneUse())
        operand = rope.getInput();
      // Parts of one product are what this pass makes.
      if (operand.getDefiningOp<SliceOp>())
        return;
      Projection projection(operand);
      if (projection.refused.empty())
        projections.push_back(projection);
      else
        attention.emitRemark() << "projections not merged: " << projection.refused;
    }
    // Cross attention projects its query from another tensor than keys and values.
    while (projections.size() > 1) {
      SmallVector<Projection> same = {projections.front()}, others;
      for (Projection &other : llvm::drop_begin(projections)) {
        if (other.matmul.getLhs() != same[0].matmul.getLhs() ||
            other.matmul->getBlock() != same[0].matmul->getBlock()) {
          others.push_back(other);
          continue;
        }
        std::string reason = other.differsFrom(same[0]);
        if (reason.empty())
          same.push_back(other);
        else
          attention.emitRemark() << "projections not merged: " << reason;
      }
      if (same.size() > 1)
        merge(same, symbols);
      else
        attention.emitRemark() << "projections not merged: no other one reads the same tensor";
      projections = others;
    }
  }

  /// The parts one behind the other along `axis`, as a weight.
  static Value joined(OpBuilder &b, SymbolTable &symbols, ArrayRef<Value> parts, int64_t axis) {
    SmallVector<int64_t> shape(typeOf(parts[0]).getShape());
    shape[axis] = 0;
    std::string name;
    for (Value part : parts) {
      shape[axis] += typeOf(part).getDimSize(axis);
      auto get = part.getDefiningOp<GetWeightOp>();
      name += (name.empty() ? "" : "+") + (get ? get.getWeight().str() : "constant");
    }
    Type type = typeOf(parts[0]).clone(shape);
    Location loc = parts[0].getLoc();
    OpBuilder inner(b.getContext());
    inner.setInsertionPointToStart(&symbols.getOp()->getRegion(0).front());
    auto weight = WeightOp::create(inner, loc, inner.getStringAttr(name), TypeAttr::get(type), StringAttr(),
                                   IntegerAttr(), IntegerAttr());
    symbols.insert(weight, Block::iterator(weight)); // gives it a name of its own
    inner.createBlock(&weight.getRecipe());
    SmallVector<Value> values;
    for (Value part : parts)
      values.push_back(inner.clone(*part.getDefiningOp())->getResult(0));
    YieldOp::create(inner, loc, ConcatOp::create(inner, loc, type, values, axis).getResult());
    return GetWeightOp::create(b, loc, type, FlatSymbolRefAttr::get(weight.getSymNameAttr()));
  }

  static void merge(MutableArrayRef<Projection> parts, SymbolTable &symbols) {
    Projection &first = parts.front();
    Operation *earliest = first.matmul;
    SmallVector<Location> locations;
    int64_t columns = 0;
    for (Projection &part : parts) {
      if (part.matmul->isBeforeInBlock(earliest))
        earliest = part.matmul;
      locations.push_back(part.matmul.getLoc());
      columns += part.columns();
    }
    OpBuilder b(earliest);
    auto join = [&](Value Projection::*which, int64_t axis) -> Value {
      SmallVector<Value> weights;
      for (Projection &part : parts)
        weights.push_back(part.*which);
      return joined(b, symbols, weights, axis);
    };
    Location loc = FusedLoc::get(b.getContext(), locations);
    Value rhs = join(&Projection::weight, first.axis());
    if (DequantizeOp dequantize = first.dequantize) {
      int64_t ofColumn = dequantize.getBlock() ? first.axis() : 0;
      Value scale = join(&Projection::scale, ofColumn), zero;
      if (first.zero)
        zero = join(&Projection::zero, ofColumn);
      else if (first.splatZero)
        zero = ConstantOp::create(
            b, loc,
            DenseElementsAttr::get(
                typeOf(dequantize.getZero()).clone(typeOf(scale).getShape()),
                *cast<DenseElementsAttr>(dequantize.getZero().getDefiningOp<ConstantOp>().getValue())
                     .value_begin<APInt>()));
      rhs = DequantizeOp::create(b, dequantize.getLoc(), typeOf(dequantize).clone(typeOf(rhs).getShape()),
                                 rhs, scale, zero, dequantize.getAxis(), dequantize.getBlock());
    }
    SmallVector<int64_t> shape(typeOf(first.matmul).getShape());
    shape.back() = columns;
    Value product = MatmulOp::create(b, loc, typeOf(first.matmul).clone(shape), first.matmul.getLhs(), rhs,
                                     false, first.matmul.getTransposeB(), first.matmul.getActivationBits());
    if (first.add)
      product = AddOp::create(b, loc, product.getType(), product, join(&Projection::bias, 0));
    int64_t from = 0, axis = int64_t(shape.size()) - 1;
    auto number = [&](int64_t value) {
      auto type = RankedTensorType::get({1}, b.getI64Type());
      return ConstantOp::create(b, loc, DenseElementsAttr::get(type, value));
    };
    for (Projection &part : parts) {
      int64_t to = from + part.columns();
      Value slice = SliceOp::create(b, part.result().getLoc(), part.result().getType(), product, number(from),
                                    number(to), number(1), ArrayRef<int64_t>{axis});
      part.result().replaceAllUsesWith(slice);
      from = to;
    }
  }
};

} // namespace
