// Short forms over arith, vector, scf and memref.
#include "lowering/KernelToHost/VectorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace hone {

VectorBuilder::VectorBuilder(OpBuilder &b, Location loc, mlir::hone::TargetAttr target)
    : b(b), loc(loc), avx512(target && target.fact("avx512")), vnni(avx512 && target.fact("vnni")),
      lanes(avx512 ? 16 : 8) {}

//===-- index arithmetic ---------------------------------------------------------===//

Value VectorBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
Value VectorBuilder::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value VectorBuilder::add(Value x, int64_t y) { return y ? add(x, index(y)) : x; }
Value VectorBuilder::sub(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value VectorBuilder::mul(Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); }
Value VectorBuilder::mul(Value x, int64_t y) { return mul(x, index(y)); }
Value VectorBuilder::div(Value x, Value y) { return b.createOrFold<arith::DivUIOp>(loc, x, y); }
Value VectorBuilder::div(Value x, int64_t y) { return div(x, index(y)); }
Value VectorBuilder::rem(Value x, Value y) { return b.createOrFold<arith::RemUIOp>(loc, x, y); }
Value VectorBuilder::rem(Value x, int64_t y) { return rem(x, index(y)); }
Value VectorBuilder::ceilDiv(Value x, int64_t y) { return div(add(x, y - 1), y); }
Value VectorBuilder::min(Value x, Value y) { return b.createOrFold<arith::MinUIOp>(loc, x, y); }
Value VectorBuilder::equal(Value x, int64_t y) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, x, index(y));
}
Value VectorBuilder::less(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, x, y);
}
Value VectorBuilder::signedMin(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(loc, x, y); }
Value VectorBuilder::signedMax(Value x, Value y) { return b.createOrFold<arith::MaxSIOp>(loc, x, y); }
Value VectorBuilder::select(Value condition, Value x, Value y) {
  return b.createOrFold<arith::SelectOp>(loc, condition, x, y);
}
Value VectorBuilder::roundDown(Value x, int64_t y) { return mul(div(x, y), y); }

//===-- vectors ------------------------------------------------------------------===//

