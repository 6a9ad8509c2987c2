// The ring of stages, the fragments, and the way out.
#include "lowering/KernelToCuda/StagedProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

CudaLaunch StagedProduct::launch(OpBuilder &b, Location loc, Value batch, Value m, Value n, Form form,
                                 int64_t processors) {
  auto tiles = [&](Value size, int64_t of) -> Value {
    return b.createOrFold<arith::CeilDivUIOp>(loc, size, arith::ConstantIndexOp::create(b, loc, of));
  };
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value blocks = b.createOrFold<arith::MulIOp>(loc, tiles(m, form.rows), tiles(n, form.columns));
  blocks = b.createOrFold<arith::MulIOp>(loc, batch, blocks);
  if (form.isForWarpgroups())
    blocks = b.createOrFold<arith::MinUIOp>(loc, blocks, arith::ConstantIndexOp::create(b, loc, processors));
  return {blocks, one, one, form.threads(), form.sharedBytes()};
}

void StagedProduct::enterTile(Value number) {
  Value tiles = multiply(down, across);
  enterBatch(divide(number, tiles));
  // Blocks that run together are to share operands in the L2 cache: tiles are numbered down a band of 8, then
  // across.
  constexpr int64_t band = 8;
  Value inBatch = modulo(number, tiles), perBand = multiply(across, constant(band));
  Value first = multiply(divide(inBatch, perBand), constant(band));
  Value bandHeight = minimum(subtract(down, first), constant(band)), inBand = modulo(inBatch, perBand);
  row0 = multiply(add(first, modulo(inBand, bandHeight)), constant(form.rows));
  column0 = multiply(divide(inBand, bandHeight), constant(form.columns));
}

void StagedProduct::emit() {
  size = sizes();
  down = divideUp(size.m, constant(form.rows));
  across = divideUp(size.n, constant(form.columns));
  if (form.isForWarpgroups())
    return emitWarpgroups();
  enterTile(blockIndex(b, loc));
  thread = threadIndex(b, loc);
  lane = modulo(thread, constant(32));
  Value warp = divide(thread, constant(32));
  warpRow = multiply(divide(warp, constant(form.warpsAcross)), constant(warpRows()));
  warpColumn = multiply(modulo(warp, constant(form.warpsAcross)), constant(warpColumns()));
  memory = sharedMemory();

  Matrix x = left(), y = right();
  Filling fillings[] = {fillingOf(x, form.rows, row0, size.m, 0),
                        fillingOf(y, form.columns, column0, size.n, form.rows * lineBytes)};
  // What lies behind the last step of k is filled with zeros, so the ring needs no end of its own.
  auto fillStage = [&](Value number, Value stage) {
    for (const Filling &filling : fillings)
      fill(filling, number, stage);
    NVVM::CpAsyncCommitGroupOp::create(b, loc);
  };
  int64_t ahead = form.stages - 1, bytes = form.stageBytes();
  for (int64_t s = 0; s < ahead; ++s)
    fillStage(constant(s), constant(s * bytes));

  SmallVector<Value> carried(warpRows() / 16 * (warpColumns() / 8) * 4, noSum());
  carried.append({constant(0), constant(ahead * bytes)}); // the stages to read and to fill
  auto loop =
      scf::ForOp::create(b, loc, constant(0), divideUp(size.k, constant(form.depth())), constant(1), carried);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> next(loop.getRegionIterArgs());
    Value filled = next.pop_back_val(), read = next.pop_back_val();
    Value number = add(loop.getInductionVar(), constant(ahead));
    NVVM::CpAsyncWaitGroupOp::create(b, loc, ahead - 1);
    barrier(); // the stage is there for all, and nobody reads the one that is filled next any more
    fillStage(number, filled);
    multiplyStage(read, y.alongK, next);
    for (Value stage : {read, filled}) {
      Value behind = add(stage, constant(bytes));
      next.push_back(select(less(behind, constant(form.ringBytes())), behind, constant(0)));
    }
    scf::YieldOp::create(b, loc, next);
  }
  SmallVector<Value> sums(loop.getResults().drop_back(2));
  NVVM::CpAsyncWaitGroupOp::create(b, loc, 0);
  barrier(); // sums take the place of the stages
  storeSums(sums);
}

