// If and Loop on the host: scf around dispatches. A region's results are handed out as buffers of
// their own, so that whoever receives one may release it.
#include "lowering/HoneToExec/HostBuilder.h"
#include "lowering/KernelToHost/HostFamily.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static MemRefType typeOf(Value tensor) { return bufferType(cast<RankedTensorType>(tensor.getType())); }

static Type b8(OpBuilder &b) { return b.getI8Type(); }

/// The truth of a one-element i1 tensor.
static Value truth(HostBuilder &host, Value tensor, Location loc) {
  Value memory = host.buffer(tensor), zero = arith::ConstantIndexOp::create(host.b, loc, 0);
  SmallVector<Value> at(cast<MemRefType>(memory.getType()).getRank(), zero);
  Value byte = memref::LoadOp::create(host.b, loc, memory, at);
  return arith::CmpIOp::create(host.b, loc, arith::CmpIPredicate::ne, byte,
                               arith::ConstantIntOp::create(host.b, loc, b8(host.b), 0));
}

Value HostBuilder::own(Value tensor, Block &region, MemRefType type) {
  Location loc = tensor.getLoc();
  Value memory = buffer(tensor), root = tensor;
  while (Operation *op = root.getDefiningOp()) {
    if (!isa<ReshapeOp, SqueezeOp, UnsqueezeOp>(op))
      break;
    root = op->getOperand(0);
  }
  bool mine = root.getParentBlock() == &region && allocated.count(root);
  if (mine) {
    allocated.erase(root); // handed out: not to be released here, nor handed out twice
  } else {
    SmallVector<Value> sizes;
    for (int64_t axis = 0; axis < cast<MemRefType>(memory.getType()).getRank(); ++axis)
      if (cast<MemRefType>(memory.getType()).isDynamicDim(axis))
        sizes.push_back(memref::DimOp::create(b, loc, memory, axis));
    Value copy = exec::AllocOp::create(b, loc, memory.getType(), sizes);
    memref::CopyOp::create(b, loc, memory, copy);
    memory = copy;
  }
  return memory.getType() == type ? memory : memref::CastOp::create(b, loc, type, memory).getResult();
}

void HostBuilder::releaseAllOf(Block &block, Location loc) {
  llvm::SetVector<Value> mine;
  for (auto *owned : {&allocated, &deviceAllocated})
    for (auto [tensor, memory] : *owned)
      if (tensor.getParentBlock() == &block)
        mine.insert(tensor);
  for (Value tensor : mine)
    releaseOf(tensor, loc);
}

/// Copies all of `from` to the elements of `to` that start at `offset`.
void HostBuilder::copyInto(Value from, Value to, Value offset, Location loc) {
  auto flat = [&](Value memory) {
    auto type = cast<MemRefType>(memory.getType());
    Value count = index(1, loc);
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      count = b.createOrFold<arith::MulIOp>(loc, count, b.createOrFold<memref::DimOp>(loc, memory, axis));
    return std::pair(reinterpret(memory, MemRefType::get({ShapedType::kDynamic}, type.getElementType()),
                                 {OpFoldResult(count)}, loc),
                     count);
  };
  auto [source, count] = flat(from);
  auto [target, all] = flat(to);
  auto loop = scf::ForOp::create(b, loc, index(0, loc), count, index(1, loc));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value element = memref::LoadOp::create(b, loc, source, loop.getInductionVar());
  Value at = arith::AddIOp::create(b, loc, offset, loop.getInductionVar());
  memref::StoreOp::create(b, loc, element, target, at);
}

LogicalResult HostBuilder::lowerIf(IfOp op) {
  Location loc = op.getLoc();
  SmallVector<Type> types;
  for (Value result : op.getResults())
    types.push_back(typeOf(result));
  auto branch = scf::IfOp::create(b, loc, types, truth(*this, op.getCondition(), loc), true);
  OpBuilder::InsertionGuard guard(b);
  for (auto [from, to] : {std::pair(&op.getThenRegion(), branch.thenBlock()),
                          std::pair(&op.getElseRegion(), branch.elseBlock())}) {
    if (!to->empty())
      to->back().erase();
    b.setInsertionPointToEnd(to);
    Block &block = from->front();
    if (failed(lowerBlock(block)))
      return failure();
    SmallVector<Value> yields;
    for (auto [value, type] : llvm::zip(block.getTerminator()->getOperands(), types))
      yields.push_back(own(value, block, cast<MemRefType>(type)));
    releaseAllOf(block, loc);
    scf::YieldOp::create(b, loc, yields);
  }
  for (auto [result, memory] : llvm::zip(op.getResults(), branch.getResults()))
    buffers[result] = allocated[result] = memory;
  return success();
}

