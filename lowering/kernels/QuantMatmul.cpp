// f32 rows times a 4- or 8-bit weight with a scale a block of K or a column (hone.dequantize in front of the
// product). The weight is packed by columns of one register: numbers as unsigned, so that signed ones move
// their zero point.
#include "lowering/kernels/Matmul.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

namespace {

/// A weight [N, K], its scales and zeros [N, K / block] (by column or by tensor: block is K), from a
/// dequantize of either orientation.
struct Source {
  GetWeightOp weight, scale, zero;
  std::optional<int64_t> splatZero; // as unsigned numbers have it
  int64_t n, k, bits, block;
  bool isSigned, isTransposed; // stored as [N, K]

  /// Empty, or why the product isn't this family's.
  std::string read(MatmulOp matmul) {
    auto dequantize = matmul.getRhs().getDefiningOp<DequantizeOp>();
    if (!dequantize)
      return "the right operand is not a quantized weight";
    weight = dequantize.getInput().getDefiningOp<GetWeightOp>();
    scale = dequantize.getScale().getDefiningOp<GetWeightOp>();
    if (!weight || !scale || typeOf(weight).getRank() != 2)
      return "the quantized operand or its scales are not weights";
    auto element = dyn_cast<IntegerType>(typeOf(weight).getElementType());
    bits = element ? element.getWidth() : 0;
    if (bits != 4 && bits != 8)
      return "expected weights of 4 or 8 bits";
    isSigned = !element.isUnsignedInteger();
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
};

class QuantMatmulFamily : public KernelFamily {
public:
  StringRef name() const override { return "quant_matmul"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto matmul = dyn_cast<MatmulOp>(op);
    if (!matmul || !matmul.getRhs().getDefiningOp<DequantizeOp>())
      return "another op";
    if (!target || !target.fact("vector_bits"))
      return "the target's vector width is not known";
    if (!typeOf(matmul.getLhs()).getElementType().isF32())
      return "expected a left operand of f32";
    if (matmul.getTransposeA())
      return "the left operand is transposed";
    Source source;
    return source.read(matmul);
  }

  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesVectorEpilogue(op, group, shapes);
  }

  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return op == cast<MatmulOp>(group.root).getRhs().getDefiningOp()
               ? ""
               : "only the dequantize of the weight joins in front";
  }

