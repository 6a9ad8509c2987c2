// Products on warpgroups: one block a multiprocessor, one thread that orders copies, two warpgroups that
// multiply. What has to be where when: docs/rationale/gpu-products.md.
#include "lowering/KernelToCuda/BoxCopy.h"
#include "lowering/KernelToCuda/StagedProduct.h"
#include "lowering/KernelToCuda/Warpgroup.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

// 65536 registers are for 384 threads, 168 each at the start.
constexpr int64_t producerRegisters = 40, consumerRegisters = 232;

SmallVector<CudaMap> StagedProduct::maps(Form form, unsigned left, unsigned right) {
  if (!form.isForWarpgroups())
    return {};
  return {{left, form.rows}, {right, form.columns}};
}

Value StagedProduct::arrivedBarrier(Value stage) {
  Value first = constant(form.ringBytes() + form.sumBytes());
  return sharedAt(memory, add(first, multiply(stage, constant(8))));
}
Value StagedProduct::freeBarrier(Value stage) { return arrivedBarrier(add(stage, constant(form.stages))); }

void StagedProduct::emitWarpgroups() {
  Value tiles = multiply(size.batch, multiply(down, across));
  thread = threadIndex(b, loc);
  memory = sharedMemory();
  prepareBarriers();
  auto role = scf::IfOp::create(b, loc, less(thread, constant(warpgroup)), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(role.thenBlock());
  produce(tiles);
  b.setInsertionPointToStart(role.elseBlock());
  consume(tiles);
}

void StagedProduct::prepareBarriers() {
  {
    auto first = scf::IfOp::create(b, loc, less(thread, constant(1)));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(first.thenBlock());
    for (int64_t stage = 0; stage < form.stages; ++stage) {
      initBarrier(b, loc, arrivedBarrier(constant(stage)), 1);
      initBarrier(b, loc, freeBarrier(constant(stage)), form.multipliers() / 32); // a thread a warp arrives
    }
    publishBarriers(b, loc);
  }
  barrier();
}

/// The stage behind `stage`, and how often (modulo 2) the ring has been gone round there.
static SmallVector<Value, 2> stageBehind(OpBuilder &b, Location loc, Value stage, Value round,
                                         int64_t stages) {
  auto number = [&](Type type, int64_t value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value));
  };
  Value next = arith::AddIOp::create(b, loc, stage, number(b.getIndexType(), 1));
  Value wraps =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, next, number(b.getIndexType(), stages));
  Value other = arith::XOrIOp::create(b, loc, round, number(b.getI32Type(), 1));
  return {arith::SelectOp::create(b, loc, wraps, number(b.getIndexType(), 0), next),
          arith::SelectOp::create(b, loc, wraps, other, round)};
}

