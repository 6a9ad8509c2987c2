// The loop over k and the meeting of the warps.
#include "lowering/KernelToCuda/StreamedProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

StreamedProduct::StreamedProduct(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
                                 MatmulOp matmul, Form form)
    : Product(b, loc, kernel, buffers, matmul.getResult()), form(form), tokens(form.rows / 8),
      lhs(buffers[cast<BlockArgument>(matmul.getLhs()).getArgNumber()]) {}

CudaLaunch StreamedProduct::launch(OpBuilder &b, Location loc, Value rows, Form form) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  Value blocks = b.createOrFold<arith::CeilDivUIOp>(loc, rows, constant(form.rows));
  return {b.createOrFold<arith::MulIOp>(loc, blocks, constant(form.tiles())), constant(1), constant(1),
          32 * form.warps(), 0};
}

void StreamedProduct::emit() {
  RegionBuilder region(b, loc, kernel, buffers);
  int64_t rank = cast<RankedTensorType>(root.getType()).getRank();
  size.m = constant(1);
  for (int64_t axis = 0; axis < rank - 1; ++axis) {
    extents.push_back(region.dim(root, axis));
    size.m = multiply(size.m, extents.back());
  }
  size.n = constant(form.n);
  Value block = blockIndex(b, loc), thread = threadIndex(b, loc);
  tile = modulo(block, constant(form.tiles()));
  Value row0 = multiply(divide(block, constant(form.tiles())), constant(form.rows));
  lane = modulo(thread, constant(32));
  Value warp = divide(thread, constant(32));
  g = divide(lane, constant(4)), t = modulo(lane, constant(4));
  // Rows behind the last are copies of it: their sums are not stored.
  Value last = subtract(size.m, constant(1));
  for (int64_t r = 0; r < tokens; ++r)
    rowIndices.push_back(indicesOf(minimum(add(row0, add(constant(8 * r), g)), last), extents));

  SmallVector<Value> sums = sumChunks(warp);
  Value parts = shared("_parts", {form.warps(), columns, form.rows}, b.getF32Type());
  for (int64_t r = 0; r < tokens; ++r)
    for (int64_t i = 0; i < 4; ++i) {
      Value at[] = {warp, add(g, constant(i / 2 * 8)),
                    add(multiply(t, constant(2)), constant(8 * r + i % 2))};
      memref::StoreOp::create(b, loc, sums[4 * r + i], parts, at);
    }
  barrier();
  auto elements =
      scf::ForOp::create(b, loc, thread, constant(columns * form.rows), constant(32 * form.warps()));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(elements.getBody());
  Value column = modulo(elements.getInductionVar(), constant(columns)),
        row = divide(elements.getInductionVar(), constant(columns));
  Value sum;
  for (int64_t w = 0; w < form.warps(); ++w) {
    Value at[] = {constant(w), column, row};
    Value part = memref::LoadOp::create(b, loc, parts, at);
    sum = sum ? arith::AddFOp::create(b, loc, sum, part).getResult() : part;
  }
  store(sum, add(row0, row), add(multiply(tile, constant(columns)), column));
}

SmallVector<Value> StreamedProduct::resultIndices(Value row, Value column) {
  SmallVector<Value> indices = indicesOf(row, extents);
  indices.push_back(column);
  return indices;
}

//===-- operands -----------------------------------------------------------------===//

Value StreamedProduct::loadVector(Value buffer, ValueRange indices, VectorType type) {
  auto load = vector::LoadOp::create(b, loc, type, buffer, indices);
  load->setAttr("alignment", b.getI64IntegerAttr(16));
  return load;
}

Value StreamedProduct::stepOf(Value number, int64_t half) {
  Value ofLane = add(multiply(t, constant(form.run)), constant((form.run == 8 ? 32 : 8) * half));
  return add(multiply(number, constant(chunk)), ofLane);
}

Value StreamedProduct::loadSteps(Value buffer, ArrayRef<Value> leading, Value step) {
  auto type = VectorType::get({8}, elementType());
  SmallVector<Value> at(leading);
  if (form.k % chunk == 0) {
    at.push_back(step);
    return loadVector(buffer, at, type);
  }
  at.push_back(minimum(step, constant(form.k - 8)));
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return select(less(step, constant(form.k)), loadVector(buffer, at, type), none);
}

SmallVector<Value> StreamedProduct::loadRows(Value number, int64_t half) {
  Value step = stepOf(number, half);
  return llvm::map_to_vector(rowIndices, [&](ArrayRef<Value> row) { return loadSteps(lhs, row, step); });
}

Value StreamedProduct::registerOf(Value vector, int64_t first) {
  return pairRegister(vector::ExtractStridedSliceOp::create(b, loc, vector, ArrayRef<int64_t>{first},
                                                            ArrayRef<int64_t>{2}, ArrayRef<int64_t>{1}));
}

void StreamedProduct::multiplyPart(ValueRange left, ArrayRef<Value> rows, int64_t part,
                                   MutableArrayRef<Value> sums) {
  for (auto [r, row] : llvm::enumerate(rows))
    multiplyTile(left, {registerOf(row, 4 * part), registerOf(row, 4 * part + 2)}, sums.slice(4 * r, 4),
                 elementType());
}

//===-- the loop -------------------------------------------------------------------===//

/// The sum over this warp's share of k: 4 registers for every 8 rows.
SmallVector<Value> StreamedProduct::sumChunks(Value warp) {
  int64_t step = form.warps();
  // Chunks whose weights are asked for at once.
  int64_t ahead = std::clamp<int64_t>(form.chunks() / step, 1, tokens == 1 ? 4 : 2);
  SmallVector<Value> sums(4 * tokens, zero(b.getF32Type()));
  // Whole batches of chunks: warp + i * step for i < ahead.
  Value batchEnd = constant(std::max<int64_t>(form.chunks() - step * (ahead - 1), 0));
  auto run = [&](Value from, Value to, int64_t count) {
    auto loop = scf::ForOp::create(b, loc, from, to, constant(step * count), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> numbers;
    SmallVector<SmallVector<Value>> loaded;
    for (int64_t i = 0; i < count; ++i) {
      numbers.push_back(add(loop.getInductionVar(), constant(i * step)));
      loaded.push_back(loadChunk(numbers.back()));
    }
    SmallVector<Value> next(loop.getRegionIterArgs());
    for (auto [number, one] : llvm::zip(numbers, loaded))
      accumulate(number, one, next);
    scf::YieldOp::create(b, loc, next);
    sums.assign(loop.getResults().begin(), loop.getResults().end());
  };
  run(warp, batchEnd, ahead);
  // Where those end: the first chunk of this warp that no batch held.
  Value width = constant(step * ahead);
  Value batches = divideUp(subtract(maximum(batchEnd, warp), warp), width);
  run(add(warp, multiply(batches, width)), constant(form.chunks()), 1);
  return sums;
}

} // namespace hone