Value VectorBuilder::constant(Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr attribute = isa<FloatType>(element) ? TypedAttr(b.getFloatAttr(element, value))
                                                : TypedAttr(b.getIntegerAttr(element, int64_t(value)));
  if (auto vector = dyn_cast<VectorType>(type))
    attribute = DenseElementsAttr::get(vector, Attribute(attribute));
  return arith::ConstantOp::create(b, loc, attribute);
}
Value VectorBuilder::load(VectorType type, Value memory, ValueRange at) {
  return vector::LoadOp::create(b, loc, type, memory, at);
}
Value VectorBuilder::load(VectorType type, Value memory, ValueRange at, Value mask, Value others) {
  if (!mask)
    return load(type, memory, at);
  return vector::MaskedLoadOp::create(b, loc, type, memory, at, mask, others ? others : constant(type, 0));
}
void VectorBuilder::store(Value vector, Value memory, ValueRange at, Value mask) {
  if (mask)
    vector::MaskedStoreOp::create(b, loc, memory, at, mask, vector);
  else
    vector::StoreOp::create(b, loc, vector, memory, at);
}
Value VectorBuilder::splat(Value scalar, int64_t size) {
  return vector::BroadcastOp::create(b, loc, vector(scalar.getType(), size), scalar);
}
Value VectorBuilder::loadSplat(Value memory, ValueRange at) {
  return splat(memref::LoadOp::create(b, loc, memory, at));
}
Value VectorBuilder::fma(Value x, Value y, Value sum) { return vector::FMAOp::create(b, loc, x, y, sum); }
Value VectorBuilder::bitcast(Value x, VectorType type) {
  return x.getType() == type ? x : vector::BitCastOp::create(b, loc, type, x).getResult();
}
VectorBuilder::Values VectorBuilder::transpose(Values rows) {
  // Butterflies: step s swaps bit s of the row number with bit s of the lane number.
  for (int64_t step = 1; step < lanes; step *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      low.push_back(lane & step ? lanes + lane - step : lane);
      high.push_back(lane & step ? lanes + lane : lane + step);
    }
    Values next(lanes);
    for (int64_t i = 0; i < lanes; ++i)
      if (!(i & step)) {
        next[i] = vector::ShuffleOp::create(b, loc, rows[i], rows[i + step], low);
        next[i + step] = vector::ShuffleOp::create(b, loc, rows[i], rows[i + step], high);
      }
    rows = next;
  }
  return rows;
}
Value VectorBuilder::sumOfEach(Values rows) {
  // The butterflies of a transpose, with both halves added: each step leaves half of the registers.
  for (int64_t step = 1; step < lanes; step *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      low.push_back(lane & step ? lanes + lane - step : lane);
      high.push_back(lane & step ? lanes + lane : lane + step);
    }
    Values next;
    for (size_t i = 0; i < rows.size(); i += 2)
      next.push_back(arith::AddFOp::create(b, loc,
                                           vector::ShuffleOp::create(b, loc, rows[i], rows[i + 1], low),
                                           vector::ShuffleOp::create(b, loc, rows[i], rows[i + 1], high)));
    rows = next;
  }
  return rows[0];
}
Value VectorBuilder::maskOf(Value count) {
  return vector::CreateMaskOp::create(b, loc, vector(b.getI1Type()), count);
}
Value VectorBuilder::maskOf(Value from, Value to, int64_t shift) {
  SmallVector<int32_t> numbers;
  for (int64_t lane = 0; lane < lanes; ++lane)
    numbers.push_back(int32_t(lane + shift));
  Value lane = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(i32(), ArrayRef(numbers)));
  auto compare = [&](arith::CmpIPredicate predicate, Value bound) -> Value {
    Value narrow = b.createOrFold<arith::IndexCastOp>(loc, b.getI32Type(), bound);
    return arith::CmpIOp::create(b, loc, predicate, lane, splat(narrow));
  };
  return arith::AndIOp::create(b, loc, compare(arith::CmpIPredicate::sge, from),
                               compare(arith::CmpIPredicate::slt, to));
}
Value VectorBuilder::call(StringRef intrinsic, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, result, b.getStringAttr(intrinsic), operands).getResult(0);
}
Value VectorBuilder::dot16(Value sum, Value x, Value y) {
  if (vnni)
    return call("llvm.x86.avx512.vpdpwssd.512", i32(), {sum, x, y});
  Value pairs = call(avx512 ? "llvm.x86.avx512.pmaddw.d.512" : "llvm.x86.avx2.pmadd.wd", i32(), {x, y});
  return arith::AddIOp::create(b, loc, sum, pairs);
}
Value VectorBuilder::dot8(Value sum, Value x, Value y) {
  if (vnni)
    return call("llvm.x86.avx512.vpdpbusd.512", i32(), {sum, x, y});
  Value pairs = call(avx512 ? "llvm.x86.avx512.pmaddubs.w.512" : "llvm.x86.avx2.pmadd.ub.sw",
                     vector(b.getI16Type(), 2 * lanes), {x, y});
  return arith::AddIOp::create(b, loc, sum, pairs);
}

//===-- control flow ---------------------------------------------------------------===//

void VectorBuilder::loop(Value from, Value to, int64_t step, function_ref<void(Value)> body) {
  loop(from, to, step, {}, [&](Value i, ValueRange) {
    body(i);
    return Values();
  });
}

