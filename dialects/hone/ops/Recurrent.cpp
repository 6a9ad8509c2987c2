// Recurrent layers: shapes.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

LogicalResult LstmOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> input = shapes.dims(getInput()), w = shapes.dims(getW()), r = shapes.dims(getR());
  if (input.size() != 3 || w.size() != 2 || r.size() != 2 || shapes.rank(getBias()) != 1)
    return emitError("expected input [T, B, I], w [4H, I], r [4H, H] and bias [8H]");
  DimExpr hidden = r[1];
  bool fits = shapes.require(w[1], input[2]) && shapes.require(w[0], hidden * DimExpr(4)) &&
              shapes.require(r[0], hidden * DimExpr(4)) &&
              shapes.require(shapes.dim(getBias(), 0), hidden * DimExpr(8));
  for (Value state : {getHidden(), getCell()})
    fits = fits && shapes.rank(state) == 2 && shapes.require(shapes.dim(state, 0), input[1]) &&
           shapes.require(shapes.dim(state, 1), hidden);
  if (!fits)
    return emitError("expected sizes that agree, got ") << getOperandTypes();
  Type element = cast<ShapedType>(getInput().getType()).getElementType();
  shapes.setResult(cast<OpResult>(getOutput()), element, {input[0], input[1], hidden});
  shapes.setResult(cast<OpResult>(getLastHidden()), element, {input[1], hidden});
  shapes.setResult(cast<OpResult>(getLastCell()), element, {input[1], hidden});
  return success();
}

DimExpr LstmOp::getFlops(Shapes &shapes) {
  std::vector<DimExpr> input = shapes.dims(getInput());
  return input[0] * input[1] * (shapes.numElements(getW()) + shapes.numElements(getR())) * 2;
}
