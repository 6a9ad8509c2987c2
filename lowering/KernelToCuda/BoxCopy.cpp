// Inline PTX where MLIR's ops say less than is needed: which barrier a copy signals, and that waits are loops
// of ours.
#include "lowering/KernelToCuda/BoxCopy.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace hone {

static LLVM::InlineAsmOp ptx(OpBuilder &b, Location loc, StringRef text, StringRef constraints,
                             ValueRange operands, Type result = {}) {
  return LLVM::InlineAsmOp::create(b, loc, result ? TypeRange(result) : TypeRange(), operands, text,
                                   constraints,
                                   /*has_side_effects=*/true, /*is_align_stack=*/false,
                                   LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
}
static Value word(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantIntOp::create(b, loc, b.getI32Type(), value);
}
static Value asWord(OpBuilder &b, Location loc, Value index) {
  return arith::IndexCastUIOp::create(b, loc, b.getI32Type(), index);
}

void initBarrier(OpBuilder &b, Location loc, Value barrier, int64_t arrivals) {
  ptx(b, loc, "mbarrier.init.shared::cta.b64 [$0], $1;", "r,r,~{memory}", {barrier, word(b, loc, arrivals)});
}
void publishBarriers(OpBuilder &b, Location loc) {
  ptx(b, loc, "fence.mbarrier_init.release.cluster;", "~{memory}", {});
}

void awaitPhase(OpBuilder &b, Location loc, Value barrier, Value parity) {
  auto loop = scf::WhileOp::create(b, loc, TypeRange(), ValueRange());
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&loop.getBefore());
  Value done = ptx(b, loc,
                   "{ .reg .pred done; mbarrier.try_wait.parity.shared::cta.b64 done, [$1], $2; "
                   "selp.b32 $0, 1, 0, done; }",
                   "=r,r,r,~{memory}", {barrier, parity}, b.getI32Type())
                   .getResult(0);
  Value isOpen = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, done, word(b, loc, 0));
  scf::ConditionOp::create(b, loc, isOpen, ValueRange());
  b.createBlock(&loop.getAfter());
  scf::YieldOp::create(b, loc);
}

void arriveAt(OpBuilder &b, Location loc, Value barrier) {
  ptx(b, loc, "mbarrier.arrive.shared::cta.b64 _, [$0];", "r,~{memory}", {barrier});
}
void expectBytes(OpBuilder &b, Location loc, Value barrier, int64_t bytes) {
  ptx(b, loc, "mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", "r,r,~{memory}",
      {barrier, word(b, loc, bytes)});
}
void copyBox(OpBuilder &b, Location loc, Value to, Value map, Value x, Value y, Value barrier) {
  ptx(b, loc,
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
      "[$0], [$1, {$2, $3}], [$4];",
      "r,l,r,r,r,~{memory}", {to, map, asWord(b, loc, x), asWord(b, loc, y), barrier});
}

void setRegisters(OpBuilder &b, Location loc, int64_t count, bool isMore) {
  ptx(b, loc,
      std::string("setmaxnreg.") + (isMore ? "inc" : "dec") + ".sync.aligned.u32 " + std::to_string(count) +
          ";",
      "", {});
}
void groupBarrier(OpBuilder &b, Location loc, Value group, int64_t threads) {
  Value number = arith::AddIOp::create(b, loc, asWord(b, loc, group), word(b, loc, 1)); // 0 is the block's
  ptx(b, loc, "bar.sync $0, $1;", "r,r,~{memory}", {number, word(b, loc, threads)});
}

} // namespace hone
