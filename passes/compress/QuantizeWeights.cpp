// Rounds weights to integers or floats of 8 bits by groups, as recipes. The reconstruction stands next to the
// user, so that its kernel may read the integers and everything else goes on seeing a dense tensor.
#include "dialects/hone/Float8.h"
#include "dialects/hone/HoneDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/compress/Names.h"
#include "passes/compress/Passes.h"

namespace hone {
#define GEN_PASS_DEF_QUANTIZEWEIGHTS
#include "passes/compress/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

/// Adds weights with recipes to a module. Equal names are equal weights: a weight of two users is made once.
class RecipeBuilder {
public:
  RecipeBuilder(SymbolTable &symbols, Location loc) : symbols(symbols), b(loc.getContext()), loc(loc) {}

  WeightOp weight(const Twine &name, function_ref<Value()> recipe) {
    if (auto made = symbols.lookup<WeightOp>(name.str()))
      return made;
    b.setInsertionPointToStart(cast<ModuleOp>(symbols.getOp()).getBody());
    auto made = WeightOp::create(b, loc, name.str(), b.getNoneType(), {}, {}, {});
    b.setInsertionPointToStart(&made.getRecipe().emplaceBlock());
    Value result = recipe();
    YieldOp::create(b, loc, result);
    made.setType(result.getType());
    symbols.insert(made);
    return made;
  }

  Value get(WeightOp weight) { return GetWeightOp::create(b, loc, weight.getType(), weight.getSymName()); }
  template <typename Op, typename... Args>
  Value make(Type type, Args &&...args) {
    return Op::create(b, loc, type, std::forward<Args>(args)...);
  }
  Value scalar(float value) {
    return ConstantOp::create(b, loc,
                              DenseElementsAttr::get(RankedTensorType::get({}, b.getF32Type()), value));
  }
  Value reshape(Value x, ArrayRef<int64_t> shape) {
    auto sizes = RankedTensorType::get(int64_t(shape.size()), b.getI64Type());
    Value to = ConstantOp::create(b, loc, DenseElementsAttr::get(sizes, shape));
    return make<ReshapeOp>(typeOf(x).clone(shape), x, to);
  }

  SymbolTable &symbols;
  OpBuilder b;
  Location loc;
};

/// How a matrix is rounded.
struct Form {
  int64_t bits, group; // group 0: the whole of the axis
  bool isFloat, zeros;
  int64_t axis; // of groups

  std::string suffix() const {
    return ((isFloat ? ".fp" : ".int") + Twine(bits) + (group ? "g" + Twine(group) : Twine("")) +
            (zeros ? "z" : "") + (axis ? ".t" : ""))
        .str();
  }
  /// Of hone.dequantize: scales change along this axis.
  int64_t scaleAxis() const { return group ? axis : 1 - axis; }
  /// With which scale 1 ends.
  double largest() const { return isFloat ? largestFloat8 : std::ldexp(1.0, zeros ? bits : bits - 1) - 1; }
  Type element(MLIRContext *context) const {
    if (isFloat)
      return Float8E4M3FNType::get(context);
    return IntegerType::get(context, ::hone::widthOf(bits),
                            zeros ? IntegerType::Unsigned : IntegerType::Signless);
  }
};

class Quantizer {
public:
  Quantizer(RecipeBuilder &recipes, Form form, WeightOp source)
      : r(recipes), form(form), source(source), name((source.getSymName() + form.suffix()).str()) {}

  WeightOp scales() {
    return r.weight(name + ".scale", [&] {
      Value low, high;
      range(low, high);
      Value span = form.zeros ? binary<SubOp>(high, low) : high;
      // A group of zeros divides by something.
      span = binary<MaxOp>(span, r.scalar(1e-30f));
      return binary<MulOp>(span, r.scalar(float(1 / form.largest())));
    });
  }

  /// Null without zero points.
  WeightOp zeros() {
    if (!form.zeros)
      return {};
    WeightOp scale = scales();
    return r.weight(name + ".zero", [&] {
      Value low, high;
      range(low, high);
      Value y = binary<DivOp>(low, r.get(scale));
      y = r.make<RoundOp>(y.getType(), r.make<NegOp>(y.getType(), y));
      Type element = form.element(r.b.getContext());
      return r.make<CastOp>(typeOf(y).clone(element), y, element, true);
    });
  }

