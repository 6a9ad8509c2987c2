// Shapes of what the runtime's library code computes.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }

LogicalResult TopKOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims = shapes.dims(getInput());
  if (getAxis() >= dims.size())
    return emitError("expected an axis below ") << dims.size() << ", got " << getAxis();
  dims[getAxis()] = shapes.element(getK(), 0);
  shapes.setResult(cast<OpResult>(getValues()), elementType(getInput()), dims);
  shapes.setResult(cast<OpResult>(getIndices()), IntegerType::get(getContext(), 64), dims);
  return success();
}

LogicalResult NonZeroOp::inferShapes(Shapes &shapes) {
  auto result = cast<OpResult>(getResult());
  shapes.setResult(result, IntegerType::get(getContext(), 64),
                   {DimExpr(shapes.rank(getInput())), shapes.unknownDim(result, 1)});
  return success();
}
