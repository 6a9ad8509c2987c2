// Fragments of quantized weights.
#include "lowering/KernelToCuda/QuantTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <cmath>

using namespace mlir;
using namespace mlir::hone;

namespace hone {

constexpr int64_t unpackWarps = 8; // of a block

QuantForm::QuantForm(KernelOp kernel, int64_t rows) {
  DictionaryAttr config = *kernel.getConfig();
  auto number = [&](StringRef name) { return config.getAs<IntegerAttr>(name).getInt(); };
  n = number("n"), k = number("k"), bits = number("bits"), block = number("block"), this->rows = rows;
  run = bits == 8 && block % StreamedProduct::chunk == 0 ? 16 : 8;
  isSigned = config.contains("signed"), isFloat = config.contains("float");
  roundsRows = config.contains("rounds_rows");
  if (config.contains("zero"))
    zero = number("zero");
}

unsigned packedInput(Value tensor) {
  while (Operation *op = tensor.getDefiningOp())
    tensor = op->getOperand(0);
  return cast<BlockArgument>(tensor).getArgNumber();
}

QuantTiles::QuantTiles(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, QuantForm quant)
    : StreamedProduct(b, loc, kernel, buffers, matmulOf(kernel), quant), quant(quant),
      unit(elementType().isF16() ? 1024 : 128) {
  auto dequantize = matmulOf(kernel).getRhs().getDefiningOp<DequantizeOp>();
  numbers = buffers[packedInput(dequantize.getInput())];
  scales = buffers[packedInput(dequantize.getScale())];
  if (!quant.zero)
    zeros = buffers[packedInput(dequantize.getZero())];
}

//===-- loads ----------------------------------------------------------------------===//

/// Words of numbers: for 4 bits one for 16 steps of k; for 8 bits, by half, column g or g + 8 and 4 of the 8
/// neighbours. Then, by group, the scales of both columns, and their zero points. Columns behind the last are
/// copies of it.
SmallVector<Value> QuantTiles::loadChunk(Value number) {
  SmallVector<Value> loaded;
  auto load = [&](ValueRange at, int64_t count) {
    Value bytes = loadVector(numbers, at, VectorType::get({4 * count}, b.getI8Type()));
    Value all = vector::BitCastOp::create(b, loc, VectorType::get({count}, b.getI32Type()), bytes);
    SmallVector<Value> words;
    for (int64_t i = 0; i < count; ++i)
      words.push_back(vector::ExtractOp::create(b, loc, all, ArrayRef<int64_t>{i}));
    return words;
  };
  if (quant.bits == 4) {
    loaded = load({tile, number, multiply(lane, constant(16))}, 4);
  } else {
    loaded.resize(8);
    for (int64_t c = 0; c < 2; ++c) {
      Value column = add(multiply(tile, constant(columns)), add(g, constant(8 * c)));
      column = minimum(column, constant(quant.n - 1));
      SmallVector<Value> ofColumn;
      if (quant.run == 16)
        ofColumn = load({column, stepOf(number, 0)}, 4);
      else
        for (int64_t half = 0; half < 2; ++half)
          ofColumn.append(load({column, stepOf(number, half)}, 2));
      for (int64_t i = 0; i < 4; ++i)
        loaded[i / 2 * 4 + 2 * c + i % 2] = ofColumn[i];
    }
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

/// Of a half of a chunk and the column g (`second`: g + 8).
Value QuantTiles::scaleOf(ArrayRef<Value> loaded, int64_t half, bool second) {
  return loaded[words() + 2 * (quant.groups() == 2 ? half : 0) + second];
}

//===-- fragments --------------------------------------------------------------------===//

void QuantTiles::accumulate(Value number, ArrayRef<Value> loaded, MutableArrayRef<Value> sums) {
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

/// The 4 registers of the left operand for 16 steps, less their zero points: of the columns g and g + 8, and
/// so again two neighbours further on.
SmallVector<Value> QuantTiles::fragment(ArrayRef<Value> loaded, int64_t half, int64_t part) {
  SmallVector<Value> registers;
  for (int64_t i = 0; i < 4; ++i) {
    Value zeroPoint;
    if (!quant.zero)
      zeroPoint = loaded[words() + 2 * quant.groups() + 2 * (quant.groups() == 2 ? half : 0) + i % 2];
    if (quant.bits == 4) {
      registers.push_back(lessZero(numbersOf4Bits(loaded[2 * half + part], i), zeroPoint));
      continue;
    }
    Value word = loaded[4 * half + 2 * (i % 2) + part];
    if (quant.isFloat) {
      registers.push_back(floats8(word, i / 2 * 2));
      continue;
    }
    if (quant.isSigned)
      word = arith::XOrIOp::create(b, loc, word, integer(0x80808080));
    if (elementType().isF16())
      registers.push_back(lessZero(bytesOf(word, integer(0x64646464), i / 2 ? 0x4342 : 0x4140), zeroPoint));
    else
      registers.push_back(bytesAsBf16(word, i / 2 * 2, zeroPoint));
  }
  return registers;
}

/// Numbers `i` and `i + 4` of a word, in the low mantissa bits of floats that are worth `unit` without them.
Value QuantTiles::numbersOf4Bits(Value word, int64_t i) {
  if (i)
    word = arith::ShRUIOp::create(b, loc, word, integer(4 * i));
  word = arith::AndIOp::create(b, loc, word, integer(0x000f000f));
  return arith::OrIOp::create(b, loc, word, integer(elementType().isF16() ? 0x64006400 : 0x43004300));
}

/// Takes `unit` and the zero point from a pair of floats: exact.
Value QuantTiles::lessZero(Value pair, Value zeroPoint) {
  auto type = VectorType::get({2}, elementType());
  Value shifted = LLVM::BitcastOp::create(b, loc, type, pair);
  auto splat = [&](double value) -> Value {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, b.getFloatAttr(elementType(), value).getValue()));
  };
  Value offset = splat(unit + double(quant.zero.value_or(0)));
  if (zeroPoint)
    offset = arith::AddFOp::create(b, loc, vector::BroadcastOp::create(b, loc, type, zeroPoint), offset);
  if (elementType().isF16())
    return arith::SubFOp::create(b, loc, shifted, offset);
  // Chips before sm_90 add bf16 only as part of a multiplication.
  Value negative = zeroPoint ? LLVM::FMAOp::create(b, loc, offset, splat(-1), splat(0)).getResult()
                             : splat(-(unit + double(*quant.zero)));
  return pairRegister(LLVM::FMAOp::create(b, loc, shifted, splat(1), negative));
}

/// Two bytes of a word less their zero point. 8 bits do not fit the mantissa of a bf16 behind a leading one,
/// but the differences are exact.
Value QuantTiles::bytesAsBf16(Value word, int64_t first, Value zeroPoint) {
  constexpr double one = 1 << 23; // the f32 whose lowest mantissa bit is worth 1
  Value offset = real(one + double(quant.zero.value_or(0)));
  if (zeroPoint)
    offset = arith::AddFOp::create(b, loc, widened(zeroPoint), offset);
  SmallVector<Value> both;
  for (int64_t i : {first, first + 1}) {
    Value number = bytesOf(word, integer(0x4b000000), 0x7440 | i);
    number = arith::BitcastOp::create(b, loc, b.getF32Type(), number);
    both.push_back(arith::SubFOp::create(b, loc, number, offset));
  }
  Value pair = vector::FromElementsOp::create(b, loc, VectorType::get({2}, b.getF32Type()), both);
  return pairRegister(arith::TruncFOp::create(b, loc, VectorType::get({2}, elementType()), pair));
}

/// Two bytes of f8E4M3FN: their bits lie where those of the larger type are, but for the bias, which a
/// multiplication makes good. Exact, subnormal numbers too; there is no NaN among weights.
Value QuantTiles::floats8(Value word, int64_t first) {
  bool isF16 = elementType().isF16();
  Value upper = bytesOf(word, integer(0), first ? 0x3424 : 0x1404);
  Value sign = arith::AndIOp::create(b, loc, upper, integer(0x80008000));
  Value size = arith::AndIOp::create(b, loc, upper, integer(0x7f007f00));
  size = arith::ShRUIOp::create(b, loc, size, integer(isF16 ? 1 : 4)); // 5 or 8 bits of exponent, not 4
  auto type = VectorType::get({2}, elementType());
  Value pair = LLVM::BitcastOp::create(b, loc, type, arith::OrIOp::create(b, loc, sign, size));
  auto splat = [&](double value) -> Value {
    return arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, b.getFloatAttr(elementType(), value).getValue()));
  };
  if (isF16)
    return arith::MulFOp::create(b, loc, pair, splat(std::ldexp(1.0, 15 - 7)));
  // Chips before sm_90 multiply bf16 only as part of an addition; less 0 keeps the sign of 0.
  return pairRegister(LLVM::FMAOp::create(b, loc, pair, splat(std::ldexp(1.0, 127 - 7)), splat(-0.0)));
}

//===-- as floats --------------------------------------------------------------------===//

CudaLaunch QuantTiles::launchUnpacked(OpBuilder &b, Location loc, const QuantForm &quant) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  int64_t blocks = (quant.tiles() * quant.chunks() + unpackWarps - 1) / unpackWarps;
  return {constant(blocks), constant(1), constant(1), 32 * unpackWarps, 0};
}

void QuantTiles::emitUnpacked(Value weight) {
  Value thread = threadIndex(b, loc), warp = divide(thread, constant(32));
  lane = modulo(thread, constant(32)), g = divide(lane, constant(4)), t = modulo(lane, constant(4));
  Value number = add(multiply(blockIndex(b, loc), constant(unpackWarps)), warp);
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

/// The 8 neighbours of one column that two fragments hold, times their scale.
void QuantTiles::storeScaled(ArrayRef<Value> registers, Value scale, bool second, Value weight,
                             ValueRange at) {
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

} // namespace hone
