// Rows of f16 or bf16 times a 4-bit weight on the tensor cores: the weight is packed so that 16 bytes of a
// lane are its fragments for a chunk of 64 steps of k.
#include "lowering/KernelToCuda/StreamedProduct.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::matmulOf;
using ::hone::StreamedProduct;

namespace {

/// What host code and kernel must agree on.
struct QuantForm : StreamedProduct::Form {
  int64_t block;
  std::optional<int64_t> zero;

  QuantForm(KernelOp kernel, unsigned variant) {
    DictionaryAttr config = *kernel.getConfig();
    auto number = [&](StringRef name) { return config.getAs<IntegerAttr>(name).getInt(); };
    n = number("n"), k = number("k"), block = number("block"), rows = variant ? 32 : 8;
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

private:
  /// The region's input at the end of a chain of ops that unpack.
  Value bufferOf(Value tensor) {
    while (Operation *op = tensor.getDefiningOp())
      tensor = op->getOperand(0);
    return buffers[cast<BlockArgument>(tensor).getArgNumber()];
  }

  /// 4 words; by group, and of its columns g and g + 8, the scales; then so the zero points.
  SmallVector<Value> loadChunk(Value number) override {
    Value at[] = {tile, number, multiply(lane, constant(16))};
    Value bytes = loadVector(numbers, at, VectorType::get({16}, b.getI8Type()));
    SmallVector<Value> loaded = {
        vector::BitCastOp::create(b, loc, VectorType::get({4}, b.getI32Type()), bytes)};
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

  void accumulate(Value number, ArrayRef<Value> loaded, MutableArrayRef<Value> sums) override {
    int64_t groups = quant.groups();
    Value words = loaded[0];
    ArrayRef<Value> scale = loaded.slice(1, 2 * groups), offset = loaded.drop_front(1 + 2 * groups);
    SmallVector<Value> partial(4 * tokens, zero(b.getF32Type()));
    for (int64_t half = 0; half < 2; ++half) { // 32 steps of k: 8 neighbours a lane
      int64_t group = groups == 2 ? half : 0;
      SmallVector<Value> rows = loadRows(number, half);
      for (int64_t part = 0; part < 2; ++part) {
        Value word = vector::ExtractOp::create(b, loc, words, ArrayRef<int64_t>{2 * half + part});
        SmallVector<Value> left;
        for (int64_t i = 0; i < 4; ++i)
          left.push_back(unpack(word, i, offset.empty() ? Value() : offset[2 * group + i % 2]));
        multiplyPart(left, rows, part, partial);
      }
      if (groups == 1 && half == 0)
        continue; // the group goes on
      for (int64_t i = 0; i < 4 * tokens; ++i)
        sums[i] = math::FmaOp::create(b, loc, partial[i], scale[2 * group + i % 4 / 2], sums[i]);
      partial.assign(4 * tokens, zero(b.getF32Type()));
    }
  }

  /// Numbers `i` and `i + 4` of a word, less their zero point: exact, because they land in the mantissa of a
  /// float whose lowest bit is worth 1.
  Value unpack(Value word, int64_t i, Value zeroPoint) {
    auto pair = VectorType::get({2}, elementType());
    if (i)
      word = arith::ShRUIOp::create(b, loc, word, integer(4 * i));
    word = arith::AndIOp::create(b, loc, word, integer(0x000f000f));
    word = arith::OrIOp::create(b, loc, word, integer(elementType().isF16() ? 0x64006400 : 0x43004300));
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

  QuantForm quant;
  int64_t bits16;
  Value numbers, scales, zeros;
};

class QuantMatmulCuda : public ::hone::CudaFamily {
public:
  unsigned variants(KernelOp kernel) const override { return 2; }
  Value serves(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
               unsigned variant) const override {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, rowsOf(b, loc, kernel, buffers),
                                 arith::ConstantIndexOp::create(b, loc, QuantForm(kernel, variant).rows));
  }

  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     unsigned variant) const override {
    QuantTiles(b, kernel.getLoc(), kernel, buffers, QuantForm(kernel, variant)).emit();
    return success();
  }

  ::hone::CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
                            unsigned variant) const override {
    return StreamedProduct::launch(b, loc, rowsOf(b, loc, kernel, buffers), QuantForm(kernel, variant));
  }

private:
  /// Every result has the product's shape.
  static Value rowsOf(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) {
    Value result = buffers[kernel.getNumOperands()];
    return ::hone::sizeProduct(b, loc, result, cast<MemRefType>(result.getType()).getRank() - 1);
  }
};

} // namespace

namespace hone {
const CudaFamily &getQuantMatmulCuda() {
  static QuantMatmulCuda family;
  return family;
}
} // namespace hone