//===-- copies -------------------------------------------------------------------===//

StagedProduct::Filling StagedProduct::fillingOf(const Matrix &matrix, int64_t extent, Value origin, Value end,
                                                int64_t offset) {
  int64_t width = form.width(), depth = form.depth(), perPiece = 16 / width;
  int64_t line = matrix.alongK ? depth : extent, lines = matrix.alongK ? extent : depth;
  int64_t pieces = line / perPiece; // of a line
  Filling filling{
      matrix.alongK, lines * pieces / form.threads(), form.threads() / pieces, {}, {}, {}, {}, {}, {}};
  Value piece = modulo(thread, constant(pieces)), firstLine = divide(thread, constant(pieces));
  Value position = multiply(piece, constant(perPiece)); // in the line
  // The lines of one thread are a multiple of 8 apart: its pieces are swizzled alike.
  filling.to = add(constant(offset), swizzled(firstLine, piece, pieces));
  Value lineAt = matrix.alongK ? add(origin, firstLine) : firstLine;
  Value start = matrix.alongK ? position : add(origin, position);
  filling.from = add(matrix.address, multiply(add(multiply(lineAt, matrix.pitch), start), constant(width)));
  filling.copyStep = multiply(matrix.pitch, constant(width * filling.linesApart));
  filling.kStep = matrix.alongK ? constant(lineBytes) : multiply(matrix.pitch, constant(lineBytes));
  filling.step = matrix.alongK ? position : firstLine;
  if (matrix.alongK)
    for (int64_t i = 0; i < filling.copies; ++i)
      filling.isInside.push_back(less(add(lineAt, constant(i * filling.linesApart)), end));
  else
    filling.isInside.push_back(less(start, end));
  return filling;
}

void StagedProduct::fill(const Filling &filling, Value number, Value stage) {
  Value k = add(multiply(number, constant(form.depth())), filling.step);
  Value from = add(filling.from, multiply(number, filling.kStep)), to = add(stage, filling.to);
  for (int64_t i = 0; i < filling.copies; ++i) {
    Value atK = filling.alongK ? k : add(k, constant(i * filling.linesApart));
    Value isInside =
        arith::AndIOp::create(b, loc, less(atK, size.k), filling.isInside[filling.alongK ? i : 0]);
    copyAsync(sharedAt(memory, add(to, constant(16 * form.threads() * i))),
              globalAt(add(from, multiply(constant(i), filling.copyStep))), isInside);
  }
}

//===-- products -------------------------------------------------------------------===//

Type StagedProduct::operandType() {
  switch (form.operands) {
  case Form::halves:
    return elementType();
  case Form::integers:
    return b.getI8Type();
  case Form::floats8:
    return Float8E4M3FNType::get(b.getContext());
  }
  llvm_unreachable("a kind of operands");
}

SmallVector<Value> StagedProduct::loadFragments(Value at, bool transposed) {
  Type i32 = b.getI32Type(), four = LLVM::LLVMStructType::getLiteral(b.getContext(), {i32, i32, i32, i32});
  auto shape = NVVM::LdStMatrixShapeAttr::get(b.getContext(), 8, 8);
  Value loaded = NVVM::LdMatrixOp::create(b, loc, four, sharedAt(memory, at), 4,
                                          transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row, shape,
                                          NVVM::LdStMatrixEltType::B16);
  SmallVector<Value> registers;
  for (int64_t i = 0; i < 4; ++i) {
    Value word = LLVM::ExtractValueOp::create(b, loc, i32, loaded, ArrayRef<int64_t>{i});
    if (operandType().isF16())
      word = LLVM::BitcastOp::create(b, loc, VectorType::get({2}, elementType()), word);
    registers.push_back(word);
  }
  return registers;
}

