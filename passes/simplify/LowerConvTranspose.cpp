// A transposed convolution of stride s is s convolutions a dimension, one for each remainder of the output's
// position by s, whose results interleave. They become one convolution with s times the channels and a
// transpose.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_LOWERCONVTRANSPOSE
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

class Lowering {
public:
  Lowering(ConvTransposeOp op, Shapes &shapes)
      : op(op), b(op), shapes(shapes), spatial(int64_t(op.getStrides().size())),
        shape(cast<RankedTensorType>(op.getWeight().getType()).getShape()), strides(op.getStrides()) {}

  static bool takes(ConvTransposeOp op) {
    auto type = cast<RankedTensorType>(op.getWeight().getType());
    return type.hasStaticShape() && type.getNumElements() && type.getElementType().isF32() &&
           type.getRank() <= 4 && llvm::all_of(op.getDilations(), [](int64_t d) { return d == 1; });
  }

  Value run() {
    // In front of the crop, position p of the output is tap k = p % s + s * m of input p / s - m.
    SmallVector<int64_t> pads(2 * spatial), ones(spatial, 1);
    for (int64_t i = 0; i < spatial; ++i) {
      pads[i] = tapsOf(i) - 1;
      pads[spatial + i] =
          ceilDiv(shape[i + 2] + op.getOutputPadding()[i] - op.getPads()[spatial + i], strides[i]) - 1;
    }
    Value bias = op.getBias();
    int64_t outputs = shape[1] * int64_t(op.getGroup()), phases = 1;
    for (int64_t stride : strides)
      phases *= stride;
    if (bias && phases > 1)
      bias = reshape(make<ExpandOp>(reshape(bias, {outputs, 1}), integers({outputs, phases})), {-1});
    Value y = make<ConvOp>(op.getInput(), weight(), bias, ones, pads, ones, op.getGroup());
    // Whole turns of the stride less what the result has.
    SmallVector<int64_t> crop(op.getPads());
    for (int64_t i = 0; i < spatial; ++i)
      crop[spatial + i] = (pads[spatial + i] + 1) * strides[i] + op.getPads()[spatial + i] - shape[i + 2] -
                          op.getOutputPadding()[i];
    if (phases == 1 && llvm::all_of(crop, [](int64_t pad) { return pad == 0; }))
      return y;
    return make<InterleaveOp>(y, strides, crop);
  }

private:
  template <typename Op, typename... Args>
  Value make(Args &&...args) {
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    return typed<Op>(element, std::forward<Args>(args)...);
  }
  template <typename Op, typename... Args>
  Value typed(Type element, Args &&...args) {
    auto made = Op::create(b, op.getLoc(), UnrankedTensorType::get(element), std::forward<Args>(args)...);
    (void)shapes.infer(made);
    return made->getResult(0);
  }
  Value integers(ArrayRef<int64_t> values) {
    auto type = RankedTensorType::get({int64_t(values.size())}, b.getI64Type());
    return typed<ConstantOp>(b.getI64Type(), DenseIntElementsAttr::get(type, values));
  }
  Value reshape(Value x, ArrayRef<int64_t> sizes) { return make<ReshapeOp>(x, integers(sizes), false); }
  int64_t tapsOf(int64_t i) { return ceilDiv(shape[i + 2], strides[i]); }

  /// [C, O / g, K...] as [O * phases, C / g, M...], taps from last to first.
  Value weight() {
    int64_t groups = op.getGroup();
    SmallVector<int64_t> pads(2 * (spatial + 2), 0), split = {groups, shape[0] / groups, shape[1]},
                                                     perm = {0, 2}, whole = {-1, shape[0] / groups};
    for (int64_t i = 0; i < spatial; ++i) {
      pads[spatial + 2 + i + 2] = tapsOf(i) * strides[i] - shape[i + 2];
      split.append({tapsOf(i), strides[i]});
      perm.push_back(4 + 2 * i);
      whole.push_back(tapsOf(i));
    }
    perm.push_back(1);
    for (int64_t i = 0; i < spatial; ++i)
      perm.push_back(3 + 2 * i);
    Value w = op.getWeight();
    if (llvm::any_of(pads, [](int64_t pad) { return pad != 0; })) {
      Type element = b.getF32Type();
      Value zero = make<ConstantOp>(
          DenseElementsAttr::get(RankedTensorType::get({}, element), b.getFloatAttr(element, 0)));
      w = make<PadOp>(PadKind::constant, w, integers(pads), zero);
    }
    w = reshape(make<TransposeOp>(reshape(w, split), perm), whole);
    for (int64_t i = 0; i < spatial; ++i)
      if (tapsOf(i) > 1)
        w = make<SliceOp>(w, integers({-1}), integers({INT64_MIN}), integers({-1}), ArrayRef<int64_t>{i + 2});
    return w;
  }

  ConvTransposeOp op;
  OpBuilder b;
  Shapes &shapes;
  int64_t spatial;
  ArrayRef<int64_t> shape, strides;
};

struct LowerConvTranspose : ::hone::impl::LowerConvTransposeBase<LowerConvTranspose> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      SmallVector<ConvTransposeOp> ops;
      function.walk([&](ConvTransposeOp op) {
        if (Lowering::takes(op))
          ops.push_back(op);
      });
      if (ops.empty())
        continue;
      Shapes shapes;
      if (failed(shapes.inferFunction(function)))
        return signalPassFailure();
      for (ConvTransposeOp op : ops) {
        Value result = Lowering(op, shapes).run();
        if (result.getType() != op.getType())
          result.setType(op.getType());
        op.getResult().replaceAllUsesWith(result);
      }
      for (ConvTransposeOp op : ops)
        op.erase();
    }
  }
};

} // namespace
