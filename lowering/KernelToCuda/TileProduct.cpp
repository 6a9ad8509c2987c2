// The loops of a product by tiles. Operands are pulled, so unpacking, casts and transposes in front cost
// nothing extra; the epilogue is pulled with the sum in the root's place.
#include "lowering/KernelToCuda/TileProduct.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

Value TileProduct::constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
Value TileProduct::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value TileProduct::multiply(Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); }
Value TileProduct::divide(Value x, Value y) { return b.createOrFold<arith::DivUIOp>(loc, x, y); }
Value TileProduct::modulo(Value x, Value y) { return b.createOrFold<arith::RemUIOp>(loc, x, y); }
Value TileProduct::widened(Value element) {
  return element.getType().isF32() ? element
                                   : arith::ExtFOp::create(b, loc, b.getF32Type(), element).getResult();
}

void TileProduct::emit() {
  Value zero = constant(0);
  size = sizes();
  // The block's tile, and its position in the batch.
  Value across = arith::CeilDivUIOp::create(b, loc, size.n, constant(columns)),
        down = arith::CeilDivUIOp::create(b, loc, size.m, constant(rows));
  Value rest = blockIndex(b, loc);
  column0 = multiply(modulo(rest, across), constant(columns));
  rest = divide(rest, across);
  row0 = multiply(modulo(rest, down), constant(rows));
  enterBatch(divide(rest, down));

  thread = threadIndex(b, loc);
  Value perRow = constant(columns / own);
  Value myRow = multiply(divide(thread, perRow), constant(own)),
        myColumn = multiply(modulo(thread, perRow), constant(own));
  Value tileA = shared("left", rows), tileB = shared("right", columns);

  auto vector = VectorType::get({own}, b.getF32Type());
  SmallVector<Value> sums(own, arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, 0.0f)));
  auto steps = scf::ForOp::create(b, loc, zero, size.k, constant(depth), sums);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(steps.getBody());
    fill(tileA, true, row0, steps.getInductionVar());
    fill(tileB, false, column0, steps.getInductionVar());
    NVVM::Barrier0Op::create(b, loc);
    auto inner = scf::ForOp::create(b, loc, zero, constant(depth), constant(1), steps.getRegionIterArgs());
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(inner.getBody());
      auto part = [&](Value tile, Value from) {
        Value indices[] = {inner.getInductionVar(), from};
        auto load = vector::LoadOp::create(b, loc, vector, tile, indices);
        load->setAttr("alignment", b.getI64IntegerAttr(16)); // rows of the tiles are multiples of it
        return load.getResult();
      };
      Value mine = part(tileA, myRow), others = part(tileB, myColumn);
      SmallVector<Value> next;
      for (int64_t i = 0; i < own; ++i) {
        Value scalar = vector::ExtractOp::create(b, loc, mine, ArrayRef<int64_t>{i});
        next.push_back(math::FmaOp::create(b, loc, vector::BroadcastOp::create(b, loc, vector, scalar),
                                           others, inner.getRegionIterArg(i)));
      }
      scf::YieldOp::create(b, loc, next);
    }
    NVVM::Barrier0Op::create(b, loc); // nobody fills the tiles while others read them
    scf::YieldOp::create(b, loc, inner.getResults());
  }
  finish(steps.getResults(), myRow, myColumn);
}

/// A tile [depth, width] of f32 in shared memory.
Value TileProduct::shared(StringRef name, int64_t width) {
  auto function = cast<func::FuncOp>(b.getInsertionBlock()->getParentOp());
  auto type =
      MemRefType::get({depth, width}, b.getF32Type(), MemRefLayoutAttrInterface(), b.getI64IntegerAttr(3));
  std::string symbol = (function.getName() + "_" + name).str();
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(function);
    memref::GlobalOp::create(b, loc, symbol, b.getStringAttr("private"), type, b.getUnitAttr(),
                             /*constant=*/false, b.getI64IntegerAttr(16));
  }
  return memref::GetGlobalOp::create(b, loc, type, symbol);
}

/// Copies the tile of an operand at (first, k0) into shared memory, with 0 outside of the operand.
void TileProduct::fill(Value tile, bool isLeft, Value first, Value k0) {
  int64_t width = isLeft ? rows : columns;
  bool alongWidth = isLeft ? leftRunsAlongRows() : rightRunsAlongColumns();
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(width * depth / threads), constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value number = add(multiply(loop.getInductionVar(), constant(threads)), thread);
  Value fast = constant(alongWidth ? width : depth);
  Value x = modulo(number, fast), y = divide(number, fast);
  Value position = alongWidth ? x : y, step = alongWidth ? y : x;
  Value outer = add(first, position), k = add(k0, step);
  Value isInside = arith::AndIOp::create(
      b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, outer, isLeft ? size.m : size.n),
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, k, size.k));
  auto choice = scf::IfOp::create(b, loc, b.getF32Type(), isInside, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(b, loc, ValueRange{arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0))});
    b.setInsertionPointToStart(choice.thenBlock());
    RegionBuilder region(b, loc, kernel, buffers);
    scf::YieldOp::create(b, loc, widened(isLeft ? left(region, outer, k) : right(region, k, outer)));
  }
  memref::StoreOp::create(b, loc, choice.getResult(0), tile, ValueRange{step, position});
}

/// Puts the thread's sums through the epilogue and stores them.
void TileProduct::finish(ValueRange sums, Value myRow, Value myColumn) {
  Block &body = kernel.getBody().front();
  auto type = cast<RankedTensorType>(root.getType());
  for (int64_t i = 0; i < own; ++i)
    for (int64_t j = 0; j < own; ++j) {
      Value row = add(row0, add(myRow, constant(i))), column = add(column0, add(myColumn, constant(j)));
      Value isInside =
          arith::AndIOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, row, size.m),
                                arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, column, size.n));
      Value sum = vector::ExtractOp::create(b, loc, sums[i], ArrayRef<int64_t>{j});
      auto store = scf::IfOp::create(b, loc, isInside);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(store.thenBlock());
      RegionBuilder region(b, loc, kernel, buffers);
      sum = complete(region, sum, row);
      if (!type.getElementType().isF32())
        sum = arith::TruncFOp::create(b, loc, type.getElementType(), sum);
      SmallVector<Value> indices = resultIndices(row, column), clipped(indices);
      region.define(root, indices, sum);
      // Readers ask for index 0 where a size is 1.
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        if (type.getDimSize(axis) == 1)
          clipped[axis] = constant(0);
      region.define(root, clipped, sum);
      for (auto [index, value] : llvm::enumerate(body.getTerminator()->getOperands()))
        memref::StoreOp::create(b, loc, region.storedElement(value, indices),
                                buffers[kernel.getNumOperands() + index], indices);
    }
}

CudaLaunch TileProduct::launch(OpBuilder &b, Location loc, Value batch, Value m, Value n, bool manyRows) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  Value blocks = b.createOrFold<arith::MulIOp>(
      loc, batch, b.createOrFold<arith::CeilDivUIOp>(loc, m, constant(rowsOfTile(manyRows))));
  blocks = b.createOrFold<arith::MulIOp>(loc, blocks,
                                         b.createOrFold<arith::CeilDivUIOp>(loc, n, constant(columns)));
  return {blocks, constant(1), constant(1), threadsOf(manyRows), 0};
}

} // namespace hone
