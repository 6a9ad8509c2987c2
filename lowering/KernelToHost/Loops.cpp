// The family that covers everything: a loop nest over the result that pulls each element through
// the region's ops (ElementOpInterface). Gathers, pads and concats fuse like elementwise ops, which
// indexing maps of linalg.generic can't express (docs/rationale/element-pull.md). LLVM vectorizes the inner
// loop.
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/kernels/RegionBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::isFlat;

namespace {

constexpr int64_t flatChunk = 4096; // elements of one unit when all accesses are by the same flat index

class LoopsHost : public ::hone::HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b(function.getContext());
    b.setInsertionPointToStart(&function.getBody().front());
    Location loc = kernel.getLoc();
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val();
    arguments.pop_back(); // scratch
    if (isFlat(kernel))
      emitFlat(b, loc, kernel, arguments, lo, hi);
    else
      for (size_t i = 0; i < kernel.getNumResults(); ++i)
        emitRows(b, loc, kernel, arguments, i, lo, hi);
    func::ReturnOp::create(b, loc);
    return success();
  }

  ::hone::Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    Value result = buffers[kernel.getInputs().size()];
    int64_t rank = cast<MemRefType>(result.getType()).getRank();
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    int64_t picoseconds = costOfElement(kernel);
    if (isFlat(kernel)) {
      Value units = b.createOrFold<arith::CeilDivUIOp>(loc, ::hone::sizeProduct(b, loc, result, rank),
                                                       constant(flatChunk));
      return {units, constant(std::max<int64_t>(1, flatChunk * picoseconds / 1000)), constant(0)};
    }
    Value units = ::hone::sizeProduct(b, loc, result, std::max<int64_t>(rank - 1, 0));
    Value row = rank ? b.createOrFold<memref::DimOp>(loc, result, rank - 1) : constant(1);
    Value cost = b.createOrFold<arith::CeilDivUIOp>(
        loc, b.createOrFold<arith::MulIOp>(loc, row, constant(picoseconds)), constant(1000));
    // A reduction's element costs what it reads.
    for (Operation &op : kernel.getBody().front().without_terminator())
      if (auto element = dyn_cast<ElementOpInterface>(op); element && !element.isCheapElement())
        cost = b.createOrFold<arith::MulIOp>(loc, cost, constant(64));
    return {units, cost, constant(0)};
  }

private:
  /// Estimated picoseconds an element: loads and simple ops a quarter nanosecond, as vector code needs.
  static int64_t costOfElement(KernelOp kernel) {
    return 250 * int64_t(std::distance(kernel.getBody().front().begin(), kernel.getBody().front().end()) +
                         kernel.getInputs().size());
  }

  void emitFlat(OpBuilder &b, Location loc, KernelOp kernel, ValueRange arguments, Value lo, Value hi) const {
    ::hone::FlatRegion flat = ::hone::flatten(b, loc, kernel, arguments);
    Value chunk = arith::ConstantIndexOp::create(b, loc, flatChunk);
    Value from = arith::MulIOp::create(b, loc, lo, chunk);
    Value to = arith::MinSIOp::create(b, loc, arith::MulIOp::create(b, loc, hi, chunk), flat.length);
    auto loop = scf::ForOp::create(b, loc, from, to, arith::ConstantIndexOp::create(b, loc, 1));
    b.setInsertionPointToStart(loop.getBody());
    ::hone::emitElement(b, loc, flat, loop.getInductionVar());
    b.setInsertionPointAfter(loop);
    flat.kernel.erase();
  }

  void emitRows(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, size_t index, Value lo,
                Value hi) const {
    Value buffer = buffers[kernel.getInputs().size() + index];
    int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
    OpBuilder::InsertionGuard guard(b);
    Value one = arith::ConstantIndexOp::create(b, loc, 1), zero = arith::ConstantIndexOp::create(b, loc, 0);
    auto rows = scf::ForOp::create(b, loc, lo, hi, one);
    b.setInsertionPointToStart(rows.getBody());
    SmallVector<Value> indices(rank);
    if (rank) {
      Value rest = rows.getInductionVar();
      for (int64_t axis = rank - 2; axis > 0; --axis) {
        Value size = memref::DimOp::create(b, loc, buffer, axis);
        indices[axis] = arith::RemUIOp::create(b, loc, rest, size);
        rest = arith::DivUIOp::create(b, loc, rest, size);
      }
      if (rank > 1)
        indices[0] = rest;
      auto inner = scf::ForOp::create(b, loc, zero, memref::DimOp::create(b, loc, buffer, rank - 1), one);
      b.setInsertionPointToStart(inner.getBody());
      indices[rank - 1] = inner.getInductionVar();
    }
    ::hone::emitElement(b, loc, kernel, buffers, index, indices);
  }
};

} // namespace

namespace hone {
const HostFamily &getLoopsHost() {
  static LoopsHost family;
  return family;
}
} // namespace hone
