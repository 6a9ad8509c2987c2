// Reading and packing of quantized weights.
#include "lowering/kernels/QuantizedWeight.h"
#include "dialects/hone/Float8.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

std::string QuantizedWeight::read(MatmulOp matmul) {
  auto dequantize = matmul.getRhs().getDefiningOp<DequantizeOp>();
  if (!dequantize)
    return "the right operand is not a quantized weight";
  weight = dequantize.getInput().getDefiningOp<GetWeightOp>();
  scale = dequantize.getScale().getDefiningOp<GetWeightOp>();
  if (!weight || !scale || typeOf(weight).getRank() != 2)
    return "the quantized operand or its scales are not weights";
  auto element = dyn_cast<IntegerType>(typeOf(weight).getElementType());
  isFloat = isFloat8(typeOf(weight).getElementType());
  bits = element ? element.getWidth() : isFloat ? 8 : 0;
  if (bits != 4 && bits != 8)
    return "expected weights of 4 or 8 bits";
  isSigned = element && !element.isUnsignedInteger();
  isTransposed = matmul.getTransposeB();
  n = typeOf(weight).getDimSize(!isTransposed), k = typeOf(weight).getDimSize(isTransposed);
  block = dequantize.getBlock();
  bool isAlongK = int64_t(dequantize.getAxis()) == int64_t(isTransposed);
  if (block ? !isAlongK : isAlongK && typeOf(scale).getNumElements() != 1)
    return block ? "scales change by blocks of N" : "scales change with every step of K";
  if (block ? block % 16 || k % block : k % 16)
    return "expected blocks of K that are multiples of 16 and divide it, got " +
           std::to_string(block ? block : k) + " of " + std::to_string(k);
  if (!block)
    block = k;
  if (typeOf(weight).getNumElements() == 0)
    return "the weight is empty";
  int64_t shift = isSigned ? 1 << (bits - 1) : 0;
  if (Value given = dequantize.getZero()) {
    if (isFloat)
      return "floats with zero points";
    zero = given.getDefiningOp<GetWeightOp>();
    auto constant = given.getDefiningOp<ConstantOp>();
    if (!zero &&
        !(constant && constant.getValue().isSplat() && isa<IntegerType>(typeOf(given).getElementType())))
      return "the zero points are not a weight";
    if (constant) {
      APInt value = *cast<DenseElementsAttr>(constant.getValue()).value_begin<APInt>();
      splatZero = (typeOf(given).getElementType().isUnsignedInteger() ? int64_t(value.getZExtValue())
                                                                      : value.getSExtValue()) +
                  shift;
    }
  } else {
    splatZero = shift;
  }
  return "";
}

Value QuantizedWeight::unsignedBytes(PackBuilder &pack, Value x) const {
  Type ui8 = IntegerType::get(pack.b.getContext(), 8, IntegerType::Unsigned);
  if (!isTransposed)
    x = pack.transpose(x, {1, 0});
  if (isFloat)
    return x;
  if (!typeOf(x).getElementType().isUnsignedInteger(8))
    x = pack.make<CastOp>(typeOf(x).clone(ui8), x, ui8, false);
  if (!isSigned)
    return x;
  if (bits == 4)
    x = pack.make<AndOp>(x.getType(), x, pack.scalar(ui8, 15));
  return pack.make<XorOp>(x.getType(), x, pack.scalar(ui8, 1 << (bits - 1)));
}

QuantizedWeight::Factors QuantizedWeight::packFactors(OpBuilder &b, SymbolTable &symbols, StringRef suffix,
                                                      int64_t lanes, Type type) const {
  int64_t blocks = k / block, panels = (n + lanes - 1) / lanes;
  // One for each group, a column or for all.
  auto packed = [&](GetWeightOp source, function_ref<Value(PackBuilder &, Value)> prepare) {
    return packedWeight(
        b, symbols, source, source.getWeight() + suffix, RankedTensorType::get({panels, blocks, lanes}, type),
        [&](PackBuilder &pack, Value x) {
          x = prepare(pack, x);
          int64_t count = typeOf(x).getNumElements();
          if (typeOf(x).getRank() < 2 || count == 1)
            x = pack.reshape(x, {count, 1});
          else if (!isTransposed)
            x = pack.transpose(x, {1, 0});
          if (count == 1)
            x = pack.make<ExpandOp>(typeOf(x).clone({n, blocks}), x, pack.integers({n, blocks}));
          x = pack.reshape(pack.resize(x, 0, panels * lanes), {panels, lanes, blocks});
          return pack.transpose(x, {0, 2, 1});
        });
  };
  Factors factors;
  factors.scales = packed(scale, [](PackBuilder &, Value x) { return x; });
  if (zero)
    factors.zeros = packed(zero, [&](PackBuilder &pack, Value x) {
      x = pack.make<CastOp>(typeOf(x).clone(type), x, type, true);
      return isSigned ? pack.make<AddOp>(x.getType(), x, pack.scalar(type, 1 << (bits - 1))) : x;
    });
  return factors;
}

void QuantizedWeight::replace(MatmulOp matmul, KernelGroup &group, PackBuilder &unpack, Value numbers,
                              const Factors &factors) const {
  auto original = matmul.getRhs().getDefiningOp<DequantizeOp>();
  int64_t blocks = k / block;
  auto unpacked = [&](Value x) {
    ArrayRef<int64_t> packed = typeOf(x).getShape(); // [panels, blocks, lanes]
    return unpack.resize(unpack.reshape(unpack.transpose(x, {0, 2, 1}), {packed[0] * packed[2], blocks}), 0,
                         n);
  };
  Value zero;
  if (factors.zeros)
    zero = unpacked(factors.zeros);
  else if (*splatZero)
    zero =
        ConstantOp::create(unpack.b, matmul.getLoc(),
                           DenseElementsAttr::get(typeOf(numbers).clone({n, blocks}), APInt(8, *splatZero)));
  Type element = typeOf(original.getResult()).getElementType();
  Value dense = unpack.make<DequantizeOp>(RankedTensorType::get({n, k}, element), numbers,
                                          unpacked(factors.scales), zero, 1, block);
  matmul.getRhsMutable().assign(dense);
  matmul.setTransposeB(true);
  if (group.ops.remove(original))
    group.replaced.push_back(original);
}

std::string refusesAllButDequantize(Operation *op, const KernelGroup &group) {
  return op == cast<MatmulOp>(group.root).getRhs().getDefiningOp()
             ? ""
             : "only the dequantize of the weight joins in front";
}

} // namespace hone
