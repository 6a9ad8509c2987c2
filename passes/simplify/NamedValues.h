// Values by the names of the model's nodes, for passes that show or cut a graph there.
#ifndef HONE_PASSES_SIMPLIFY_NAMEDVALUES_H
#define HONE_PASSES_SIMPLIFY_NAMEDVALUES_H
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::hone {

/// The last tensor of each name in the body of `main`, in the order of the first; weights and constants stay
/// out, and so does what stands in bodies of control flow.
inline llvm::MapVector<StringAttr, Value> namedValues(func::FuncOp main) {
  llvm::MapVector<StringAttr, Value> named;
  for (Operation &op : main.getBody().front()) {
    auto name = dyn_cast<NameLoc>(op.getLoc());
    if (name && op.getNumResults() == 1 && !isa<GetWeightOp, ConstantOp>(op) &&
        isa<RankedTensorType>(op.getResult(0).getType()))
      named[name.getName()] = op.getResult(0);
  }
  return named;
}

} // namespace mlir::hone
#endif