LogicalResult HostBuilder::lowerLoop(LoopOp op) {
  Location loc = op.getLoc();
  Block &body = op.getBody().front();
  size_t carried = op.getCarried().size(), scanned = op.getNumResults() - carried;
  Value zero = index(0, loc), one = index(1, loc), trips;
  if (op.getTrips())
    trips = arith::MaxSIOp::create(b, loc, size(shapes.element(op.getTrips(), 0), loc), zero);
  if (scanned && !trips)
    return op.emitError("a loop that collects values and has no trip count is not built");

  // Everything carried is owned by the loop: counter, condition, carried buffers. Collected values go to
  // memory for all trips.
  SmallVector<Value> initial = {
      zero, op.getCondition() ? truth(*this, op.getCondition(), loc)
                              : arith::ConstantIntOp::create(b, loc, b.getI1Type(), 1).getResult()};
  SmallVector<Value> stacks;
  for (size_t i = 0; i < carried; ++i) {
    Block nowhere; // nothing is allocated there: always a copy
    initial.push_back(own(op.getCarried()[i], nowhere, typeOf(body.getArgument(i + 2))));
  }
  for (size_t i = 0; i < scanned; ++i) {
    Value value = body.getTerminator()->getOperand(1 + carried + i);
    for (const DimExpr &dim : shapes.dims(value))
      if (!shapes.isVisible(dim, op))
        return op.emitError("a loop that collects values of varying shape is not built");
    SmallVector<Value> sizes = {trips};
    sizes.append(dynamicSizes(value));
    SmallVector<int64_t> shape = {ShapedType::kDynamic};
    llvm::append_range(shape, typeOf(value).getShape());
    stacks.push_back(
        exec::AllocOp::create(b, loc, MemRefType::get(shape, typeOf(value).getElementType()), sizes));
  }

  SmallVector<Type> types(llvm::map_range(initial, [](Value v) { return v.getType(); }));
  SmallVector<Location> places(types.size(), loc);
  auto loop = scf::WhileOp::create(b, loc, types, initial);
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, types, places);
  Value go = before->getArgument(1);
  if (trips)
    go = arith::AndIOp::create(
        b, loc, go, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, before->getArgument(0), trips));
  scf::ConditionOp::create(b, loc, go, before->getArguments());

  Block *after = b.createBlock(&loop.getAfter(), {}, types, places);
  auto scalar = [&](BlockArgument tensor, Value value) {
    Value memory = exec::AllocOp::create(b, loc, typeOf(tensor), ValueRange());
    memref::StoreOp::create(b, loc, value, memory, SmallVector<Value>(typeOf(tensor).getRank(), zero));
    buffers[tensor] = memory;
    return memory;
  };
  Value counter = after->getArgument(0);
  Value iteration = scalar(body.getArgument(0), arith::IndexCastOp::create(b, loc, b.getI64Type(), counter));
  Value condition = scalar(body.getArgument(1), arith::ConstantIntOp::create(b, loc, b8(b), 1));
  for (size_t i = 0; i < carried; ++i)
    buffers[body.getArgument(i + 2)] = after->getArgument(i + 2);
  if (failed(lowerBlock(body)))
    return failure();

  ValueRange yielded = body.getTerminator()->getOperands();
  SmallVector<Value> next = {arith::AddIOp::create(b, loc, counter, one), truth(*this, yielded[0], loc)};
  for (size_t i = 0; i < scanned; ++i) {
    Value value = buffer(yielded[1 + carried + i]);
    auto type = cast<MemRefType>(stacks[i].getType());
    Value offset = counter;
    for (int64_t axis = 1; axis < type.getRank(); ++axis)
      offset =
          b.createOrFold<arith::MulIOp>(loc, offset, b.createOrFold<memref::DimOp>(loc, stacks[i], axis));
    copyInto(value, stacks[i], offset, loc);
  }
  for (size_t i = 0; i < carried; ++i)
    next.push_back(own(yielded[i + 1], body, typeOf(body.getArgument(i + 2))));
  for (size_t i = 0; i < carried; ++i)
    exec::ReleaseOp::create(b, loc, after->getArgument(i + 2));
  exec::ReleaseOp::create(b, loc, iteration);
  exec::ReleaseOp::create(b, loc, condition);
  releaseAllOf(body, loc);
  scf::YieldOp::create(b, loc, next);

  b.setInsertionPointAfter(loop);
  for (size_t i = 0; i < carried; ++i) {
    Value memory = loop.getResult(i + 2);
    MemRefType type = typeOf(op.getResult(i));
    buffers[op.getResult(i)] = allocated[op.getResult(i)] =
        memory.getType() == type ? memory : memref::CastOp::create(b, loc, type, memory).getResult();
  }
  for (size_t i = 0; i < scanned; ++i) {
    // Fewer trips than allowed: a shorter view of the same memory.
    auto type = cast<MemRefType>(stacks[i].getType());
    SmallVector<OpFoldResult> sizes = {OpFoldResult(loop.getResult(0))};
    for (int64_t axis = 1; axis < type.getRank(); ++axis)
      sizes.push_back(type.isDynamicDim(axis)
                          ? OpFoldResult(memref::DimOp::create(b, loc, stacks[i], axis).getResult())
                          : OpFoldResult(b.getIndexAttr(type.getDimSize(axis))));
    Value result = op.getResult(carried + i), memory = reinterpret(stacks[i], type, sizes, loc);
    if (memory.getType() != typeOf(result)) // the number of trips is known
      memory = memref::CastOp::create(b, loc, typeOf(result), memory);
    buffers[result] = allocated[result] = memory;
  }
  return success();
}

} // namespace hone