  WeightOp numbers() {
    WeightOp scale = scales(), zero = zeros();
    return r.weight(name, [&] {
      Value x = r.get(source), s = r.get(scale), z = zero ? r.get(zero) : Value();
      Type element = form.element(r.b.getContext());
      return r.make<QuantizeOp>(typeOf(x).clone(element), x, s, z, element, form.scaleAxis(), form.group);
    });
  }

private:
  template <typename Op>
  Value binary(Value x, Value y) {
    return r.make<Op>(x.getType(), x, y);
  }

  /// The least (with zero points only) and the largest element of each group; both ranges hold 0.
  void range(Value &low, Value &high) {
    Value x = r.get(source);
    SmallVector<int64_t> shape(typeOf(x).getShape()), kept(shape);
    int64_t reduced = form.axis;
    if (form.group) {
      kept[form.axis] = shape[form.axis] / form.group;
      shape[form.axis] = form.group;
      shape.insert(shape.begin() + form.axis, kept[form.axis]);
      x = r.reshape(x, shape);
      ++reduced;
    } else {
      kept.erase(kept.begin() + form.axis);
    }
    auto type = typeOf(x).clone(kept);
    auto reduce = [&](Value of, ReduceKind kind) {
      return r.make<ReduceOp>(type, kind, of, ArrayRef<int64_t>(reduced), false);
    };
    if (!form.zeros) {
      high = reduce(r.make<AbsOp>(x.getType(), x), ReduceKind::max);
      return;
    }
    low = binary<MinOp>(reduce(x, ReduceKind::min), r.scalar(0));
    high = binary<MaxOp>(reduce(x, ReduceKind::max), r.scalar(0));
  }

  RecipeBuilder &r;
  Form form;
  WeightOp source;
  std::string name;
};

class QuantizeWeights : public ::hone::impl::QuantizeWeightsBase<QuantizeWeights> {
public:
  using Base = ::hone::impl::QuantizeWeightsBase<QuantizeWeights>;
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    std::string why;
    if (bits != 3 && bits != 4 && bits != 8)
      why = "expected bits of 3, 4 or 8, got " + std::to_string(bits);
    else if (isFloat && bits != 8)
      why = "expected floats of 8 bits, got " + std::to_string(bits);
    else if ((bits == 3 || isFloat) && zeros)
      why = std::string(isFloat ? "floats" : "3 bits") + " are symmetric: no zeros";
    else if (rows != 8 && rows != 16)
      why = "expected rows of 8 or 16 bits, got " + std::to_string(rows);
    else if (group < 0)
      why = "expected a group of 0 or more, got " + std::to_string(group);
    else
      names = ::hone::NodeFilter::make(only, skip, why);
    return why.empty() ? success() : emitError(UnknownLoc::get(context), "hone-quantize-weights: ") << why;
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    SmallVector<QuantizableOpInterface> ops;
    module.walk([&](QuantizableOpInterface op) {
      if (!op->getParentOfType<WeightOp>())
        ops.push_back(op);
    });
    for (QuantizableOpInterface op : ops) {
      auto get = op.getWeightOperand().get().getDefiningOp<GetWeightOp>();
      if (!get || !names.takes(op) || (!op.getActivation() && !embeddings))
        continue;
      auto weight = symbols.lookup<WeightOp>(get.getWeight());
      if (std::string why = ::hone::refusesRounding(op, weight, group); !why.empty())
        op->emitRemark("hone-quantize-weights: its weight stays dense: ") << why;
      else
        quantize(op, weight, symbols);
    }
  }

private:
  void quantize(QuantizableOpInterface op, WeightOp weight, SymbolTable &symbols) {
    ::hone::remarkGroup(op, weight, group, getArgumentName());
    Form form{bits, ::hone::fittingGroup(op, weight, group), isFloat, zeros, op.getGroupAxis()};
    RecipeBuilder recipes(symbols, weight.getLoc());
    Quantizer quantizer(recipes, form, weight);
    OpBuilder b(op);
    auto get = [&](WeightOp from) -> Value {
      return from ? GetWeightOp::create(b, op->getLoc(), from.getType(), from.getSymName()).getResult()
                  : Value();
    };
    Value numbers = get(quantizer.numbers()), scale = get(quantizer.scales()), zero = get(quantizer.zeros());
    op.getWeightOperand().set(DequantizeOp::create(b, op->getLoc(), weight.getType(), numbers, scale, zero,
                                                   form.scaleAxis(), form.group));
    ::hone::roundRows(op, rows);
  }

  ::hone::NodeFilter names;
};

} // namespace
