// Ops that library code of the runtime does: sorting, picking, scattering.
#include "lowering/HoneToExec/HostBuilder.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static Type elementOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementType(); }
static int64_t rankOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getRank(); }

void HostBuilder::library(Operation *op, StringRef function, ValueRange tensors, ValueRange params) {
  exec::LibraryOp::create(b, op->getLoc(), b.getStringAttr(function), tensors, params,
                          b.getI64IntegerAttr(call(op, function)));
}

LogicalResult HostBuilder::lowerTopK(TopKOp op) {
  Location loc = op.getLoc();
  int64_t dtype = dtypeNumber(elementOf(op.getInput()));
  Value k = size(shapes.element(op.getK(), 0), loc);
  Value input = buffer(op.getInput());
  Value extent = b.createOrFold<memref::DimOp>(loc, input, op.getAxis());
  Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, k, extent);
  check(fits, "expected k of at most the axis's size", op);
  Value values = allocate(op.getValues()), indices = allocate(op.getIndices());
  library(op, "topk", {input, values, indices},
          {index(dtype, loc), index(rankOf(op.getInput()), loc), index(op.getAxis(), loc), k,
           index(op.getSmallest(), loc)});
  return success();
}

LogicalResult HostBuilder::lowerNonZero(NonZeroOp op) {
  Location loc = op.getLoc();
  Value input = buffer(op.getInput());
  Value dtype = index(dtypeNumber(elementOf(op.getInput())), loc), rank = index(rankOf(op.getInput()), loc);
  Value count = exec::AllocOp::create(b, loc, MemRefType::get({1}, b.getI64Type()), ValueRange());
  library(op, "nonzero_count", {input, count}, {dtype, rank});
  Value found = arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                           memref::LoadOp::create(b, loc, count, index(0, loc)));
  exec::ReleaseOp::create(b, loc, count);
  MemRefType type = MemRefType::get({rankOf(op.getInput()), ShapedType::kDynamic}, b.getI64Type());
  Value memory = exec::AllocOp::create(b, loc, type, found);
  allocated[op.getResult()] = memory;
  buffers[op.getResult()] = memory;
  library(op, "nonzero", {input, memory}, {dtype, rank});
  return success();
}

LogicalResult HostBuilder::lowerNms(NmsOp op) {
  SmallVector<Value> tensors;
  for (Value operand : op->getOperands())
    tensors.push_back(buffer(operand));
  tensors.push_back(allocate(op.getResult()));
  library(op, "nms", tensors, index(op.getCenter(), op.getLoc()));
  return success();
}

LogicalResult HostBuilder::lowerScatter(Operation *op, Value input, Value indices, Value updates) {
  Location loc = op->getLoc();
  Value result = op->getResult(0), from = buffer(input), memory = allocate(result);
  memref::CopyOp::create(b, loc, from, memory);
  Value dtype = index(dtypeNumber(elementOf(input)), loc),
        indexType = index(dtypeNumber(elementOf(indices)), loc);
  SmallVector<Value> tensors = {memory, buffer(indices), buffer(updates)};
  if (auto elements = dyn_cast<ScatterElementsOp>(op))
    library(op, "scatter_elements", tensors,
            {dtype, indexType, index(rankOf(input), loc), index(elements.getAxis(), loc),
             index(int64_t(elements.getKind()), loc)});
  else
    library(op, "scatter_nd", tensors,
            {dtype, indexType, index(rankOf(input), loc), index(rankOf(indices), loc),
             index(int64_t(cast<ScatterNDOp>(op).getKind()), loc)});
  return success();
}

} // namespace hone