void StagedProduct::produce(Value tiles) {
  setRegisters(b, loc, producerRegisters, false);
  ValueRange maps =
      b.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>().getArguments().take_back(2);
  auto one = scf::IfOp::create(b, loc, less(thread, constant(1)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(one.thenBlock());
  auto ofTiles = scf::ForOp::create(b, loc, blockIndex(b, loc), tiles, gridSize(b, loc),
                                    ValueRange{constant(0), integer(0)});
  b.setInsertionPointToStart(ofTiles.getBody());
  enterTile(ofTiles.getInductionVar());
  Value lines[] = {add(left().line, row0), add(right().line, column0)};
  auto ofStages = scf::ForOp::create(b, loc, constant(0), divideUp(size.k, constant(form.depth())),
                                     constant(1), ofTiles.getRegionIterArgs());
  scf::YieldOp::create(b, loc, ofStages.getResults());
  b.setInsertionPointToStart(ofStages.getBody());
  Value stage = ofStages.getRegionIterArg(0), round = ofStages.getRegionIterArg(1);
  // In the first round every stage is free: that is what a new barrier says of the phase before its first.
  awaitPhase(b, loc, freeBarrier(stage), arith::XOrIOp::create(b, loc, round, integer(1)));
  Value arrived = arrivedBarrier(stage), at = multiply(stage, constant(form.stageBytes()));
  expectBytes(b, loc, arrived, form.stageBytes()); // what lies outside of a matrix arrives as zeros
  Value k = multiply(ofStages.getInductionVar(), constant(form.depth()));
  copyBox(b, loc, sharedAt(memory, at), maps[0], k, lines[0], arrived);
  copyBox(b, loc, sharedAt(memory, add(at, constant(form.rows * lineBytes))), maps[1], k, lines[1], arrived);
  scf::YieldOp::create(b, loc, stageBehind(b, loc, stage, round, form.stages));
}

void StagedProduct::consume(Value tiles) {
  setRegisters(b, loc, consumerRegisters, true);
  thread = subtract(thread, constant(warpgroup));
  lane = modulo(thread, constant(32));
  warpRow = multiply(divide(thread, constant(32)), constant(warpRows()));
  warpColumn = constant(0);
  auto ofTiles = scf::ForOp::create(b, loc, blockIndex(b, loc), tiles, gridSize(b, loc),
                                    ValueRange{constant(0), integer(0)});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ofTiles.getBody());
  enterTile(ofTiles.getInductionVar());
  // Products of a stage are waited for when those of the next are under way: then it is free.
  SmallVector<Value> carried(warpRows() / 16 * (warpColumns() / 8) * 4, noSum());
  carried.append({ofTiles.getRegionIterArg(0), ofTiles.getRegionIterArg(1), constant(0)});
  auto ofStages =
      scf::ForOp::create(b, loc, constant(0), divideUp(size.k, constant(form.depth())), constant(1), carried);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(ofStages.getBody());
    SmallVector<Value> next(ofStages.getRegionIterArgs());
    Value previous = next.pop_back_val(), round = next.pop_back_val(), stage = next.pop_back_val();
    awaitPhase(b, loc, arrivedBarrier(stage), round);
    startStage(multiply(stage, constant(form.stageBytes())), next);
    waitForProducts(b, loc, 1, next);
    auto notFirst = scf::IfOp::create(b, loc, less(constant(0), ofStages.getInductionVar()));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(notFirst.thenBlock());
      releaseStage(previous);
    }
    llvm::append_range(next, stageBehind(b, loc, stage, round, form.stages));
    next.push_back(stage);
    scf::YieldOp::create(b, loc, next);
  }
  SmallVector<Value> sums(ofStages.getResults().drop_back(3));
  waitForProducts(b, loc, 0, sums);
  releaseStage(ofStages.getResults().back());

  Value group = divide(thread, constant(warpgroup)), firstRow = multiply(group, constant(64));
  Value inGroup = modulo(thread, constant(warpgroup));
  Value outgoing = sharedAt(memory, constant(form.ringBytes()));
  size_t together = form.sumColumns() / 8 * 4;
  for (size_t i = 0; i < sums.size(); i += together) {
    // Nobody reads the sums that were there before; these are there for the warpgroup.
    groupBarrier(b, loc, group, warpgroup);
    shareSums(ArrayRef(sums).slice(i, together), outgoing);
    groupBarrier(b, loc, group, warpgroup);
    storeShared(outgoing, inGroup, warpgroup, 64, firstRow, constant(i / 4 * 8));
  }
  scf::YieldOp::create(b, loc, ofStages.getResults().drop_back().take_back(2));
}

/// Starts the products of a stage: each warpgroup has 64 rows of the tile.
void StagedProduct::startStage(Value stage, MutableArrayRef<Value> sums) {
  Value group = multiply(divide(thread, constant(warpgroup)), constant(64 * lineBytes));
  Value left = tileDescriptor(b, loc, sharedAt(memory, add(stage, group)));
  Value right = tileDescriptor(b, loc, sharedAt(memory, add(stage, constant(form.rows * lineBytes))));
  beginProducts(b, loc);
  for (int64_t piece = 0; piece < lineBytes / 16; piece += 2) { // 32 bytes along k
    auto at = [&](Value tile) {
      Value step = arith::ConstantIntOp::create(b, loc, b.getI64Type(), piece);
      return b.createOrFold<arith::AddIOp>(loc, tile, step);
    };
    startProduct(b, loc, operandType(), at(left), at(right), sums);
  }
  endProducts(b, loc);
}

void StagedProduct::releaseStage(Value stage) {
  auto first = scf::IfOp::create(b, loc, less(lane, constant(1)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(first.thenBlock());
  arriveAt(b, loc, freeBarrier(stage));
}

} // namespace hone
