// Loops over a row are written as if a lane worked alone. Those that do not depend on the element are moved
// in front of it, and then shared: each lane reduces every 32nd value, and shuffles combine the lanes.
#include "lowering/KernelToCuda/Rows.h"
#include "lowering/kernels/RegionBuilder.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {
constexpr int64_t lanes = 32, warpsPerBlock = 8, blocksPerSm = 8;
constexpr int64_t leastReduced = 32; // values below which a thread does better alone
} // namespace

std::optional<int64_t> rowAxis(KernelOp kernel) {
  std::optional<int64_t> axis;
  Block &body = kernel.getBody().front();
  for (Operation &op : body.without_terminator()) {
    auto sizeOf = [](Value tensor, int64_t at) {
      return cast<RankedTensorType>(tensor.getType()).getDimSize(at);
    };
    std::optional<int64_t> mine;
    int64_t reduced = 1;
    if (auto softmax = dyn_cast<SoftmaxOp>(op)) {
      mine = softmax.getAxis();
      reduced = sizeOf(softmax.getInput(), *mine);
    } else if (isa<LayerNormOp, RmsNormOp>(op)) {
      mine = cast<RankedTensorType>(op.getOperand(0).getType()).getRank() - 1;
      reduced = sizeOf(op.getOperand(0), *mine);
    } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
      mine = -1;
      for (int64_t at : reduce.getAxes())
        if (int64_t size = sizeOf(reduce.getInput(), at); ShapedType::isDynamic(size) || reduced < 0)
          reduced = ShapedType::kDynamic;
        else
          reduced *= size;
    } else {
      continue;
    }
    if (axis || (reduced >= 0 && reduced < leastReduced))
      return std::nullopt;
    axis = mine;
  }
  // All results run over the same rows.
  for (size_t i = 0; axis && i < kernel.getNumResults(); ++i) {
    auto type = cast<RankedTensorType>(kernel.getResult(i).getType());
    Attribute dims = kernel.getDims()[kernel.getNumOperands() + i];
    if (isPacked(type.getElementType()) || dims != kernel.getDims()[kernel.getNumOperands()])
      return std::nullopt;
  }
  return axis;
}

//===-- reductions by all lanes ------------------------------------------------===//

/// The value that changes nothing, for operations that may combine in any order; null for others.
static Attribute neutralOf(OpBuilder &b, Operation *op) {
  if (op->getNumOperands() != 2 || op->getNumResults() != 1)
    return {};
  Type type = op->getResult(0).getType();
  if (auto real = dyn_cast<FloatType>(type)) {
    if (isa<arith::AddFOp>(op))
      return b.getFloatAttr(real, 0.0);
    if (isa<arith::MulFOp>(op))
      return b.getFloatAttr(real, 1.0);
    if (isa<arith::MaximumFOp, arith::MinimumFOp>(op))
      return b.getFloatAttr(real, APFloat::getInf(real.getFloatSemantics(), isa<arith::MaximumFOp>(op)));
    return {};
  }
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return {};
  unsigned bits = integer.getWidth();
  if (isa<arith::AddIOp, arith::MaxUIOp, arith::OrIOp>(op))
    return b.getIntegerAttr(type, APInt::getZero(bits));
  if (isa<arith::MulIOp>(op))
    return b.getIntegerAttr(type, APInt(bits, 1));
  if (isa<arith::MaxSIOp>(op))
    return b.getIntegerAttr(type, APInt::getSignedMinValue(bits));
  if (isa<arith::MinSIOp>(op))
    return b.getIntegerAttr(type, APInt::getSignedMaxValue(bits));
  if (isa<arith::MinUIOp, arith::AndIOp>(op))
    return b.getIntegerAttr(type, APInt::getAllOnes(bits));
  return {};
}

/// The operation that folds a loop's values into its only carried one; null when there is no such.
static Operation *combinerOf(scf::ForOp loop) {
  if (loop.getNumRegionIterArgs() != 1 || !matchPattern(loop.getLowerBound(), m_Zero()) ||
      !matchPattern(loop.getStep(), m_One()))
    return nullptr;
  BlockArgument carried = loop.getRegionIterArg(0);
  Operation *op = loop.getBody()->getTerminator()->getOperand(0).getDefiningOp();
  if (!op || op->getBlock() != loop.getBody() || op->getNumOperands() != 2 || !carried.hasOneUse() ||
      *carried.user_begin() != op || op->getOperand(0) == op->getOperand(1))
    return nullptr;
  OpBuilder b(op);
  return neutralOf(b, op) ? op : nullptr;
}