/// Lanes 8 i to 8 i + 7 of a warp give ldmatrix the lines of its matrix i: which comes where is chosen such
/// that the four are the registers of one left fragment, or those of two right ones.
void StagedProduct::multiplyStage(Value stage, bool rightAlongK, MutableArrayRef<Value> sums) {
  constexpr int64_t pieces = lineBytes / 16;
  Value low = modulo(lane, constant(8)), half = modulo(divide(lane, constant(8)), constant(2)),
        quarter = divide(lane, constant(16));
  Value leftRow = add(warpRow, modulo(lane, constant(16)));
  Value rightStage = add(stage, constant(form.rows * lineBytes));
  for (int64_t piece = 0; piece < pieces; piece += 2) {
    Value leftAt = add(stage, swizzled(leftRow, add(constant(piece), quarter), pieces));
    SmallVector<SmallVector<Value>> left, right;
    for (int64_t i = 0; i < warpRows(); i += 16)
      left.push_back(loadFragments(add(leftAt, constant(i * lineBytes)), false));
    for (int64_t j = 0; j < warpColumns(); j += 16) {
      Value at;
      if (rightAlongK) {
        Value column = add(warpColumn, add(low, multiply(quarter, constant(8))));
        at = add(swizzled(column, add(constant(piece), half), pieces), constant(j * lineBytes));
      } else {
        Value step = add(constant(8 * piece), add(low, multiply(half, constant(8))));
        Value ofLine = add(divide(warpColumn, constant(8)), add(constant(j / 8), quarter));
        at = swizzled(step, ofLine, form.columns / 8);
      }
      SmallVector<Value> both = loadFragments(add(rightStage, at), !rightAlongK);
      right.emplace_back(ArrayRef<Value>(both).take_front(2));
      right.emplace_back(ArrayRef<Value>(both).take_back(2));
    }
    for (size_t i = 0; i < left.size(); ++i)
      for (size_t j = 0; j < right.size(); ++j)
        multiplyTile(left[i], right[j], sums.slice(4 * (i * right.size() + j), 4), operandType());
  }
}

//===-- the way out ----------------------------------------------------------------===//

void StagedProduct::storeSums(ArrayRef<Value> sums) {
  shareSums(sums, memory);
  barrier();
  storeShared(memory, thread, form.threads(), form.rows, constant(0), constant(0));
}

Value StagedProduct::sumAt(Value memory, Value row, Value column) {
  Value place = add(multiply(row, constant(form.sumPitch())), column);
  return sharedAt(memory, multiply(place, constant(4)));
}

void StagedProduct::shareSums(ArrayRef<Value> sums, Value memory) {
  Value g = divide(lane, constant(4)), t2 = multiply(modulo(lane, constant(4)), constant(2));
  size_t across = std::min(warpColumns(), form.sumColumns()) / 8;
  for (size_t i = 0; i < sums.size(); i += 2) {
    size_t fragment = i / 4;
    Value row = add(add(warpRow, g), constant(fragment / across * 16 + i % 4 / 2 * 8));
    Value column = add(add(warpColumn, t2), constant(fragment % across * 8));
    SmallVector<Value> two(sums.slice(i, 2));
    if (form.operands == Form::integers)
      for (Value &sum : two)
        sum = arith::SIToFPOp::create(b, loc, b.getF32Type(), sum);
    Value pair = vector::FromElementsOp::create(b, loc, VectorType::get({2}, b.getF32Type()), two);
    LLVM::StoreOp::create(b, loc, pair, sumAt(memory, row, column), 8);
  }
}

void StagedProduct::storeShared(Value memory, Value thread, int64_t threads, int64_t rows, Value firstRow,
                                Value firstColumn) {
  constexpr int64_t run = 8;
  Value perRow = constant(form.sumColumns() / run);
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(rows * form.sumColumns() / run / threads),
                                 constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value number = add(multiply(loop.getInductionVar(), constant(threads)), thread);
  Value row = add(firstRow, divide(number, perRow)), column = multiply(modulo(number, perRow), constant(run));
  SmallVector<Value> elements;
  auto four = VectorType::get({4}, b.getF32Type());
  for (int64_t i = 0; i < run; i += 4) {
    Value part = LLVM::LoadOp::create(b, loc, four, sumAt(memory, row, add(column, constant(i))), 16);
    for (int64_t j = 0; j < 4; ++j)
      elements.push_back(vector::ExtractOp::create(b, loc, part, ArrayRef<int64_t>{j}));
  }
  store(elements, add(row0, row), add(column0, add(firstColumn, column)));
}

} // namespace hone
