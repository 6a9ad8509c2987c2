// The loops of a product by tiles. Operands are pulled, so unpacking, casts and transposes in front cost
// nothing extra; the epilogue is pulled with the sum in the root's place.
#include "lowering/KernelToCuda/TileProduct.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

void TileProduct::emit() {
  size = sizes();
  // The block's tile, and its position in the batch.
  Value across = arith::CeilDivUIOp::create(b, loc, size.n, constant(columns)),
        down = arith::CeilDivUIOp::create(b, loc, size.m, constant(form.rows()));
  Value rest = blockIndex(b, loc);
  column0 = multiply(modulo(rest, across), constant(columns));
  rest = divide(rest, across);
  row0 = multiply(modulo(rest, down), constant(form.rows()));
  enterBatch(divide(rest, down));
  thread = threadIndex(b, loc);
  form.tensorCore ? emitTensor() : emitScalar();
}

//===-- operands in shared memory ------------------------------------------------===//

TileProduct::Tile TileProduct::makeTile(bool isLeft, int64_t depth, bool depthFirst, int64_t padding,
                                        Type element) {
  Tile tile{{}, isLeft, depthFirst, depth, isLeft ? form.rows() : columns};
  int64_t shape[] = {depthFirst ? depth : tile.width, (depthFirst ? tile.width : depth) + padding};
  tile.memory = shared(isLeft ? "_left" : "_right", shape, element);
  return tile;
}

/// Copies the part of an operand at k0 into its tile, with 0 outside of the operand.
void TileProduct::fill(const Tile &tile, Value k0) {
  bool alongWidth = tile.isLeft ? leftRunsAlongRows() : rightRunsAlongColumns();
  Type type = cast<MemRefType>(tile.memory.getType()).getElementType();
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(tile.width * tile.depth / form.threads()),
                                 constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value number = add(multiply(loop.getInductionVar(), constant(form.threads())), thread);
  Value fast = constant(alongWidth ? tile.width : tile.depth);
  Value x = modulo(number, fast), y = divide(number, fast);
  Value position = alongWidth ? x : y, step = alongWidth ? y : x;
  Value outer = add(tile.isLeft ? row0 : column0, position), k = add(k0, step);
  Value isInside = arith::AndIOp::create(
      b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, outer, tile.isLeft ? size.m : size.n),
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, k, size.k));
  auto choice = scf::IfOp::create(b, loc, type, isInside, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(b, loc, zero(type));
    b.setInsertionPointToStart(choice.thenBlock());
    RegionBuilder region(b, loc, kernel, buffers);
    Value element = tile.isLeft ? left(region, outer, k) : right(region, k, outer);
    scf::YieldOp::create(b, loc, element.getType() == type ? element : widened(element));
  }
  Value indices[] = {tile.depthFirst ? step : position, tile.depthFirst ? position : step};
  memref::StoreOp::create(b, loc, choice.getResult(0), tile.memory, indices);
}

/// At the end of a step: nobody fills the tiles while others read them.
void TileProduct::leaveTiles(int64_t depth) {
  if (std::optional<int64_t> all = getConstantIntValue(size.k); !all || *all > depth)
    barrier();
}

//===-- the way out ----------------------------------------------------------------===//

Value TileProduct::sumTile() { return shared("_sums", {form.rows(), columns + own}, b.getF32Type()); }

/// Sums leave through shared memory: so the epilogue is written out once and not for every sum of a thread,
/// which would take more registers than there are.
void TileProduct::storeTile(Value memory) {
  barrier();
  Value perRow = constant(columns / own);
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(form.rows() * columns / own / form.threads()),
                                 constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value number = add(multiply(loop.getInductionVar(), constant(form.threads())), thread);
  Value indices[] = {divide(number, perRow), multiply(modulo(number, perRow), constant(own))};
  auto piece = vector::LoadOp::create(b, loc, VectorType::get({own}, b.getF32Type()), memory, indices);
  piece->setAttr("alignment", b.getI64IntegerAttr(16));
  SmallVector<Value> sums;
  for (int64_t i = 0; i < own; ++i)
    sums.push_back(vector::ExtractOp::create(b, loc, piece, ArrayRef<int64_t>{i}));
  store(sums, add(row0, indices[0]), add(column0, indices[1]));
}

//===-- f32 ----------------------------------------------------------------------===//