/// The value of the lane whose number differs in the bits of `offset`.
static Value exchange(OpBuilder &b, Location loc, Value value, int64_t offset) {
  Type type = value.getType();
  auto number = [&](int64_t n) {
    return arith::ConstantIntOp::create(b, loc, b.getI32Type(), n).getResult();
  };
  auto shuffle = [&](Value word) -> Value {
    return NVVM::ShflOp::create(b, loc, word.getType(), number(-1), word, number(offset), number(31),
                                NVVM::ShflKind::bfly, UnitAttr());
  };
  if (type.isF32() || type.isInteger(32))
    return shuffle(value);
  unsigned bits = type.getIntOrFloatBitWidth();
  Type whole = b.getIntegerType(bits);
  Value raw = type == whole ? value : arith::BitcastOp::create(b, loc, whole, value).getResult();
  if (bits < 32) {
    raw =
        arith::TruncIOp::create(b, loc, whole, shuffle(arith::ExtUIOp::create(b, loc, b.getI32Type(), raw)));
  } else {
    Value high = arith::ShRUIOp::create(b, loc, raw, arith::ConstantIntOp::create(b, loc, whole, 32));
    auto half = [&](Value part) -> Value {
      return arith::ExtUIOp::create(b, loc, whole,
                                    shuffle(arith::TruncIOp::create(b, loc, b.getI32Type(), part)));
    };
    Value low = half(raw);
    high = arith::ShLIOp::create(b, loc, half(high), arith::ConstantIntOp::create(b, loc, whole, 32));
    raw = arith::OrIOp::create(b, loc, high, low);
  }
  return type == whole ? raw : arith::BitcastOp::create(b, loc, type, raw).getResult();
}

/// Spreads a loop over the lanes; every lane has the result.
static void share(scf::ForOp loop, Operation *combiner, Value lane) {
  OpBuilder b(loop);
  Location loc = loop.getLoc();
  Value initial = loop.getInitArgs()[0];
  Value neutral = arith::ConstantOp::create(b, loc, cast<TypedAttr>(neutralOf(b, combiner)));
  loop.getInitArgsMutable()[0].set(neutral);
  loop.getLowerBoundMutable().set(lane);
  loop.getStepMutable().set(arith::ConstantIndexOp::create(b, loc, lanes));
  b.setInsertionPointAfter(loop);
  auto combine = [&](Value x, Value y) {
    Operation *copy = b.clone(*combiner);
    copy->setOperands({x, y});
    return copy->getResult(0);
  };
  Value total = loop.getResult(0);
  SmallVector<OpOperand *> readers(llvm::map_range(total.getUses(), [](OpOperand &use) { return &use; }));
  for (int64_t offset = lanes / 2; offset; offset /= 2)
    total = combine(total, exchange(b, loc, total, offset));
  total = combine(initial, total);
  for (OpOperand *reader : readers)
    reader->set(total);
}

/// Shares the outermost loops of `block` that can be.
static void shareLoops(Block &block, Value lane, Operation *except) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    auto loop = dyn_cast<scf::ForOp>(op);
    if (!loop || &op == except)
      continue;
    if (Operation *combiner = combinerOf(loop))
      share(loop, combiner, lane);
    else
      shareLoops(*loop.getBody(), lane, nullptr);
  }
}

//===-- what is the same for a row -----------------------------------------------===//

