// Control flow: results take what all paths agree on.
#include "dialects/hone/HoneDialect.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::hone;

static LogicalResult inferBlock(Shapes &shapes, Block &block) {
  for (Operation &op : block)
    if (failed(shapes.infer(&op)))
      return failure();
  return success();
}

/// Types `result` as the join of values that may become it.
static LogicalResult join(Shapes &shapes, Operation *op, OpResult result, Value a, Value b) {
  auto typeA = dyn_cast<RankedTensorType>(a.getType()), typeB = dyn_cast<RankedTensorType>(b.getType());
  if (!typeA || !typeB || typeA.getElementType() != typeB.getElementType())
    return op->emitError("expected values of one type from all paths, got ")
           << a.getType() << " and " << b.getType();
  if (typeA.getRank() != typeB.getRank())
    return op->emitError("expected values of one rank from all paths, got ") << typeA << " and " << typeB;
  std::vector<DimExpr> dims;
  for (int64_t axis = 0; axis < typeA.getRank(); ++axis) {
    DimExpr dim = shapes.dim(a, axis);
    bool agreed = dim == shapes.dim(b, axis) && shapes.isVisible(dim, op);
    dims.push_back(agreed ? dim : shapes.unknownDim(result, axis));
  }
  shapes.setResult(result, typeA.getElementType(), dims);
  return success();
}

LogicalResult IfOp::inferShapes(Shapes &shapes) {
  Block &thenBlock = getThenRegion().front(), &elseBlock = getElseRegion().front();
  if (failed(inferBlock(shapes, thenBlock)) || failed(inferBlock(shapes, elseBlock)))
    return failure();
  ValueRange thenValues = thenBlock.getTerminator()->getOperands(),
             elseValues = elseBlock.getTerminator()->getOperands();
  if (thenValues.size() != getNumResults() || elseValues.size() != getNumResults())
    return emitError("expected ") << getNumResults() << " results from both branches, got "
                                  << thenValues.size() << " and " << elseValues.size();
  for (auto [result, a, b] : llvm::zip(getResults(), thenValues, elseValues))
    if (failed(join(shapes, *this, cast<OpResult>(result), a, b)))
      return failure();
  return success();
}

LogicalResult LoopOp::inferShapes(Shapes &shapes) {
  Block &body = getBody().front();
  size_t carried = getCarried().size();
  if (body.getNumArguments() != carried + 2)
    return emitError("expected a body of ") << carried + 2 << " arguments, got " << body.getNumArguments();
  // Arguments start as the initial values say; dimensions that the body changes become unknown, until nothing
  // changes.
  SmallVector<llvm::SmallBitVector> varies(carried);
  auto yielded = [&] { return body.getTerminator()->getOperands(); };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < carried; ++i) {
      BlockArgument argument = body.getArgument(i + 2);
      auto type = cast<RankedTensorType>(getCarried()[i].getType());
      varies[i].resize(type.getRank());
      SmallVector<int64_t> shape(type.getShape());
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        if (varies[i][axis])
          shape[axis] = ShapedType::kDynamic;
      argument.setType(RankedTensorType::get(shape, type.getElementType()));
      shapes.forget(argument);
      std::vector<DimExpr> dims = shapes.dims(argument);
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        if (!varies[i][axis])
          dims[axis] = shapes.dim(getCarried()[i], axis);
      shapes.assume(argument, dims);
    }
    getBody().walk([&](Operation *op) {
      for (Value result : op->getResults())
        shapes.forget(result);
    });
    if (failed(inferBlock(shapes, body)))
      return failure();
    if (yielded().size() < carried + 1 || yielded().size() - 1 != getNumResults())
      return emitError("expected ") << getNumResults() + 1 << " values from the body, got "
                                    << yielded().size();
    for (size_t i = 0; i < carried; ++i) {
      auto type = cast<RankedTensorType>(body.getArgument(i + 2).getType());
      auto next = dyn_cast<RankedTensorType>(yielded()[i + 1].getType());
      if (!next || type.getElementType() != next.getElementType() || type.getRank() != next.getRank())
        return emitError("expected carried values to keep type and rank, got ")
               << type << " then " << yielded()[i + 1].getType();
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        if (!varies[i][axis] &&
            shapes.dim(yielded()[i + 1], axis) != shapes.dim(body.getArgument(i + 2), axis)) {
          varies[i].set(axis);
          changed = true;
        }
    }
  }
  // Without a condition all trips are done.
  std::optional<DimExpr> trips;
  if (getTrips() && !getCondition() && matchPattern(yielded()[0], m_NonZero())) {
    trips = shapes.element(getTrips(), 0);
    if (!shapes.isNonNegative(*trips))
      trips = shapes.max(*trips, DimExpr(0));
  }
  for (size_t i = 0; i < getNumResults(); ++i) {
    auto result = cast<OpResult>(getResult(i));
    Value value = yielded()[i + 1];
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      return emitError("expected a tensor from the body, got ") << value.getType();
    std::vector<DimExpr> dims;
    if (i >= carried) // stacked along a new first dimension
      dims.push_back(trips ? *trips : shapes.unknownDim(result, 0));
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      DimExpr dim = i < carried ? shapes.dim(body.getArgument(i + 2), axis) : shapes.dim(value, axis);
      dims.push_back(shapes.isVisible(dim, *this) ? dim : shapes.unknownDim(result, axis + (i >= carried)));
    }
    shapes.setResult(result, type.getElementType(), dims);
  }
  return success();
}

LogicalResult KernelOp::inferShapes(Shapes &shapes) {
  Block &body = getBody().front();
  for (auto [argument, input] : llvm::zip(body.getArguments(), getInputs()))
    shapes.alias(argument, input);
  if (failed(inferBlock(shapes, body)))
    return failure();
  for (auto [index, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
    auto result = cast<OpResult>(getResult(index));
    std::vector<DimExpr> dims;
    for (auto [axis, dim] : llvm::enumerate(shapes.dims(value)))
      dims.push_back(shapes.isVisible(dim, *this) ? dim : shapes.unknownDim(result, axis));
    shapes.setResult(result, cast<ShapedType>(value.getType()).getElementType(), dims);
    if (auto known = shapes.contents(value))
      if (llvm::all_of(*known, [&](const DimExpr &element) { return shapes.isVisible(element, *this); }))
        shapes.setContents(result, *known);
  }
  return success();
}
