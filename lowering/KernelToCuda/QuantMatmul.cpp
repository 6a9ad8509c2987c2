// Rows of f16 or bf16 times a weight of 4 or 8 bits on the tensor cores: the weight is packed so that 16 bytes
// of a lane are its fragments for 64 or 32 steps of k. Few rows stream it; many rows read it as 16-bit floats,
// which a step in front unpacks into memory.
#include "lowering/KernelToCuda/MatmulStaged.h"
#include "lowering/KernelToCuda/StreamedProduct.h"
#include "lowering/kernels/KernelFamily.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::CudaLaunch;
using ::hone::CudaStep;
using ::hone::MatmulSizes;
using ::hone::MatmulStaged;
using ::hone::matmulOf;
using ::hone::StagedProduct;
using ::hone::StreamedProduct;

namespace {

/// What host code and kernel must agree on.
struct QuantForm : StreamedProduct::Form {
  int64_t bits, block;
  std::optional<int64_t> zero;

  QuantForm(KernelOp kernel, int64_t rows) {
    DictionaryAttr config = *kernel.getConfig();
    auto number = [&](StringRef name) { return config.getAs<IntegerAttr>(name).getInt(); };
    n = number("n"), k = number("k"), bits = number("bits"), block = number("block"), this->rows = rows;
    if (config.contains("zero"))
      zero = number("zero");
  }
  int64_t groups() const {
    return block < StreamedProduct::chunk ? StreamedProduct::chunk / block : 1;
  } // of a chunk
};

class QuantTiles : public StreamedProduct {
public:
  QuantTiles(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, QuantForm quant)
      : StreamedProduct(b, loc, kernel, buffers, matmulOf(kernel), quant), quant(quant) {
    auto dequantize = matmulOf(kernel).getRhs().getDefiningOp<DequantizeOp>();
    numbers = bufferOf(dequantize.getInput());
    scales = bufferOf(dequantize.getScale());
    if (!quant.zero)
      zeros = bufferOf(dequantize.getZero());
    bits16 = elementType().isF16() ? 1024 : 128; // the number whose lowest mantissa bit is worth 1
  }

  /// Writes the weight [n, k] as 16-bit floats: a warp takes 16 columns of the result by 64 steps of k.
  void emitUnpacked(Value weight) {
    Value thread = ::hone::threadIndex(b, loc), warp = divide(thread, constant(32));
    lane = modulo(thread, constant(32)), g = divide(lane, constant(4)), t = modulo(lane, constant(4));
    Value number = add(multiply(::hone::blockIndex(b, loc), constant(unpackWarps)), warp);
    auto exists = scf::IfOp::create(b, loc, less(number, constant(quant.tiles() * quant.chunks())));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(exists.thenBlock());
    tile = divide(number, constant(quant.chunks()));
    number = modulo(number, constant(quant.chunks()));
    SmallVector<Value> loaded = loadChunk(number);
    for (int64_t half = 0; half < 2; ++half) {
      SmallVector<Value> registers = fragment(loaded, half, 0);
      registers.append(fragment(loaded, half, 1));
      for (bool second : {false, true}) {
        Value column = add(multiply(tile, constant(columns)), add(g, constant(8 * second)));
        auto inside = scf::IfOp::create(b, loc, less(column, constant(quant.n)));
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(inside.thenBlock());
        storeScaled(registers, scaleOf(loaded, half, second), second, weight, {column, stepOf(number, half)});
      }
    }
  }
  static CudaLaunch launchUnpacked(OpBuilder &b, Location loc, const QuantForm &quant) {
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    int64_t blocks = (quant.tiles() * quant.chunks() + unpackWarps - 1) / unpackWarps;
    return {constant(blocks), constant(1), constant(1), 32 * unpackWarps, 0};
  }

private:
  static constexpr int64_t unpackWarps = 8; // of a block
  /// The 8 neighbours of one column that two fragments hold, times their scale.
  void storeScaled(ArrayRef<Value> registers, Value scale, bool second, Value weight, ValueRange at) {
    SmallVector<Value> elements;
    for (int64_t i = second; i < 8; i += 2) {
      Value pair = registers[i];
      if (pair.getType().isInteger())
        pair = LLVM::BitcastOp::create(b, loc, VectorType::get({2}, elementType()), pair);
      for (int64_t j = 0; j < 2; ++j) {
        Value number = widened(vector::ExtractOp::create(b, loc, pair, ArrayRef<int64_t>{j}));
        number = arith::MulFOp::create(b, loc, number, scale);
        elements.push_back(arith::TruncFOp::create(b, loc, elementType(), number));
      }
    }
    Value piece = vector::FromElementsOp::create(b, loc, VectorType::get({8}, elementType()), elements);
    auto store = vector::StoreOp::create(b, loc, piece, weight, at);
    store->setAttr("alignment", b.getI64IntegerAttr(16));
  }
  /// The region's input at the end of a chain of ops that unpack.
  Value bufferOf(Value tensor) {
    while (Operation *op = tensor.getDefiningOp())
      tensor = op->getOperand(0);
    return buffers[cast<BlockArgument>(tensor).getArgNumber()];
  }

