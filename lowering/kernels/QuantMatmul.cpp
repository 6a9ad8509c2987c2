// f32 rows times a 4- or 8-bit weight with a scale a block of K or a column (hone.dequantize in front of the
// product). The weight is packed by columns of one register: numbers as unsigned, so that signed ones move
// their zero point.
#include "lowering/kernels/QuantizedWeight.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

namespace {

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
    QuantizedWeight source;
    std::string reason = source.read(matmul);
    return reason.empty() && source.isFloat ? "weights of f8E4M3FN are not built for CPUs" : reason;
  }

  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesVectorEpilogue(op, group, shapes);
  }

  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesAllButDequantize(op, group);
  }

  DictionaryAttr prepare(OpBuilder &b, KernelGroup &group, SymbolTable &symbols,
                         TargetAttr target) const override {
    auto matmul = cast<MatmulOp>(group.root);
    QuantizedWeight source;
    source.read(matmul);
    int64_t n = source.n, k = source.k, lanes = target.fact("vector_bits") / 32,
            panels = (n + lanes - 1) / lanes;
    int64_t depth = 32 / source.bits;
    Type ui8 = IntegerType::get(b.getContext(), 8, IntegerType::Unsigned);
    std::string suffix = (source.isTransposed ? ".t" : "") + std::string(".packed") + std::to_string(lanes);

    // In 32 bits of a lane: halves of 16 bits take the even and the odd steps of K, numbers from low to high
    // bits.
    auto packedType = RankedTensorType::get({panels, k / depth, 4 * lanes}, ui8);
    Value packed =
        packedWeight(b, symbols, source.weight, source.weight.getWeight() + suffix, packedType,
                     [&](PackBuilder &pack, Value x) {
                       x = pack.resize(source.unsignedBytes(pack, x), 0, panels * lanes);
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
    QuantizedWeight::Factors factors = source.packFactors(b, symbols, suffix, lanes, b.getF32Type());

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
    source.replace(matmul, group, unpack, numbers, factors);

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
};
} // namespace

const KernelFamily &getQuantMatmulFamily() {
  static QuantMatmulFamily family;
  return family;
}

} // namespace hone
