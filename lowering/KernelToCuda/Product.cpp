// Arithmetic, shared memory, tensor cores and the epilogue of kernels of products.
#include "lowering/KernelToCuda/Product.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

Value Product::constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
Value Product::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value Product::multiply(Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); }
Value Product::divide(Value x, Value y) { return b.createOrFold<arith::DivUIOp>(loc, x, y); }
Value Product::modulo(Value x, Value y) { return b.createOrFold<arith::RemUIOp>(loc, x, y); }
Value Product::widened(Value element) {
  return element.getType().isF32() ? element
                                   : arith::ExtFOp::create(b, loc, b.getF32Type(), element).getResult();
}

Value Product::zero(Type type) { return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 0)); }

Value Product::shared(StringRef suffix, ArrayRef<int64_t> shape, Type element) {
  auto function = b.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>();
  auto type = MemRefType::get(shape, element, MemRefLayoutAttrInterface(), b.getI64IntegerAttr(3));
  std::string symbol = (function.getName() + suffix).str();
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(function);
    memref::GlobalOp::create(b, loc, symbol, b.getStringAttr("private"), type, b.getUnitAttr(),
                             /*constant=*/false, b.getI64IntegerAttr(16));
  }
  return memref::GetGlobalOp::create(b, loc, type, symbol);
}

Value Product::pairRegister(Value pair) {
  if (elementType().isF16())
    return pair;
  return LLVM::BitcastOp::create(b, loc, b.getI32Type(), pair);
}

void Product::multiplyTile(ValueRange left, ValueRange right, MutableArrayRef<Value> sum) {
  Type f32 = b.getF32Type();
  Type four = LLVM::LLVMStructType::getLiteral(b.getContext(), {f32, f32, f32, f32});
  std::optional<std::array<NVVM::MMATypes, 2>> types;
  if (elementType().isBF16())
    types = {NVVM::MMATypes::bf16, NVVM::MMATypes::bf16};
  Value product = NVVM::MmaOp::create(b, loc, four, left, right, ArrayRef<Value>(sum),
                                      ArrayRef<int64_t>{16, 8, 16}, std::nullopt, std::nullopt, types,
                                      std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  for (int64_t n = 0; n < 4; ++n)
    sum[n] = LLVM::ExtractValueOp::create(b, loc, f32, product, ArrayRef<int64_t>{n});
}

void Product::store(Value sum, Value row, Value column) {
  auto type = cast<RankedTensorType>(root.getType());
  Value isInside =
      arith::AndIOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, row, size.m),
                            arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, column, size.n));
  auto inside = scf::IfOp::create(b, loc, isInside);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(inside.thenBlock());
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
  for (auto [index, value] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands()))
    memref::StoreOp::create(b, loc, region.storedElement(value, indices),
                            buffers[kernel.getNumOperands() + index], indices);
}

} // namespace hone
