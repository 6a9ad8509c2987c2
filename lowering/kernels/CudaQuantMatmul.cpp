// Rows of f16 or bf16 times a weight of 4 or 8 bits (integers or f8E4M3FN) on a GPU, and rows of any float
// where they may be rounded to 8 bits. 4-bit weights are packed in the order of the tensor cores' fragments
// (lowering/KernelToCuda/QuantTiles.h), 8-bit ones lie with k along their rows.
#include "lowering/kernels/Cuda.h"
#include "lowering/kernels/QuantizedWeight.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

constexpr int64_t columns = 16, chunk = 64; // of a fragment; steps of k that a warp takes at once

class CudaQuantMatmulFamily : public KernelFamily {
public:
  StringRef name() const override { return "cuda_quant_matmul"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    auto matmul = dyn_cast<MatmulOp>(op);
    if (!matmul || !matmul.getRhs().getDefiningOp<DequantizeOp>())
      return "another op";
    auto rows = cast<RankedTensorType>(matmul.getLhs().getType());
    bool isF32 = rows.getElementType().isF32();
    if (isF32 ? matmul.getActivationBits() != 8
              : !rows.getElementType().isF16() && !rows.getElementType().isBF16())
      return "expected rows of f16 or bf16, or of f32 that may be rounded to 8 bits";
    if (matmul.getTransposeA() || rows.getRank() < 2)
      return "expected rows along the last axis of the left operand";
    if (matmul.getLhs().getDefiningOp<ConstantOp>())
      return "the left operand is a constant";
    QuantizedWeight source;
    if (std::string reason = source.read(matmul); !reason.empty())
      return reason;
    if (isF32 && source.isFloat && !target.fact("fp8"))
      return "rows of f32 are rounded to f8E4M3FN on chips whose tensor cores take it (sm_89 and later)";
    if (isF32 && !roundsRows(matmul, source, target))
      return "rows of f32 are rounded for symmetric weights of 8 bits with a scale a column only";
    if (source.k % chunk || (source.block != 32 && source.block % chunk))
      return "expected a K that is a multiple of 64 with blocks of 32 or multiples of 64, got " +
             std::to_string(source.k) + " and " + std::to_string(source.block);
    if (source.zero && !isa<IntegerType>(cast<RankedTensorType>(source.zero.getType()).getElementType()))
      return "expected integers as zero points";
    return "";
  }

  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesElementwiseBehind(op, group, shapes);
  }

  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    return refusesAllButDequantize(op, group);
  }

  /// 4 bits: lane 4 g + t has the columns g and g + 8, and of every 32 steps the 8 from 8 t on, so that it
  /// reads 16 neighbouring bytes of a row too. Its 16 bytes are four words, one for 16 steps of k each.
  /// Number i of a word (4 bits at 4 i) and number i + 4 are the two halves of register i of the fragment.
  DictionaryAttr prepare(OpBuilder &b, KernelGroup &group, SymbolTable &symbols,
                         TargetAttr target) const override {
    auto matmul = cast<MatmulOp>(group.root);
    QuantizedWeight source;
    source.read(matmul);
    int64_t n = source.n, k = source.k, tiles = (n + columns - 1) / columns, chunks = k / chunk;
    Type ui8 = IntegerType::get(b.getContext(), 8, IntegerType::Unsigned);
    Type element = cast<RankedTensorType>(matmul.getLhs().getType()).getElementType();
    std::string suffix = source.isTransposed ? ".t.mma" : ".mma";

    PackBuilder unpack(b, matmul.getLoc(), &group);
    Value numbers;
    if (source.bits == 8) {
      numbers = source.weight;
      if (!source.isTransposed)
        numbers = packedWeight(b, symbols, source.weight, source.weight.getWeight() + ".t",
                               cast<RankedTensorType>(source.weight.getType()).clone({n, k}),
                               [](PackBuilder &pack, Value x) { return pack.transpose(x, {1, 0}); });
      QuantizedWeight lying = source;
      lying.isTransposed = true;
      numbers = lying.unsignedBytes(unpack, numbers);
    } else {
      // Axes of the numbers: tile, column / 8, column % 8, chunk, 32 steps, t, word, register / 2, half.
      const int64_t split[] = {tiles, 2, 8, chunks, 2, 4, 2, 2, 2};
      const int64_t packedShape[] = {tiles, chunks, columns * chunk / 2};
      Value packed = packedWeight(
          b, symbols, source.weight, source.weight.getWeight() + suffix,
          RankedTensorType::get(packedShape, ui8), [&](PackBuilder &pack, Value x) {
            x = pack.reshape(pack.resize(source.unsignedBytes(pack, x), 0, tiles * columns), split);
            Value low = pack.slice(x, 1, 0, 1), high = pack.slice(x, 1, 1, 2);
            high = pack.make<ShlOp>(high.getType(), high, pack.scalar(ui8, 4));
            x = pack.make<OrOp>(low.getType(), low, high);
            return pack.reshape(pack.transpose(x, {0, 3, 2, 5, 4, 6, 8, 7, 1}), packedShape);
          });
      numbers = unpack.reshape(packed, {tiles, chunks, 8, 4, 2, 2, 2, 2, 1});
      Value low = unpack.make<AndOp>(numbers.getType(), numbers, unpack.scalar(ui8, 15));
      Value high = unpack.make<ShrOp>(numbers.getType(), numbers, unpack.scalar(ui8, 4));
      numbers = unpack.make<ConcatOp>(RankedTensorType::get({tiles, chunks, 8, 4, 2, 2, 2, 2, 2}, ui8),
                                      ValueRange{low, high}, 8);
      numbers = unpack.transpose(numbers, {0, 8, 2, 1, 4, 3, 5, 7, 6});
      numbers = unpack.resize(unpack.reshape(numbers, {tiles * columns, k}), 0, n);
    }
    QuantizedWeight::Factors factors = source.packFactors(b, symbols, suffix, columns, element);
    source.replace(matmul, group, unpack, numbers, factors);

    SmallVector<NamedAttribute> config;
    auto number = [&](StringRef name, int64_t value) {
      config.push_back(b.getNamedAttr(name, b.getI64IntegerAttr(value)));
    };
    number("bits", source.bits), number("block", source.block), number("k", k), number("n", n);
    if (source.splatZero)
      number("zero", *source.splatZero);
    if (source.isSigned)
      config.push_back(b.getNamedAttr("signed", b.getUnitAttr()));
    if (source.isFloat)
      config.push_back(b.getNamedAttr("float", b.getUnitAttr()));
    if (roundsRows(matmul, source, target))
      config.push_back(b.getNamedAttr("rounds_rows", b.getUnitAttr()));
    return b.getDictionaryAttr(config);
  }

private:
  /// Whether the tensor cores may multiply 8 bits: both operands symmetric, nothing changes along k.
  static bool roundsRows(MatmulOp matmul, const QuantizedWeight &source, TargetAttr target) {
    bool isSymmetric = source.isFloat ? target.fact("fp8") != 0 : source.isSigned && source.splatZero == 128;
    return matmul.getActivationBits() == 8 && source.bits == 8 && source.block == source.k && isSymmetric;
  }
};

} // namespace

const KernelFamily &getCudaQuantMatmulFamily() {
  static CudaQuantMatmulFamily family;
  return family;
}

} // namespace hone
