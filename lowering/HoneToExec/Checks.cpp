// What host code makes sure of at run time, each with a message: sizes that inference could only assume,
// and indices.
#include "lowering/HoneToExec/HostBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

void HostBuilder::check(Value condition, const Twine &message, Operation *op) {
  exec::CheckOp::create(b, op->getLoc(), condition, b.getStringAttr(message),
                        b.getI64IntegerAttr(call(op, "check")));
}

LogicalResult HostBuilder::checkSizesKnown(KernelOp kernel, Value result) {
  for (auto [axis, dim] : llvm::enumerate(shapes.dims(result)))
    if (auto symbol = dim.asSymbol(); symbol && shapes.definition(*symbol).value == result)
      return kernel.emitError("dimension ")
             << axis
             << " of the result is known only from data that the run computes; "
                "this op is not built for that";
  return success();
}

void HostBuilder::checkIndices(KernelOp kernel) {
  kernel.getBody().walk([&](IndexingOpInterface op) {
    IndexUse use = op.getIndexUse();
    auto argument = use.indices ? dyn_cast<BlockArgument>(rootOf(use.indices)) : BlockArgument();
    if (!argument || argument.getOwner()->getParentOp() != kernel)
      return; // computed in the kernel
    Value indices = rootOf(kernel.getInputs()[argument.getArgNumber()]);
    auto type = cast<RankedTensorType>(indices.getType());
    Type element = type.getElementType();
    if (!buffers.count(indices) || isa_and_nonnull<ConstantOp, GetWeightOp>(indices.getDefiningOp()) ||
        !(element.isSignlessInteger(32) || element.isSignlessInteger(64)) || use.axes.empty())
      return;
    std::vector<DimExpr> extents;
    for (int64_t axis : use.axes)
      extents.push_back(shapes.dim(use.indexed, axis));
    if (llvm::any_of(extents, [&](const DimExpr &extent) { return !shapes.isVisible(extent, kernel); }) ||
        !checkedIndices.insert({b.getInsertionBlock(), indices.getAsOpaquePointer(), extents}).second)
      return;
    Location loc = op.getLoc();
    SmallVector<Value> params = {index(dtypeNumber(element), loc), index(type.getRank(), loc),
                                 index(use.axes.size(), loc)};
    for (auto [axis, extent] : llvm::zip(use.axes, extents))
      llvm::append_values(params, index(axis, loc), size(extent, loc));
    exec::LibraryOp::create(b, loc, b.getStringAttr("check_indices"), ValueRange(buffers[indices]), params,
                            b.getI64IntegerAttr(call(op, "check")));
  });
}

void HostBuilder::checkRequirements(Operation *op) {
  Location loc = op->getLoc();
  auto [from, to] = requirements.equal_range(op);
  for (auto at = from; at != to; ++at) {
    const Shapes::Requirement &need = *at->second;
    // Sizes of a kernel's inner values are functions of its inputs'; the few that are not can't be asked for
    // here.
    if (!shapes.isVisible(need.a, op) || !shapes.isVisible(need.b, op))
      continue;
    Value a = size(need.a, loc), c = size(need.b, loc);
    Value holds = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, a, c);
    if (need.orOne)
      for (Value side : {a, c})
        holds = arith::OrIOp::create(
            b, loc, holds, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, side, index(1, loc)));
    check(holds,
          need.orOne ? "expected operands with sizes that broadcast" : "expected operands of equal size",
          need.op);
  }
}

} // namespace hone
