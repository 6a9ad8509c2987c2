// f32 products. A weight is packed by columns of two registers, [N / width][K][width]; other right operands
// are packed while the kernel runs.
#include "lowering/kernels/Matmul.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

Value PackBuilder::integers(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({int64_t(values.size())}, b.getI64Type());
  return ConstantOp::create(b, loc, DenseElementsAttr::get(type, values));
}

Value PackBuilder::scalar(Type elementType, int64_t value) {
  auto type = RankedTensorType::get({}, elementType);
  Attribute element;
  if (isa<FloatType>(elementType))
    element = b.getFloatAttr(elementType, double(value));
  else
    element = IntegerAttr::get(elementType,
                               APInt(elementType.getIntOrFloatBitWidth(), uint64_t(value), false, true));
  return ConstantOp::create(b, loc, DenseElementsAttr::get(type, element));
}

Value PackBuilder::transpose(Value x, ArrayRef<int64_t> perm) {
  SmallVector<int64_t> shape;
  for (int64_t axis : perm)
    shape.push_back(typeOf(x).getDimSize(axis));
  return make<TransposeOp>(typeOf(x).clone(shape), x, perm);
}

Value PackBuilder::reshape(Value x, ArrayRef<int64_t> shape) {
  if (typeOf(x).getShape() == shape)
    return x;
  return make<ReshapeOp>(typeOf(x).clone(shape), x, integers(shape), false);
}

Value PackBuilder::slice(Value x, int64_t axis, int64_t from, int64_t to) {
  SmallVector<int64_t> shape(typeOf(x).getShape());
  if (from == 0 && to == shape[axis])
    return x;
  shape[axis] = to - from;
  return make<SliceOp>(typeOf(x).clone(shape), x, integers(from), integers(to), integers(1),
                       ArrayRef<int64_t>(axis));
}

Value PackBuilder::resize(Value x, int64_t axis, int64_t size) {
  SmallVector<int64_t> shape(typeOf(x).getShape()), pads(2 * shape.size(), 0);
  if (size <= shape[axis])
    return slice(x, axis, 0, size);
  pads[shape.size() + axis] = size - shape[axis];
  shape[axis] = size;
  return make<PadOp>(typeOf(x).clone(shape), PadKind::constant, x, integers(pads),
                     scalar(typeOf(x).getElementType(), 0));
}

Value packedWeight(OpBuilder &b, SymbolTable &symbols, GetWeightOp source, const Twine &name,
                   RankedTensorType type, llvm::function_ref<Value(PackBuilder &, Value)> recipe) {
  std::string symbol = name.str();
  Location loc = source.getLoc();
  if (!symbols.lookup<WeightOp>(symbol)) {
    OpBuilder::InsertionGuard guard(b);
    Operation *original = symbols.lookup(source.getWeight());
    if (original)
      b.setInsertionPointAfter(original);
    else
      b.setInsertionPointToStart(&symbols.getOp()->getRegion(0).front());
    auto weight = WeightOp::create(b, loc, b.getStringAttr(symbol), TypeAttr::get(type), StringAttr(),
                                   IntegerAttr(), IntegerAttr());
    symbols.insert(weight, Block::iterator(weight));
    b.createBlock(&weight.getRecipe());
    Value from = GetWeightOp::create(b, loc, source.getType(), source.getWeightAttr());
    PackBuilder pack(b, loc);
    YieldOp::create(b, loc, recipe(pack, from));
  }
  return GetWeightOp::create(b, loc, type, FlatSymbolRefAttr::get(b.getContext(), symbol));
}

std::string refusesVectorEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) {
  std::string reason = refusesRowEpilogue(op, group.root->getResult(0), shapes);
  if (!reason.empty())
    return reason;
  auto isPacked = [](Value value) { return typeOf(value).getElementType().isInteger(4); };
  if (isPacked(op->getResult(0)) || llvm::any_of(op->getOperands(), isPacked))
    return "4-bit elements share bytes between columns";
  for (Value operand : op->getOperands())
    if (auto constant = operand.getDefiningOp<ConstantOp>())
      if (auto type = typeOf(operand);
          !constant.getValue().isSplat() && type.getNumElements() != type.getShape().back())
        return "an operand is a small constant with rows";
  return "";
}

namespace {
class MatmulFamily : public KernelFamily {
public:
  StringRef name() const override { return "matmul"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto matmul = dyn_cast<MatmulOp>(op);
    if (!matmul)
      return "another op";
    if (!target || !target.fact("vector_bits"))
      return "the target's vector width is not known";
    for (Value operand : op->getOperands())
      if (!typeOf(operand).getElementType().isF32())
        return "expected operands of f32";
    if (matmul.getTransposeA())
      return "the left operand is transposed";
    if (llvm::any_of(op->getOperands(), [](Value operand) { return operand.getDefiningOp<ConstantOp>(); }))
      return "an operand is a small constant, which stands in the code";
    if (isWeight(matmul.getRhs()))
      return typeOf(matmul.getRhs()).getNumElements() ? "" : "the weight is empty";
    auto leading = [&](Value x) {
      std::vector<DimExpr> dims = shapes.dims(x);
      dims.resize(dims.size() - 2);
      return dims;
    };
    if (!isOneMatrix(matmul.getRhs()) && leading(matmul.getLhs()) != leading(matmul.getRhs()))
      return "leading dimensions broadcast";
    return "";
  }

  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesVectorEpilogue(op, group, shapes);
  }

  DictionaryAttr prepare(OpBuilder &b, KernelGroup &group, SymbolTable &symbols,
                         TargetAttr target) const override {
    auto matmul = cast<MatmulOp>(group.root);
    auto number = [&](StringRef name, int64_t value) {
      return b.getNamedAttr(name, b.getI64IntegerAttr(value));
    };
    if (!isWeight(matmul.getRhs()))
      return b.getDictionaryAttr({number("batched", !isOneMatrix(matmul.getRhs()))});
    auto source = matmul.getRhs().getDefiningOp<GetWeightOp>();
    bool transposed = matmul.getTransposeB();
    int64_t k = typeOf(source).getDimSize(transposed), n = typeOf(source).getDimSize(!transposed);
    int64_t width = 2 * target.fact("vector_bits") / 32, panels = (n + width - 1) / width;
    auto type = RankedTensorType::get({panels, k, width}, b.getF32Type());
    Value packed = packedWeight(b, symbols, source,
                                source.getWeight() + (transposed ? ".t" : "") + ".packed" + Twine(width),
                                type, [&](PackBuilder &pack, Value x) {
                                  if (transposed)
                                    x = pack.transpose(x, {1, 0});
                                  x = pack.reshape(pack.resize(x, 1, panels * width), {k, panels, width});
                                  return pack.transpose(x, {1, 0, 2});
                                });
    PackBuilder unpack(b, matmul.getLoc(), &group);
    Value rows = unpack.reshape(unpack.transpose(packed, {1, 0, 2}), {k, panels * width});
    matmul.getRhsMutable().assign(unpack.resize(rows, 1, n));
    matmul.setTransposeB(false);
    return b.getDictionaryAttr({number("k", k), number("n", n), number("packed", width)});
  }

private:
  static bool isWeight(Value x) { return typeOf(x).getRank() == 2 && x.getDefiningOp<GetWeightOp>(); }
  static bool isOneMatrix(Value x) {
    return llvm::all_of(typeOf(x).getShape().drop_back(2), [](int64_t size) { return size == 1; });
  }
};
} // namespace

const KernelFamily &getMatmulFamily() {
  static MatmulFamily family;
  return family;
}

} // namespace hone
