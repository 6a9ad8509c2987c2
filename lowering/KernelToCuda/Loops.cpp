// The family that covers everything, on a GPU: each thread pulls the elements of the result whose numbers
// are its own modulo the number of threads. Regions with a reduction give each row a warp instead (Rows.h).
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/KernelToCuda/Rows.h"
#include "lowering/kernels/RegionBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hone;

namespace {

constexpr int64_t threads = 256;
constexpr int64_t blocksPerSm = 8; // as many as fit; what is left is done by the same threads

class LoopsCuda : public ::hone::CudaFamily {
public:
  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     ::hone::CudaStep) const override {
    Location loc = kernel.getLoc();
    if (auto axis = ::hone::rowAxis(kernel)) {
      ::hone::emitRows(b, loc, kernel, buffers, *axis);
      return success();
    }
    Value width = arith::ConstantIndexOp::create(b, loc, threads);
    Value first =
        arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, ::hone::blockIndex(b, loc), width),
                              ::hone::threadIndex(b, loc));
    Value step = arith::MulIOp::create(b, loc, ::hone::gridSize(b, loc), width);
    auto forEach = [&](Value count, function_ref<void(Value)> body) {
      auto loop = scf::ForOp::create(b, loc, first, count, step);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      body(loop.getInductionVar());
    };
    if (::hone::isFlat(kernel)) {
      ::hone::FlatRegion flat = ::hone::flatten(b, loc, kernel, buffers);
      forEach(flat.length, [&](Value at) { ::hone::emitElement(b, loc, flat, at); });
      flat.kernel.erase();
    } else {
      for (size_t i = 0; i < kernel.getNumResults(); ++i) {
        Value buffer = buffers[kernel.getInputs().size() + i];
        int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
        forEach(::hone::sizeProduct(b, loc, buffer, rank), [&](Value at) {
          ::hone::emitElement(b, loc, kernel, buffers, i, positions(b, loc, buffer, at));
        });
      }
    }
    return success();
  }

  ::hone::CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
                            TargetAttr device, ::hone::CudaStep) const override {
    if (auto axis = ::hone::rowAxis(kernel))
      return ::hone::launchRows(b, loc, kernel, buffers, *axis, device);
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    Value most = constant(0);
    for (Value buffer : buffers.drop_front(kernel.getInputs().size()))
      most = b.createOrFold<arith::MaxUIOp>(
          loc, most, ::hone::sizeProduct(b, loc, buffer, cast<MemRefType>(buffer.getType()).getRank()));
    Value blocks = b.createOrFold<arith::CeilDivUIOp>(loc, most, constant(threads));
    Value limit = constant(std::max<int64_t>(device.fact("sms"), 1) * blocksPerSm);
    return {b.createOrFold<arith::MinUIOp>(loc, blocks, limit), constant(1), constant(1), threads, 0};
  }

private:
  /// The indices of element (or byte) number `at` of a row-major buffer.
  static SmallVector<Value> positions(OpBuilder &b, Location loc, Value buffer, Value at) {
    int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
    SmallVector<Value> indices(rank);
    for (int64_t axis = rank; axis-- > 1;) {
      Value size = b.createOrFold<memref::DimOp>(loc, buffer, axis);
      indices[axis] = arith::RemUIOp::create(b, loc, at, size);
      at = arith::DivUIOp::create(b, loc, at, size);
    }
    if (rank)
      indices[0] = at;
    return indices;
  }
};

} // namespace

namespace hone {
const CudaFamily &getLoopsCuda() {
  static LoopsCuda family;
  return family;
}
/// A region formed around a row, which the loops know how to give to warps.
const CudaFamily &getRowsCuda() { return getLoopsCuda(); }
} // namespace hone
