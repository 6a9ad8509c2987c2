// Short forms of arithmetic, shared memory and tensor cores.
#include "lowering/KernelToCuda/DeviceBuilder.h"
#include "dialects/hone/Float8.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

Value DeviceBuilder::constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
Value DeviceBuilder::add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value DeviceBuilder::multiply(Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); }
Value DeviceBuilder::divide(Value x, Value y) { return b.createOrFold<arith::DivUIOp>(loc, x, y); }
Value DeviceBuilder::modulo(Value x, Value y) { return b.createOrFold<arith::RemUIOp>(loc, x, y); }
Value DeviceBuilder::subtract(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value DeviceBuilder::divideUp(Value x, Value y) { return b.createOrFold<arith::CeilDivUIOp>(loc, x, y); }
Value DeviceBuilder::minimum(Value x, Value y) { return b.createOrFold<arith::MinUIOp>(loc, x, y); }
Value DeviceBuilder::maximum(Value x, Value y) { return b.createOrFold<arith::MaxUIOp>(loc, x, y); }
Value DeviceBuilder::less(Value x, Value y) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x, y);
}
Value DeviceBuilder::select(Value condition, Value x, Value y) {
  return b.createOrFold<arith::SelectOp>(loc, condition, x, y);
}
Value DeviceBuilder::integer(int64_t value) {
  return arith::ConstantIntOp::create(b, loc, b.getI32Type(), value);
}
SmallVector<Value> DeviceBuilder::indicesOf(Value position, ArrayRef<Value> sizes) {
  SmallVector<Value> indices(sizes.size());
  for (size_t axis = sizes.size(); axis-- > 0;) {
    indices[axis] = axis ? modulo(position, sizes[axis]) : position;
    position = axis ? divide(position, sizes[axis]) : position;
  }
  return indices;
}
Value DeviceBuilder::real(double value) {
  return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(float(value)));
}
void DeviceBuilder::barrier() { NVVM::Barrier0Op::create(b, loc); }
Value DeviceBuilder::widened(Value element) {
  return element.getType().isF32() ? element
                                   : arith::ExtFOp::create(b, loc, b.getF32Type(), element).getResult();
}

Value DeviceBuilder::zero(Type type) { return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, 0)); }

Value DeviceBuilder::shared(StringRef suffix, ArrayRef<int64_t> shape, Type element) {
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

Value DeviceBuilder::sharedMemory() {
  auto function = b.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>();
  auto bytes = LLVM::LLVMArrayType::get(b.getI8Type(), 0);
  std::string symbol = (function.getName() + "_shared").str();
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(function);
    LLVM::GlobalOp::create(b, loc, bytes, /*isConstant=*/false, LLVM::Linkage::External, symbol, Attribute(),
                           /*alignment=*/1024, /*addrSpace=*/3);
  }
  return LLVM::AddressOfOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext(), 3), symbol);
}

Value DeviceBuilder::sharedAt(Value memory, Value bytes) {
  Value offset = arith::IndexCastOp::create(b, loc, b.getI64Type(), bytes);
  return LLVM::GEPOp::create(b, loc, memory.getType(), b.getI8Type(), memory, ArrayRef<LLVM::GEPArg>{offset},
                             LLVM::GEPNoWrapFlags::inbounds);
}

Value DeviceBuilder::globalAt(Value address) {
  Value number = arith::IndexCastOp::create(b, loc, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext(), 1), number);
}

Value DeviceBuilder::swizzled(Value line, Value piece, int64_t pieces) {
  Value moved = b.createOrFold<arith::XOrIOp>(loc, piece, modulo(line, constant(8)));
  return multiply(add(multiply(line, constant(pieces)), moved), constant(16));
}

void DeviceBuilder::copyAsync(Value to, Value from, Value isInside) {
  NVVM::CpAsyncOp::create(b, loc, to, from, 16, NVVM::LoadCacheModifierKind::CG,
                          select(isInside, integer(16), integer(0)));
}

Value DeviceBuilder::pairRegister(Value pair) {
  if (cast<VectorType>(pair.getType()).getElementType().isF16())
    return pair;
  return LLVM::BitcastOp::create(b, loc, b.getI32Type(), pair);
}

void DeviceBuilder::multiplyTile(ValueRange left, ValueRange right, MutableArrayRef<Value> sum,
                                 Type element) {
  Type type = sum[0].getType();
  Type four = LLVM::LLVMStructType::getLiteral(b.getContext(), {type, type, type, type});
  Value product;
  if (isFloat8(element)) { // which NVVM::MmaOp refuses
    SmallVector<Value> operands(left);
    llvm::append_range(operands, right);
    llvm::append_range(operands, sum);
    auto name = b.getStringAttr("llvm.nvvm.mma.m16n8k32.row.col.f32.e4m3.e4m3.f32");
    product = LLVM::CallIntrinsicOp::create(b, loc, four, name, operands).getResult(0);
  } else {
    bool isInteger = element.isInteger(8);
    std::optional<std::array<NVVM::MMATypes, 2>> types;
    if (isInteger)
      types = {NVVM::MMATypes::s8, NVVM::MMATypes::s8};
    else if (element.isBF16())
      types = {NVVM::MMATypes::bf16, NVVM::MMATypes::bf16};
    std::optional<NVVM::MMAIntOverflow> overflow;
    if (isInteger)
      overflow = NVVM::MMAIntOverflow::wrapped;
    product = NVVM::MmaOp::create(b, loc, four, left, right, ArrayRef<Value>(sum),
                                  ArrayRef<int64_t>{16, 8, isInteger ? 32 : 16}, std::nullopt, overflow,
                                  types, std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  }
  for (int64_t n = 0; n < 4; ++n)
    sum[n] = LLVM::ExtractValueOp::create(b, loc, type, product, ArrayRef<int64_t>{n});
}

Value DeviceBuilder::acrossLanes(Value value, int64_t lanes, function_ref<Value(Value, Value)> combine) {
  for (int64_t offset = lanes / 2; offset > 0; offset /= 2)
    value = combine(value, NVVM::ShflOp::create(b, loc, value.getType(), integer(-1), value, integer(offset),
                                                integer(31), NVVM::ShflKind::bfly, UnitAttr()));
  return value;
}

Value DeviceBuilder::bytesOf(Value low, Value high, int64_t selector) {
  Value operands[] = {low, high, integer(selector)};
  return LLVM::CallIntrinsicOp::create(b, loc, b.getI32Type(), b.getStringAttr("llvm.nvvm.prmt"), operands)
      .getResult(0);
}

} // namespace hone
