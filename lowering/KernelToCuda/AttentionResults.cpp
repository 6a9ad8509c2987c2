// How rows of attention leave: from one warp, from the warps of a block, and from the blocks that shared
// keys.
#include "lowering/KernelToCuda/AttentionTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

Value AttentionTiles::exp2(Value x) {
  return LLVM::CallIntrinsicOp::create(b, loc, b.getF32Type(), b.getStringAttr("llvm.nvvm.ex2.approx.ftz"),
                                       ValueRange{x})
      .getResult(0);
}
Value AttentionTiles::larger(Value x, Value y) { return arith::MaxNumFOp::create(b, loc, x, y); }
/// Where exponents start: 0 for a row that has seen no key.
Value AttentionTiles::baseOf(Value peak) {
  Value none = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, peak, real(-INFINITY));
  return select(none, real(0), peak);
}

/// Columns that this lane's outputs 4 (c * wide + j) + i stand in: for i % 2 wide neighbours from here.
Value AttentionTiles::firstColumn(int64_t c, int64_t i) {
  int64_t wide = form.wide();
  return add(multiply(t, constant(2 * wide)), constant(c * 8 * wide + i % 2 * wide));
}
Value AttentionTiles::inverse(Value sum) {
  Value none = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, real(0));
  return select(none, real(0), arith::DivFOp::create(b, loc, real(1), sum));
}
Value AttentionTiles::plus(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }

void AttentionTiles::finishAlone(State &state) {
  int64_t wide = form.wide();
  for (int64_t half = 0; half < 2; ++half) {
    Value sum = acrossLanes(state.sums[half], 4, [&](Value x, Value y) { return plus(x, y); });
    Value factor = inverse(sum);
    auto inside = scf::IfOp::create(b, loc, mine[half].isInside);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(inside.thenBlock());
    for (int64_t c = 0; c < form.valueSize / (8 * wide); ++c)
      for (int64_t i = 0; i < 2; ++i) {
        SmallVector<Value> elements;
        for (int64_t j = 0; j < wide; ++j) {
          Value sum = state.outputs[4 * (c * wide + j) + 2 * half + i];
          sum = arith::MulFOp::create(b, loc, sum, factor);
          elements.push_back(arith::TruncFOp::create(b, loc, element, sum));
        }
        Value piece = vector::FromElementsOp::create(b, loc, vectorOf(wide), elements);
        Value column = add(multiply(mine[half].head, constant(form.valueSize)), firstColumn(c, i));
        Value indices[] = {batch, mine[half].position, column};
        auto store = vector::StoreOp::create(b, loc, piece, output, indices);
        store->setAttr("alignment", b.getI64IntegerAttr(2 * wide));
      }
  }
}

//===-- rows whose keys were shared ------------------------------------------------===//

AttentionTiles::Partial AttentionTiles::merge(const Partial &x, const Partial &y) {
  Partial both;
  both.peak = larger(x.peak, y.peak);
  Value base = baseOf(both.peak);
  Value ofX = exp2(arith::SubFOp::create(b, loc, x.peak, base)),
        ofY = exp2(arith::SubFOp::create(b, loc, y.peak, base));
  auto sum = [&](Value x, Value y) -> Value {
    return math::FmaOp::create(b, loc, y, ofY, arith::MulFOp::create(b, loc, x, ofX));
  };
  both.weights = sum(x.weights, y.weights), both.sum = sum(x.sum, y.sum);
  return both;
}

/// All `count` partial results of an element as one.
AttentionTiles::Partial AttentionTiles::combine(Value count, function_ref<Partial(Value)> read) {
  Value start[] = {real(-INFINITY), real(0), real(0)};
  auto loop = scf::ForOp::create(b, loc, constant(0), count, constant(1), start);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  ValueRange sofar = loop.getRegionIterArgs();
  Partial both = merge({sofar[0], sofar[1], sofar[2]}, read(loop.getInductionVar()));
  scf::YieldOp::create(b, loc, ValueRange{both.peak, both.weights, both.sum});
  return {loop.getResult(0), loop.getResult(1), loop.getResult(2)};
}