  /// 16 bytes, or with 8 bits 16 for each half; by group, and of its columns g and g + 8, the scales; then so
  /// the zero points.
  SmallVector<Value> loadChunk(Value number) override {
    auto words = VectorType::get({4}, b.getI32Type());
    SmallVector<Value> loaded;
    for (int64_t i = 0; i < vectors(); ++i) {
      Value at[] = {tile, number, add(multiply(lane, constant(16)), constant(512 * i))};
      Value bytes = loadVector(numbers, at, VectorType::get({16}, b.getI8Type()));
      loaded.push_back(vector::BitCastOp::create(b, loc, words, bytes));
    }
    Value first = quant.block < chunk ? multiply(number, constant(quant.groups()))
                                      : divide(number, constant(quant.block / chunk));
    auto factors = [&](Value buffer, llvm::function_ref<Value(Value)> made) {
      for (int64_t i = 0; i < 2 * quant.groups(); ++i) {
        Value at[] = {tile, add(first, constant(i / 2)), add(g, constant(8 * (i % 2)))};
        loaded.push_back(made(memref::LoadOp::create(b, loc, buffer, at)));
      }
    };
    factors(scales, [&](Value scale) { return widened(scale); });
    if (!quant.zero)
      factors(zeros, [](Value zero) { return zero; });
    return loaded;
  }
  int64_t vectors() const { return quant.bits / 4; } // of 16 bytes, a chunk
  /// Of a half of a chunk and the column g (`second`: g + 8).
  Value scaleOf(ArrayRef<Value> loaded, int64_t half, bool second) {
    return loaded[vectors() + 2 * (quant.groups() == 2 ? half : 0) + second];
  }

  void accumulate(Value number, ArrayRef<Value> loaded, MutableArrayRef<Value> sums) override {
    SmallVector<Value> partial(4 * tokens, zero(b.getF32Type()));
    for (int64_t half = 0; half < 2; ++half) { // 32 steps of k: 8 neighbours a lane
      SmallVector<Value> rows = loadRows(number, half);
      for (int64_t part = 0; part < 2; ++part)
        multiplyPart(fragment(loaded, half, part), rows, part, partial);
      if (quant.groups() == 1 && half == 0)
        continue; // the group goes on
      for (int64_t i = 0; i < 4 * tokens; ++i)
        sums[i] = math::FmaOp::create(b, loc, partial[i], scaleOf(loaded, half, i % 4 / 2), sums[i]);
      partial.assign(4 * tokens, zero(b.getF32Type()));
    }
  }

  /// The 4 registers of the left operand for 16 steps, less their zero points.
  SmallVector<Value> fragment(ArrayRef<Value> loaded, int64_t half, int64_t part) {
    SmallVector<Value> registers;
    for (int64_t i = 0; i < 4; ++i) { // columns g and g + 8, and so 2 steps further on
      Value zeroPoint;
      if (!quant.zero)
        zeroPoint =
            loaded[vectors() + 2 * quant.groups() + 2 * (quant.groups() == 2 ? half : 0) + i % 2];
      if (quant.bits == 4)
        registers.push_back(unpack(wordOf(loaded[0], 2 * half + part), 4 * i, zeroPoint));
      else
        registers.push_back(unpack(wordOf(loaded[half], 2 * part + i % 2), i / 2 * 8, zeroPoint));
    }
    return registers;
  }
  Value wordOf(Value words, int64_t i) {
    return vector::ExtractOp::create(b, loc, words, ArrayRef<int64_t>{i});
  }

