// wgmma as inline PTX. Accumulators are tied operands of every product and of every wait: so LLVM neither
// moves them nor reads them while products are under way (docs/rationale/gpu-products.md).
#include "lowering/KernelToCuda/Warpgroup.h"
#include "dialects/hone/Float8.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// Inline PTX that changes `sums`, operands $0 to $(n - 1), and reads `inputs`, from $n on.
static void changeSums(OpBuilder &b, Location loc, StringRef text, MutableArrayRef<Value> sums,
                       ValueRange inputs, StringRef inputConstraints) {
  std::string constraints;
  Type type = sums[0].getType();
  for (size_t i = 0; i < sums.size(); ++i)
    constraints += type.isF32() ? "=f," : "=r,";
  constraints += inputConstraints;
  for (size_t i = 0; i < sums.size(); ++i)
    constraints += (constraints.back() == ',' ? "" : ",") + std::to_string(i);
  SmallVector<Value> operands(inputs);
  operands.append(sums.begin(), sums.end());
  auto all = LLVM::LLVMStructType::getLiteral(b.getContext(), SmallVector<Type>(sums.size(), type));
  Value changed = LLVM::InlineAsmOp::create(b, loc, all, operands, text, constraints,
                                            /*has_side_effects=*/true, /*is_align_stack=*/false,
                                            LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr())
                      .getResult(0);
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = LLVM::ExtractValueOp::create(b, loc, type, changed, ArrayRef<int64_t>{int64_t(i)});
}

Value tileDescriptor(OpBuilder &b, Location loc, Value address) {
  auto number = [&](int64_t value) {
    return arith::ConstantIntOp::create(b, loc, b.getI64Type(), value).getResult();
  };
  // In units of 16 bytes: 1024 bytes between groups of 8 lines; bit 62: swizzled in 128 bytes.
  constexpr int64_t form = int64_t(1) << 62 | int64_t(1024 >> 4) << 32 | int64_t(1) << 16;
  Value at = LLVM::PtrToIntOp::create(b, loc, b.getI64Type(), address);
  at = arith::AndIOp::create(b, loc, at, number(0x3ffff));
  return arith::OrIOp::create(b, loc, arith::ShRUIOp::create(b, loc, at, number(4)), number(form));
}

void startProduct(OpBuilder &b, Location loc, Type element, Value left, Value right,
                  MutableArrayRef<Value> sums) {
  // Shape along k, types, and behind the operands the signs and, for 16 bits, that both run along k.
  std::string type = element.isInteger(8) ? "k32.s32.s8.s8"
                     : isFloat8(element)  ? "k32.f32.e4m3.e4m3"
                     : element.isF16()    ? "k16.f32.f16.f16"
                                          : "k16.f32.bf16.bf16";
  std::string form = element.isInteger(8) ? "" : isFloat8(element) ? ", 1, 1" : ", 1, 1, 0, 0", registers;
  for (size_t i = 0; i < sums.size(); ++i)
    registers += (i ? ", $" : "$") + std::to_string(i);
  size_t n = sums.size();
  std::string text =
      "{ .reg .pred accumulate; setp.ne.b32 accumulate, 1, 0; wgmma.mma_async.sync.aligned.m64n" +
      std::to_string(2 * n) + type + " {" + registers + "}, $" + std::to_string(n) + ", $" +
      std::to_string(n + 1) + ", accumulate" + form + "; }";
  changeSums(b, loc, text, sums, {left, right}, "l,l");
}

void beginProducts(OpBuilder &b, Location loc) { NVVM::WgmmaFenceAlignedOp::create(b, loc); }
void endProducts(OpBuilder &b, Location loc) { NVVM::WgmmaGroupSyncAlignedOp::create(b, loc); }

void waitForProducts(OpBuilder &b, Location loc, int64_t pending, MutableArrayRef<Value> sums) {
  changeSums(b, loc, "wgmma.wait_group.sync.aligned " + std::to_string(pending) + ";", sums, {}, "");
}

} // namespace hone