  DictionaryAttr prepare(OpBuilder &b, KernelGroup &group, SymbolTable &symbols,
                         TargetAttr target) const override {
    auto matmul = cast<MatmulOp>(group.root);
    auto original = matmul.getRhs().getDefiningOp<DequantizeOp>();
    Source source;
    source.read(matmul);
    int64_t n = source.n, k = source.k, lanes = target.fact("vector_bits") / 32,
            panels = (n + lanes - 1) / lanes;
    int64_t blocks = k / source.block, depth = 32 / source.bits;
    Type ui8 = IntegerType::get(b.getContext(), 8, IntegerType::Unsigned);
    std::string suffix = (source.isTransposed ? ".t" : "") + std::string(".packed") + std::to_string(lanes);

    // In 32 bits of a lane: halves of 16 bits take the even and the odd steps of K, numbers from low to high
    // bits.
    auto packedType = RankedTensorType::get({panels, k / depth, 4 * lanes}, ui8);
    Value packed =
        packedWeight(b, symbols, source.weight, source.weight.getWeight() + suffix, packedType,
                     [&](PackBuilder &pack, Value x) {
                       x = pack.resize(asUnsignedBytes(pack, x, source), 0, panels * lanes);
                       if (source.bits == 8)
                         return pack.reshape(
                             pack.transpose(pack.reshape(x, {panels, lanes, k / 4, 2, 2}), {0, 2, 1, 4, 3}),
                             packedType.getShape());
                       x = pack.reshape(x, {panels, lanes, k / 8, 2, 2, 2});
                       Value low = pack.slice(x, 4, 0, 1), high = pack.slice(x, 4, 1, 2);
                       high = pack.make<ShlOp>(high.getType(), high, pack.scalar(ui8, 4));
                       x = pack.make<OrOp>(low.getType(), low, high);
                       return pack.reshape(pack.transpose(x, {0, 2, 1, 5, 3, 4}), packedType.getShape());
                     });
    auto factorType = RankedTensorType::get({panels, blocks, lanes}, b.getF32Type());
    // Factors [N, blocks], one a column or one for all.
    auto packFactors = [&](PackBuilder &pack, Value x) {
      int64_t count = typeOf(x).getNumElements();
      if (typeOf(x).getRank() < 2 || count == 1)
        x = pack.reshape(x, {count, 1});
      else if (!source.isTransposed)
        x = pack.transpose(x, {1, 0});
      if (count == 1)
        x = pack.make<ExpandOp>(typeOf(x).clone({n, blocks}), x, pack.integers({n, blocks}));
      x = pack.reshape(pack.resize(x, 0, panels * lanes), {panels, lanes, blocks});
      return pack.transpose(x, {0, 2, 1});
    };
    Value scales =
        packedWeight(b, symbols, source.scale, source.scale.getWeight() + suffix, factorType, packFactors);
    Value zeros;
    if (source.zero)
      zeros = packedWeight(b, symbols, source.zero, source.zero.getWeight() + suffix, factorType,
                           [&](PackBuilder &pack, Value x) {
                             x = pack.make<CastOp>(typeOf(x).clone(b.getF32Type()), x, b.getF32Type(), true);
                             if (source.isSigned)
                               x = pack.make<AddOp>(x.getType(), x,
                                                    pack.scalar(b.getF32Type(), 1 << (source.bits - 1)));
                             return packFactors(pack, x);
                           });

    PackBuilder unpack(b, matmul.getLoc(), &group);
    Value numbers = packed;
    if (source.bits == 8) {
      numbers = unpack.transpose(unpack.reshape(numbers, {panels, k / 4, lanes, 2, 2}), {0, 2, 1, 4, 3});
    } else {
      numbers = unpack.reshape(numbers, {panels, k / 8, lanes, 2, 2, 1});
      Value low = unpack.make<AndOp>(numbers.getType(), numbers, unpack.scalar(ui8, 15));
      Value high = unpack.make<ShrOp>(numbers.getType(), numbers, unpack.scalar(ui8, 4));
      numbers = unpack.make<ConcatOp>(RankedTensorType::get({panels, k / 8, lanes, 2, 2, 2}, ui8),
                                      ValueRange{low, high}, 5);
      numbers = unpack.transpose(numbers, {0, 2, 1, 4, 5, 3});
    }
    numbers = unpack.resize(unpack.reshape(numbers, {panels * lanes, k}), 0, n);
    auto unpackFactors = [&](Value x) {
      return unpack.resize(unpack.reshape(unpack.transpose(x, {0, 2, 1}), {panels * lanes, blocks}), 0, n);
    };
    Value zero;
    if (zeros)
      zero = unpackFactors(zeros);
    else if (*source.splatZero)
      zero = ConstantOp::create(
          b, matmul.getLoc(),
          DenseElementsAttr::get(RankedTensorType::get({n, blocks}, ui8), APInt(8, *source.splatZero)));
    Value dense = unpack.make<DequantizeOp>(RankedTensorType::get({n, k}, b.getF32Type()), numbers,
                                            unpackFactors(scales), zero, 1, source.block);
    matmul.getRhsMutable().assign(dense);
    matmul.setTransposeB(true);
    if (group.ops.remove(original))
      group.replaced.push_back(original);

    auto number = [&](StringRef name, int64_t value) {
      return b.getNamedAttr(name, b.getI64IntegerAttr(value));
    };
    SmallVector<NamedAttribute> config = {number("bits", source.bits), number("block", source.block),
                                          number("k", k), number("n", n),
                                          number("row_bits", matmul.getActivationBits() == 8 ? 8 : 16)};
    if (source.splatZero)
      config.push_back(number("zero", *source.splatZero));
    return b.getDictionaryAttr(config);
  }

private:
  /// [N, K] with 4-bit numbers in the low half of bytes; signed numbers grow by half their range.
  static Value asUnsignedBytes(PackBuilder &pack, Value x, const Source &source) {
    Type ui8 = IntegerType::get(pack.b.getContext(), 8, IntegerType::Unsigned);
    if (!source.isTransposed)
      x = pack.transpose(x, {1, 0});
    if (!typeOf(x).getElementType().isUnsignedInteger(8))
      x = pack.make<CastOp>(typeOf(x).clone(ui8), x, ui8, false);
    if (!source.isSigned)
      return x;
    if (source.bits == 4)
      x = pack.make<AndOp>(x.getType(), x, pack.scalar(ui8, 15));
    return pack.make<XorOp>(x.getType(), x, pack.scalar(ui8, 1 << (source.bits - 1)));
  }
};
} // namespace

const KernelFamily &getQuantMatmulFamily() {
  static QuantMatmulFamily family;
  return family;
}

} // namespace hone
