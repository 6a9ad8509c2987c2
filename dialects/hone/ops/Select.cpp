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

LogicalResult NmsOp::inferShapes(Shapes &shapes) {
  auto isFloat = [](Value v) { return elementType(v).isF32(); };
  if (shapes.rank(getBoxes()) != 3 || shapes.rank(getScores()) != 3 || !isFloat(getBoxes()) ||
      !isFloat(getScores()))
    return emitError("expected boxes and scores of rank 3 and element type f32, got ")
           << getBoxes().getType() << " and " << getScores().getType();
  std::vector<DimExpr> boxes = shapes.dims(getBoxes()), scores = shapes.dims(getScores());
  if (!shapes.require(boxes[2], DimExpr(4)) || !shapes.require(boxes[0], scores[0]) ||
      !shapes.require(boxes[1], scores[2]))
    return emitError("expected boxes [batch, box, 4] and scores [batch, class, box], got ")
           << getBoxes().getType() << " and " << getScores().getType();
  if (shapes.rank(getMost()) || shapes.rank(getOverlap()) || shapes.rank(getLeast()) ||
      !elementType(getMost()).isInteger(64) || !isFloat(getOverlap()) || !isFloat(getLeast()))
    return emitError("expected the most boxes as one i64, overlap and least score as one f32 each");
  shapes.setResult(cast<OpResult>(getResult()), IntegerType::get(getContext(), 64), scores);
  return success();
}