  /// The numbers of a word that start at bits `shift` and 16 further on, less their zero point: exact, because
  /// they land in the mantissa of a float whose lowest bit is worth 1.
  Value unpack(Value word, int64_t shift, Value zeroPoint) {
    if (shift)
      word = arith::ShRUIOp::create(b, loc, word, integer(shift));
    if (quant.bits == 8 && !elementType().isF16())
      return unpackWide(word, zeroPoint);
    int64_t mask = (1 << quant.bits) - 1;
    word = arith::AndIOp::create(b, loc, word, integer(mask << 16 | mask));
    word = arith::OrIOp::create(b, loc, word, integer(elementType().isF16() ? 0x64006400 : 0x43004300));
    auto pair = VectorType::get({2}, elementType());
    Value shifted = LLVM::BitcastOp::create(b, loc, pair, word);
    auto splat = [&](double value) -> Value {
      return arith::ConstantOp::create(
          b, loc, DenseElementsAttr::get(pair, b.getFloatAttr(elementType(), value).getValue()));
    };
    Value offset = splat(bits16 + double(quant.zero.value_or(0)));
    if (zeroPoint)
      offset = arith::AddFOp::create(b, loc, vector::BroadcastOp::create(b, loc, pair, zeroPoint), offset);
    if (elementType().isF16())
      return arith::SubFOp::create(b, loc, shifted, offset);
    // Chips before sm_90 add bf16 only as part of a multiplication.
    Value negative = zeroPoint ? LLVM::FMAOp::create(b, loc, offset, splat(-1), splat(0)).getResult()
                               : splat(-(bits16 + double(*quant.zero)));
    return pairRegister(LLVM::FMAOp::create(b, loc, shifted, splat(1), negative));
  }
  /// Numbers of 8 bits do not fit the mantissa of a bf16; their differences to a zero point do.
  Value unpackWide(Value word, Value zeroPoint) {
    constexpr double one = 1 << 23; // the f32 whose lowest mantissa bit is worth 1
    Value offset = real(one + double(quant.zero.value_or(0)));
    if (zeroPoint)
      offset = arith::AddFOp::create(b, loc, widened(zeroPoint), offset);
    SmallVector<Value> both;
    for (int64_t bit : {0, 16}) {
      Value number = bit ? arith::ShRUIOp::create(b, loc, word, integer(bit)).getResult() : word;
      number = arith::AndIOp::create(b, loc, number, integer(255));
      number = arith::OrIOp::create(b, loc, number, integer(0x4b000000));
      number = arith::BitcastOp::create(b, loc, b.getF32Type(), number);
      both.push_back(arith::SubFOp::create(b, loc, number, offset));
    }
    Value pair = vector::FromElementsOp::create(b, loc, VectorType::get({2}, b.getF32Type()), both);
    return pairRegister(arith::TruncFOp::create(b, loc, VectorType::get({2}, elementType()), pair));
  }

  QuantForm quant;
  int64_t bits16;
  Value numbers, scales, zeros;
};

class QuantMatmulCuda : public ::hone::CudaFamily {
public:
  unsigned variants(KernelOp) const override { return streamed.size() + 1; }
  unsigned steps(KernelOp, unsigned variant) const override { return isStreamed(variant) ? 1 : 2; }
  SmallVector<MemRefType> workspaces(KernelOp kernel, unsigned variant) const override {
    if (isStreamed(variant))
      return {};
    QuantForm quant = formOf(kernel, variant);
    Type element = cast<RankedTensorType>(matmulOf(kernel).getResult().getType()).getElementType();
    return {::hone::onDevice(MemRefType::get({quant.n, quant.k}, element))};
  }
  Value serves(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
               unsigned variant) const override {
    MatmulSizes sizes(b, loc, kernel, buffers, true);
    return sizes.compare(arith::CmpIPredicate::ule, sizes.m, streamed[variant].most);
  }

  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     CudaStep at) const override {
    Location loc = kernel.getLoc();
    if (!isStreamed(at.variant) && at.step == 1)
      MatmulStaged(b, loc, kernel, buffers, stagesOf(kernel), buffers.back()).emit();
    else if (QuantTiles tiles(b, loc, kernel, buffers, formOf(kernel, at.variant)); isStreamed(at.variant))
      tiles.emit();
    else
      tiles.emitUnpacked(buffers.back());
    return success();
  }

  CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
                    CudaStep at) const override {
    MatmulSizes sizes(b, loc, kernel, buffers, true);
    if (isStreamed(at.variant))
      return StreamedProduct::launch(b, loc, sizes.m, formOf(kernel, at.variant));
    if (at.step == 0)
      return QuantTiles::launchUnpacked(b, loc, formOf(kernel, at.variant));
    return StagedProduct::launch(b, loc, sizes.batch, sizes.m, sizes.n, stagesOf(kernel));
  }

private:
  /// Rows of a tile, and with how many rows it is used.
  struct Streamed {
    int64_t rows, most;
  };
  static constexpr std::array<Streamed, 2> streamed = {{{8, 8}, {32, 64}}};
  static bool isStreamed(unsigned variant) { return variant < streamed.size(); }
  static QuantForm formOf(KernelOp kernel, unsigned variant) {
    return QuantForm(kernel, isStreamed(variant) ? streamed[variant].rows : 8);
  }
  /// Large tiles where columns make many of them.
  static StagedProduct::Form stagesOf(KernelOp kernel) {
    if (QuantForm(kernel, 8).n < 2048)
      return StagedProduct::small;
    return ::hone::targetOf(kernel).fact("wgmma") ? StagedProduct::square : StagedProduct::large;
  }
};

} // namespace

namespace hone {
const CudaFamily &getQuantMatmulCuda() {
  static QuantMatmulCuda family;
  return family;
}
} // namespace hone