VectorBuilder::Values VectorBuilder::loop(Value from, Value to, int64_t step, ValueRange carried,
                                          function_ref<Values(Value, ValueRange)> body) {
  auto count = getConstantIntValue(to), start = getConstantIntValue(from);
  if (count && start && *count <= *start)
    return carried;
  auto op = scf::ForOp::create(b, loc, from, to, index(step), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  Values next = body(op.getInductionVar(), op.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(b, loc, next);
  return op.getResults();
}

void VectorBuilder::branch(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  if (auto known = getConstantIntValue(condition)) {
    if (*known)
      then();
    else if (otherwise)
      otherwise();
    return;
  }
  auto op = scf::IfOp::create(b, loc, condition, bool(otherwise));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  then();
  if (otherwise) {
    b.setInsertionPointToStart(op.elseBlock());
    otherwise();
  }
}

void VectorBuilder::tileRows(Value from, Value to, ArrayRef<int64_t> heights,
                             function_ref<void(Value, int64_t)> tile, ArrayRef<int64_t> counts) {
  SmallVector<int64_t> left(counts); // rows of each possible count that taller tiles leave
  for (auto [i, height] : llvm::enumerate(heights)) {
    // Two tiles of the next height are better than one of this and a rest that keeps few sums.
    bool isEvened = i == 0 && heights.size() > 2 && height + heights[2] == 2 * heights[1];
    bool isUsed = counts.empty();
    for (int64_t &rows : left) {
      int64_t covered = isEvened && rows % height == heights[2] && rows > height ? rows - height : rows;
      covered -= covered % height;
      isUsed |= covered > 0;
      rows -= covered;
    }
    if (!isUsed)
      continue;
    Value count = sub(to, from);
    if (isEvened) {
      Value isShort =
          arith::AndIOp::create(b, loc, equal(rem(count, height), heights[2]), less(index(height), count));
      count = select(isShort, sub(count, index(height)), count);
    }
    Value end = add(from, roundDown(count, height));
    loop(from, end, height, [&](Value row) { tile(row, height); });
    from = end;
  }
}

//===-- memory -------------------------------------------------------------------===//

Value VectorBuilder::dim(Value memory, int64_t axis) {
  return b.createOrFold<memref::DimOp>(loc, memory, axis);
}

Value VectorBuilder::product(Value memory, int64_t axes) {
  Value count = index(1);
  for (int64_t axis = 0; axis < axes; ++axis)
    count = mul(count, dim(memory, axis));
  return count;
}

/// A view of `memory` from its first element on; sizes that are constants stand in the type.
static Value reinterpret(VectorBuilder &v, Value memory, ArrayRef<Value> sizes) {
  SmallVector<int64_t> shape;
  SmallVector<OpFoldResult> folded(sizes.size()), strides(sizes.size());
  Value stride = v.index(1);
  for (int64_t axis = sizes.size(); axis-- > 0;) {
    folded[axis] = getAsOpFoldResult(sizes[axis]);
    strides[axis] = getAsOpFoldResult(stride);
    stride = v.mul(stride, sizes[axis]);
  }
  for (OpFoldResult size : folded)
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  auto type = MemRefType::get(shape, cast<MemRefType>(memory.getType()).getElementType());
  return memref::ReinterpretCastOp::create(v.b, v.loc, type, memory, OpFoldResult(v.b.getIndexAttr(0)),
                                           folded, strides);
}

Value VectorBuilder::asRows(Value memory, int64_t columnAxes) {
  int64_t rank = cast<MemRefType>(memory.getType()).getRank(), rowAxes = rank - columnAxes;
  Value columns = index(1);
  for (int64_t axis = rowAxes; axis < rank; ++axis)
    columns = mul(columns, dim(memory, axis));
  return reinterpret(*this, memory, {product(memory, rowAxes), columns});
}

Value VectorBuilder::asFlat(Value memory) {
  return reinterpret(*this, memory, product(memory, cast<MemRefType>(memory.getType()).getRank()));
}

Value VectorBuilder::rowsFrom(Value matrix, Value row, int64_t count) {
  SmallVector<OpFoldResult> offsets = {row, b.getIndexAttr(0)}, strides(2, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = {b.getIndexAttr(count), getAsOpFoldResult(dim(matrix, 1))};
  return memref::SubViewOp::create(b, loc, matrix, offsets, sizes, strides);
}

Value VectorBuilder::view(Value bytes, int64_t offset, MemRefType type) {
  return memref::ViewOp::create(b, loc, type, bytes, index(offset), ValueRange());
}

} // namespace hone