/// Gives the threads of the block the elements of its (up to 16) rows: row of the block, column of the head.
void AttentionTiles::forEachElement(Value thread, function_ref<void(Value, Value)> body) {
  Value count = minimum(constant(16), subtract(rows, row0));
  auto loop = scf::ForOp::create(b, loc, thread, multiply(count, constant(form.valueSize)),
                                 constant(32 * form.warpCount()));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(divide(loop.getInductionVar(), constant(form.valueSize)),
       modulo(loop.getInductionVar(), constant(form.valueSize)));
}

void AttentionTiles::storeResult(const Partial &whole, Value local, Value column) {
  Value result = arith::MulFOp::create(b, loc, whole.sum, inverse(whole.weights));
  Row row = rowAt(add(row0, local));
  Value indices[] = {batch, row.position, add(multiply(row.head, constant(form.valueSize)), column)};
  memref::StoreOp::create(b, loc, arith::TruncFOp::create(b, loc, element, result), output, indices);
}

/// The warps' results of the same rows become one, or the block's part of one.
void AttentionTiles::finishTogether(State &state, Value thread) {
  Type f32 = b.getF32Type();
  int64_t warps = form.warpCount(), wide = form.wide();
  Value peaks = shared("_peaks", {warps, 16}, f32), weights = shared("_weights", {warps, 16}, f32),
        sums = shared("_sums", {warps, 16, form.valueSize}, f32);
  Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, t, constant(0));
  for (int64_t half = 0; half < 2; ++half) {
    Value sum = acrossLanes(state.sums[half], 4, [&](Value x, Value y) { return plus(x, y); });
    auto once = scf::IfOp::create(b, loc, isFirst);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(once.thenBlock());
    Value at[] = {warp, add(g, constant(8 * half))};
    memref::StoreOp::create(b, loc, state.peaks[half], peaks, at);
    memref::StoreOp::create(b, loc, sum, weights, at);
  }
  for (int64_t c = 0; c < form.valueSize / (8 * wide); ++c)
    for (int64_t j = 0; j < wide; ++j)
      for (int64_t i = 0; i < 4; ++i) {
        Value at[] = {warp, add(g, constant(i / 2 * 8)), add(firstColumn(c, i), constant(j))};
        memref::StoreOp::create(b, loc, state.outputs[4 * (c * wide + j) + i], sums, at);
      }
  barrier();
  forEachElement(thread, [&](Value row, Value column) {
    Partial ofBlock = combine(constant(warps), [&](Value w) -> Partial {
      return {memref::LoadOp::create(b, loc, peaks, ValueRange{w, row}),
              memref::LoadOp::create(b, loc, weights, ValueRange{w, row}),
              memref::LoadOp::create(b, loc, sums, ValueRange{w, row, column})};
    });
    if (!partials)
      return storeResult(ofBlock, row, column);
    Value head = add(multiply(batch, constant(form.kvHeads)), kvHead);
    auto store = [&](Value element, Value column) {
      memref::StoreOp::create(b, loc, element, partials, ValueRange{head, part, row, column});
    };
    store(ofBlock.sum, column);
    auto once = scf::IfOp::create(
        b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, column, constant(0)));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(once.thenBlock());
    store(ofBlock.peak, constant(form.valueSize));
    store(ofBlock.weights, constant(form.valueSize + 1));
  });
}

void AttentionTiles::emitCombination() {
  findOperands();
  if (!output)
    return;
  Value head = blockIndex(b, loc);
  row0 = constant(0);
  kvHead = modulo(head, constant(form.kvHeads)), batch = divide(head, constant(form.kvHeads));
  forEachElement(threadIndex(b, loc), [&](Value row, Value column) {
    storeResult(combine(dim(partials, 1),
                        [&](Value i) -> Partial {
                          auto read = [&](Value column) -> Value {
                            return memref::LoadOp::create(b, loc, partials, ValueRange{head, i, row, column});
                          };
                          return {read(constant(form.valueSize)), read(constant(form.valueSize + 1)),
                                  read(column)};
                        }),
                row, column);
  });
}

} // namespace hone