/// Adds to `slice` the ops of the loop's body that `op` needs. False when one depends on the loop's position
/// or does more than compute and read.
static bool collect(scf::ForOp elements, Operation *op, llvm::SetVector<Operation *> &slice) {
  if (slice.contains(op))
    return true;
  bool computesOnly = true;
  op->walk([&](Operation *inner) {
    computesOnly &= isMemoryEffectFree(inner) || isa<memref::LoadOp, scf::ForOp>(inner);
  });
  if (!computesOnly)
    return false;
  llvm::SetVector<Value> used(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  for (Value value : used) {
    if (value == elements.getInductionVar())
      return false;
    if (Operation *made = value.getDefiningOp(); made && made->getBlock() == elements.getBody())
      if (!collect(elements, made, slice))
        return false;
  }
  slice.insert(op);
  return true;
}

/// Moves loops that are the same for every element in front of the loop over the elements.
static void hoistLoops(scf::ForOp elements) {
  for (Operation &op : llvm::make_early_inc_range(elements.getBody()->without_terminator())) {
    llvm::SetVector<Operation *> slice;
    if (isa<scf::ForOp>(op) && collect(elements, &op, slice))
      for (Operation *part : slice)
        part->moveBefore(elements);
  }
}

//===-- the kernel ---------------------------------------------------------------===//

/// The number of rows: the product of the sizes but that of `axis`.
static Value countRows(OpBuilder &b, Location loc, Value buffer, int64_t axis) {
  Value count = arith::ConstantIndexOp::create(b, loc, 1);
  for (int64_t at = 0; at < cast<MemRefType>(buffer.getType()).getRank(); ++at)
    if (at != axis)
      count = b.createOrFold<arith::MulIOp>(loc, count, b.createOrFold<memref::DimOp>(loc, buffer, at));
  return count;
}

void emitRows(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, int64_t axis) {
  auto constant = [&](int64_t n) -> Value { return arith::ConstantIndexOp::create(b, loc, n); };
  Value thread = threadIndex(b, loc), width = constant(lanes);
  Value lane = arith::RemUIOp::create(b, loc, thread, width);
  Value perBlock = constant(warpsPerBlock);
  Value warp = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, blockIndex(b, loc), perBlock),
                                     arith::DivUIOp::create(b, loc, thread, width));
  Value warps = arith::MulIOp::create(b, loc, gridSize(b, loc), perBlock);
  for (size_t i = 0; i < kernel.getNumResults(); ++i) {
    Value buffer = buffers[kernel.getNumOperands() + i];
    int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
    auto rows = scf::ForOp::create(b, loc, warp, countRows(b, loc, buffer, axis), warps);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(rows.getBody());
    SmallVector<Value> indices(rank);
    Value rest = rows.getInductionVar();
    for (int64_t at = rank; at-- > 0;) {
      if (at == axis)
        continue;
      Value size = b.createOrFold<memref::DimOp>(loc, buffer, at);
      indices[at] = arith::RemUIOp::create(b, loc, rest, size);
      rest = arith::DivUIOp::create(b, loc, rest, size);
    }
    if (axis >= 0) {
      auto elements =
          scf::ForOp::create(b, loc, lane, b.createOrFold<memref::DimOp>(loc, buffer, axis), width);
      indices[axis] = elements.getInductionVar();
      b.setInsertionPointToStart(elements.getBody());
      emitElement(b, loc, kernel, buffers, i, indices);
      hoistLoops(elements);
      shareLoops(*rows.getBody(), lane, elements);
    } else {
      Value element = pullElement(b, loc, kernel, buffers, i, indices);
      Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, lane, constant(0));
      auto once = scf::IfOp::create(b, loc, isFirst);
      b.setInsertionPointToStart(once.thenBlock());
      memref::StoreOp::create(b, loc, element, buffer, indices);
      shareLoops(*rows.getBody(), lane, nullptr);
    }
  }
}

CudaLaunch launchRows(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, int64_t axis,
                      TargetAttr device) {
  auto constant = [&](int64_t n) -> Value { return arith::ConstantIndexOp::create(b, loc, n); };
  Value rows = countRows(b, loc, buffers[kernel.getNumOperands()], axis);
  Value blocks = b.createOrFold<arith::CeilDivUIOp>(loc, rows, constant(warpsPerBlock));
  Value limit = constant(std::max<int64_t>(device.fact("sms"), 1) * blocksPerSm);
  return {b.createOrFold<arith::MinUIOp>(loc, blocks, limit), constant(1), constant(1), lanes * warpsPerBlock,
          0};
}

} // namespace hone
