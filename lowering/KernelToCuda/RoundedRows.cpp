// Rounding of rows, and the scales behind a product of integers.
#include "lowering/KernelToCuda/RoundedRows.h"
#include "dialects/hone/Float8.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

constexpr int64_t warps = 8, piece = 4; // of a block; neighbouring elements that a lane rounds

SmallVector<MemRefType, 2> roundedRows(MLIRContext *context, int64_t k) {
  constexpr int64_t dynamic = ShapedType::kDynamic;
  return {onDevice(MemRefType::get({dynamic, k}, IntegerType::get(context, 8))),
          onDevice(MemRefType::get({dynamic}, Float32Type::get(context)))};
}

CudaLaunch RowRounding::launch(OpBuilder &b, Location loc, Value rows) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  return {b.createOrFold<arith::CeilDivUIOp>(loc, rows, constant(warps)), constant(1), constant(1),
          32 * warps, 0};
}

Value RowRounding::loadPiece(Value from, Value row, Value column) {
  auto type = cast<MemRefType>(from.getType());
  SmallVector<Value> sizes;
  for (int64_t axis = 0; axis < type.getRank() - 1; ++axis)
    sizes.push_back(b.createOrFold<memref::DimOp>(loc, from, axis));
  SmallVector<Value> at = indicesOf(row, sizes);
  at.push_back(column);
  auto load = vector::LoadOp::create(b, loc, VectorType::get({piece}, type.getElementType()), from, at);
  load->setAttr("alignment", b.getI64IntegerAttr(piece * type.getElementTypeBitWidth() / 8));
  return load;
}

void RowRounding::emit(Value from, Value numbers, Value scales) {
  Value thread = threadIndex(b, loc), lane = modulo(thread, constant(32));
  Value row = add(multiply(blockIndex(b, loc), constant(warps)), divide(thread, constant(32)));
  auto exists = scf::IfOp::create(b, loc, less(row, b.createOrFold<memref::DimOp>(loc, scales, 0)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(exists.thenBlock());
  Value first = multiply(lane, constant(piece)), step = constant(32 * piece);
  Value k = b.createOrFold<memref::DimOp>(loc, numbers, 1);
  auto elements = [&](Value column) {
    Value loaded = loadPiece(from, row, column);
    SmallVector<Value> all;
    for (int64_t i = 0; i < piece; ++i)
      all.push_back(widened(vector::ExtractOp::create(b, loc, loaded, ArrayRef<int64_t>{i})));
    return all;
  };
  auto larger = [&](Value x, Value y) -> Value { return arith::MaxNumFOp::create(b, loc, x, y); };

  auto search = scf::ForOp::create(b, loc, first, k, step, real(0));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(search.getBody());
    Value most = search.getRegionIterArg(0);
    for (Value element : elements(search.getInductionVar()))
      most = larger(most, math::AbsFOp::create(b, loc, element));
    scf::YieldOp::create(b, loc, most);
  }
  Value most = acrossLanes(search.getResult(0), 32, larger);
  // A row of zeros stays one.
  Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, most, real(0));
  double largest = isFloat ? largestFloat8 : 127;
  Value factor = select(isZero, real(0), arith::DivFOp::create(b, loc, real(largest), most));
  auto once =
      scf::IfOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, lane, constant(0)));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(once.thenBlock());
    Value scale = arith::MulFOp::create(b, loc, most, real(1 / largest));
    memref::StoreOp::create(b, loc, scale, scales, row);
  }
  auto loop = scf::ForOp::create(b, loc, first, k, step);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> scaled = elements(loop.getInductionVar());
  for (Value &element : scaled)
    element = arith::MulFOp::create(b, loc, element, factor);
  auto store =
      vector::StoreOp::create(b, loc, rounded(scaled), numbers, ValueRange{row, loop.getInductionVar()});
  store->setAttr("alignment", b.getI64IntegerAttr(piece));
}

Value RowRounding::rounded(ArrayRef<Value> elements) {
  SmallVector<Value> bytes;
  for (size_t i = 0; i < elements.size(); i += 2) {
    if (!isFloat) {
      for (Value element : elements.slice(i, 2))
        bytes.push_back(
            arith::FPToSIOp::create(b, loc, b.getI8Type(), math::RoundEvenOp::create(b, loc, element)));
      continue;
    }
    // The first operand becomes the upper byte.
    Value pair = NVVM::ConvertF32x2ToF8x2Op::create(
        b, loc, VectorType::get({2}, b.getI8Type()), elements[i + 1], elements[i], NVVM::FPRoundingMode::RN,
        NVVM::SaturationMode::SATFINITE, false, Float8E4M3FNType::get(b.getContext()));
    for (int64_t half = 0; half < 2; ++half)
      bytes.push_back(vector::ExtractOp::create(b, loc, pair, ArrayRef<int64_t>{half}));
  }
  return vector::FromElementsOp::create(b, loc, VectorType::get({piece}, b.getI8Type()), bytes);
}

Value RoundedProduct::complete(RegionBuilder &, Value sum, Value row, Value column) {
  Value at[] = {divide(column, constant(16)), constant(0), modulo(column, constant(16))};
  Value ofColumn = memref::LoadOp::create(b, loc, weightScales, at);
  Value ofRow = memref::LoadOp::create(b, loc, scales, row);
  return arith::MulFOp::create(b, loc, sum, arith::MulFOp::create(b, loc, ofRow, widened(ofColumn)));
}

} // namespace hone