void TileProduct::emitScalar() {
  constexpr int64_t depth = 16;
  Type f32 = b.getF32Type();
  Value perRow = constant(columns / own);
  Value myRow = multiply(divide(thread, perRow), constant(own)),
        myColumn = multiply(modulo(thread, perRow), constant(own));
  Tile tiles[] = {makeTile(true, depth, true, 0, f32), makeTile(false, depth, true, 0, f32)};

  auto vector = VectorType::get({own}, f32);
  SmallVector<Value> sums(own, arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, 0.0f)));
  auto steps = scf::ForOp::create(b, loc, constant(0), size.k, constant(depth), sums);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(steps.getBody());
    for (const Tile &tile : tiles)
      fill(tile, steps.getInductionVar());
    barrier();
    auto inner =
        scf::ForOp::create(b, loc, constant(0), constant(depth), constant(1), steps.getRegionIterArgs());
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(inner.getBody());
      auto part = [&](const Tile &tile, Value from) {
        Value indices[] = {inner.getInductionVar(), from};
        auto load = vector::LoadOp::create(b, loc, vector, tile.memory, indices);
        load->setAttr("alignment", b.getI64IntegerAttr(16)); // rows of the tiles are multiples of it
        return load.getResult();
      };
      Value mine = part(tiles[0], myRow), others = part(tiles[1], myColumn);
      SmallVector<Value> next;
      for (int64_t i = 0; i < own; ++i) {
        Value scalar = vector::ExtractOp::create(b, loc, mine, ArrayRef<int64_t>{i});
        next.push_back(math::FmaOp::create(b, loc, vector::BroadcastOp::create(b, loc, vector, scalar),
                                           others, inner.getRegionIterArg(i)));
      }
      scf::YieldOp::create(b, loc, next);
    }
    leaveTiles(depth);
    scf::YieldOp::create(b, loc, inner.getResults());
  }
  Value memory = sumTile();
  for (int64_t i = 0; i < own; ++i) {
    Value indices[] = {add(myRow, constant(i)), myColumn};
    auto kept = vector::StoreOp::create(b, loc, steps.getResult(i), memory, indices);
    kept->setAttr("alignment", b.getI64IntegerAttr(16));
  }
  storeTile(memory);
}

//===-- tensor cores ---------------------------------------------------------------===//

/// Two neighbours along k as a register of mma.sync: a vector of f16, the bits of bf16.
Value TileProduct::pair(const Tile &tile, Value row, Value k) {
  auto vector = VectorType::get({2}, elementType());
  Value indices[] = {row, k};
  auto load = vector::LoadOp::create(b, loc, vector, tile.memory, indices);
  load->setAttr("alignment", b.getI64IntegerAttr(4)); // k is even, and so are the tile's rows
  return pairRegister(load);
}

/// Four warps share the tile.
void TileProduct::emitTensor() {
  constexpr int64_t depth = 32, padding = 8; // 80 bytes a row: the 8 rows of a load lie in different banks
  int64_t warpsDown = form.manyRows ? 2 : 1, warpsAcross = form.manyRows ? 2 : 4;
  int64_t high = form.rows() / warpsDown / 16, wide = columns / warpsAcross / 8; // mma tiles of a warp
  Value lane = modulo(thread, constant(32)), warp = divide(thread, constant(32));
  Value g = divide(lane, constant(4)), t2 = multiply(modulo(lane, constant(4)), constant(2));
  Value firstRow = add(multiply(divide(warp, constant(warpsAcross)), constant(16 * high)), g),
        warpColumn = multiply(modulo(warp, constant(warpsAcross)), constant(8 * wide));
  Tile a = makeTile(true, depth, false, padding, elementType()),
       c = makeTile(false, depth, false, padding, elementType());

  Type f32 = b.getF32Type();
  SmallVector<Value> sums(4 * high * wide, zero(f32));
  auto steps = scf::ForOp::create(b, loc, constant(0), size.k, constant(depth), sums);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(steps.getBody());
    fill(a, steps.getInductionVar());
    fill(c, steps.getInductionVar());
    barrier();
    SmallVector<Value> next(steps.getRegionIterArgs());
    for (int64_t k = 0; k < depth; k += 16) {
      Value near = add(t2, constant(k)), far = add(near, constant(8));
      SmallVector<SmallVector<Value>> left(high), right(wide);
      for (int64_t i = 0; i < high; ++i) {
        Value upper = add(firstRow, constant(16 * i)), lower = add(upper, constant(8));
        left[i] = {pair(a, upper, near), pair(a, lower, near), pair(a, upper, far), pair(a, lower, far)};
      }
      for (int64_t j = 0; j < wide; ++j) {
        Value column = add(add(warpColumn, constant(8 * j)), g);
        right[j] = {pair(c, column, near), pair(c, column, far)};
      }
      for (int64_t i = 0; i < high; ++i)
        for (int64_t j = 0; j < wide; ++j)
          multiplyTile(left[i], right[j], MutableArrayRef<Value>(next).slice(4 * (i * wide + j), 4),
                       elementType());
    }
    leaveTiles(depth);
    scf::YieldOp::create(b, loc, next);
  }
  Value memory = sumTile();
  for (int64_t i = 0; i < high; ++i)
    for (int64_t j = 0; j < wide; ++j)
      for (int64_t n = 0; n < 4; ++n) {
        Value indices[] = {add(firstRow, constant(16 * i + n / 2 * 8)),
                           add(add(warpColumn, constant(8 * j + n % 2)), t2)};
        memref::StoreOp::create(b, loc, steps.getResult(4 * (i * wide + j) + n), memory, indices);
      }
  storeTile(memory);
}

CudaLaunch TileProduct::launch(OpBuilder &b, Location loc, Value batch, Value m, Value n, Form form) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  Value blocks = b.createOrFold<arith::MulIOp>(
      loc, batch, b.createOrFold<arith::CeilDivUIOp>(loc, m, constant(form.rows())));
  blocks = b.createOrFold<arith::MulIOp>(loc, blocks,
                                         b.createOrFold<arith::CeilDivUIOp>(loc, n, constant(columns)));
  return {blocks, constant(1), constant(1), form.threads(), 0};
}

} // namespace hone
