// Weights.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

LogicalResult WeightOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape())
    return emitOpError("expected a type with static shape, got ") << getType();
  bool hasFile = getFile().has_value();
  if (hasFile == !getRecipe().empty())
    return emitOpError("expected either bytes of a file or a recipe");
  if (hasFile && (!getOffset() || !getLength()))
    return emitOpError("expected an offset and a length beside the file");
  if (!getRecipe().empty()) {
    auto yield = dyn_cast<YieldOp>(getRecipe().front().back());
    if (!yield || yield.getNumOperands() != 1)
      return emitOpError("expected a recipe that yields one tensor");
  }
  return success();
}

LogicalResult GetWeightOp::inferShapes(Shapes &shapes) {
  auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  auto type = dyn_cast<RankedTensorType>(weight ? weight.getType() : getType());
  if (!type)
    return emitError("expected a weight named ") << getWeight();
  std::vector<DimExpr> dims(type.getShape().begin(), type.getShape().end());
  shapes.setResult(cast<OpResult>(getResult()), type.getElementType(), dims);
  return success();
}
