// Running sums: one unit a row, one pass over it. By the loops family each element would sum its row anew.
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/KernelToHost/VectorBuilder.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

class ScanHost : public HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    Block &entry = function.getBody().front();
    OpBuilder b = OpBuilder::atBlockBegin(&entry);
    Location loc = kernel.getLoc();
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    // Buffers of the inputs, of the results, then scratch and the range of units.
    Value input = v.asRows(entry.getArgument(0)), result = v.asRows(entry.getArgument(1));
    Value lo = entry.getArgument(3), hi = entry.getArgument(4);
    CumSumOp root = *kernel.getBody().front().getOps<CumSumOp>().begin();
    Value size = v.dim(input, 1), last = v.sub(size, v.index(1));
    v.loop(lo, hi, 1, [&](Value row) {
      Value zero = v.constant(b.getF32Type(), 0);
      v.loop(v.index(0), size, 1, zero, [&](Value i, ValueRange carried) -> VectorBuilder::Values {
        Value at = root.getReverse() ? v.sub(last, i) : i;
        Value x = memref::LoadOp::create(b, loc, input, ValueRange{row, at});
        Value sum = arith::AddFOp::create(b, loc, carried[0], x);
        memref::StoreOp::create(b, loc, root.getExclusive() ? carried[0] : sum, result, ValueRange{row, at});
        return {sum};
      });
    });
    func::ReturnOp::create(b, loc);
    return success();
  }

  Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    int64_t rank = cast<MemRefType>(buffers[0].getType()).getRank();
    // An addition waits for the one before it: a nanosecond each.
    return {v.product(buffers[0], rank - 1), v.add(v.dim(buffers[0], rank - 1), 1), v.index(0)};
  }
};

} // namespace

const HostFamily &getScanHost() {
  static ScanHost family;
  return family;
}

} // namespace hone
