// Gathers and scatters: ops that read or write at places which a tensor of indices names.
#include "dialects/hone/HoneDialect.h"
#include <numeric>

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }
static OpResult only(Operation *op) { return op->getResult(0); }

static LogicalResult checkIndices(Operation *op, Value indices) {
  if (isa<IntegerType>(elementType(indices)) && !elementType(indices).isInteger(1))
    return success();
  return op->emitError("expected integers as indices, got ") << indices.getType();
}

OpOperand &GatherOp::getWeightOperand() { return getInputMutable(); }
int64_t GatherOp::getGroupAxis() { return getAxis() == 0 ? 1 : 0; }
Value GatherOp::getActivation() { return {}; }
IndexUse GatherOp::getIndexUse() { return {getIndices(), getInput(), {int64_t(getAxis())}}; }

LogicalResult GatherOp::inferShapes(Shapes &shapes) {
  if (failed(checkIndices(*this, getIndices())))
    return failure();
  std::vector<DimExpr> input = shapes.dims(getInput()), indices = shapes.dims(getIndices());
  int64_t axis = getAxis();
  if (axis < 0 || axis >= int64_t(input.size()))
    return emitError("expected an axis below ") << input.size() << ", got " << axis;
  std::vector<DimExpr> dims(input.begin(), input.begin() + axis);
  dims.insert(dims.end(), indices.begin(), indices.end());
  dims.insert(dims.end(), input.begin() + axis + 1, input.end());
  shapes.setResult(only(*this), elementType(getInput()), dims);
  auto known = shapes.contents(getInput());
  auto picks = shapes.constants(getIndices());
  if (known && picks && input.size() == 1) {
    std::vector<DimExpr> elements;
    for (int64_t pick : *picks) {
      int64_t at = pick < 0 ? pick + int64_t(known->size()) : pick;
      if (at < 0 || at >= int64_t(known->size()))
        return emitError("expected indices below ") << known->size() << ", got " << pick;
      elements.push_back((*known)[at]);
    }
    shapes.setContents(getResult(), elements);
  }
  return success();
}

Value GatherOp::buildElement(ElementBuilder &b, ValueRange indices) {
  int64_t axis = getAxis(), picks = cast<RankedTensorType>(getIndices().getType()).getRank();
  Value index = b.toIndex(b.load(getIndices(), indices.slice(axis, picks)), elementType(getIndices()));
  SmallVector<Value> from(indices.begin(), indices.begin() + axis);
  from.push_back(b.wrapIndex(index, b.dim(getInput(), axis)));
  from.append(indices.begin() + axis + picks, indices.end());
  return b.load(getInput(), from);
}

IndexUse GatherElementsOp::getIndexUse() { return {getIndices(), getInput(), {int64_t(getAxis())}}; }

LogicalResult GatherElementsOp::inferShapes(Shapes &shapes) {
  if (failed(checkIndices(*this, getIndices())))
    return failure();
  if (shapes.rank(getInput()) != shapes.rank(getIndices()) || getAxis() >= uint64_t(shapes.rank(getInput())))
    return emitError("expected indices of the input's rank and an axis below it");
  shapes.setResult(only(*this), elementType(getInput()), shapes.dims(getIndices()));
  return success();
}

Value GatherElementsOp::buildElement(ElementBuilder &b, ValueRange indices) {
  SmallVector<Value> from(indices);
  Value index = b.toIndex(b.load(getIndices(), indices), elementType(getIndices()));
  from[getAxis()] = b.wrapIndex(index, b.dim(getInput(), getAxis()));
  return b.load(getInput(), from);
}

IndexUse GatherNDOp::getIndexUse() {
  auto tuples = cast<RankedTensorType>(getIndices().getType());
  SmallVector<int64_t> axes(tuples.getShape().back());
  std::iota(axes.begin(), axes.end(), getBatchDims());
  return {getIndices(), getInput(), axes};
}

LogicalResult GatherNDOp::inferShapes(Shapes &shapes) {
  if (failed(checkIndices(*this, getIndices())))
    return failure();
  std::vector<DimExpr> input = shapes.dims(getInput()), indices = shapes.dims(getIndices());
  int64_t batch = getBatchDims();
  auto depth = indices.empty() ? std::nullopt : indices.back().constant();
  if (!depth || batch + *depth > int64_t(input.size()) || batch < 0 || batch >= int64_t(indices.size()))
    return emitError("expected index tuples of a known length within the input's rank");
  std::vector<DimExpr> dims(indices.begin(), indices.end() - 1);
  dims.insert(dims.end(), input.begin() + batch + *depth, input.end());
  shapes.setResult(only(*this), elementType(getInput()), dims);
  return success();
}

Value GatherNDOp::buildElement(ElementBuilder &b, ValueRange indices) {
  auto tuples = cast<RankedTensorType>(getIndices().getType());
  int64_t outer = tuples.getRank() - 1, depth = tuples.getDimSize(outer), batch = getBatchDims();
  SmallVector<Value> from(indices.begin(), indices.begin() + batch),
      at(indices.begin(), indices.begin() + outer);
  at.push_back({});
  for (int64_t k = 0; k < depth; ++k) {
    at.back() = b.constant(k);
    Value index = b.toIndex(b.load(getIndices(), at), elementType(getIndices()));
    from.push_back(b.wrapIndex(index, b.dim(getInput(), batch + k)));
  }
  from.append(indices.begin() + outer, indices.end());
  return b.load(getInput(), from);
}

static LogicalResult inferScatter(Operation *op, Shapes &shapes, Value input, Value indices, Value updates) {
  if (failed(checkIndices(op, indices)))
    return failure();
  if (elementType(input) != elementType(updates))
    return op->emitError("expected updates of the input's element type, got ") << updates.getType();
  shapes.setResult(only(op), elementType(input), shapes.dims(input));
  return success();
}
LogicalResult ScatterElementsOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> indices = shapes.dims(getIndices()), updates = shapes.dims(getUpdates());
  bool fits = indices.size() == updates.size() && int64_t(indices.size()) == shapes.rank(getInput()) &&
              getAxis() < indices.size();
  for (size_t axis = 0; axis < indices.size() && fits; ++axis)
    fits = shapes.require(indices[axis], updates[axis]);
  if (!fits)
    return emitError("expected indices and updates of one shape and the input's rank, got ")
           << getIndices().getType() << " and " << getUpdates().getType();
  return inferScatter(*this, shapes, getInput(), getIndices(), getUpdates());
}
LogicalResult ScatterNDOp::inferShapes(Shapes &shapes) {
  // updates: the indices' shape without the tuples, then what of the input a tuple leaves.
  std::vector<DimExpr> indices = shapes.dims(getIndices()), input = shapes.dims(getInput()),
                       updates = shapes.dims(getUpdates());
  auto depth = indices.empty() ? std::nullopt : indices.back().constant();
  if (!depth || *depth > int64_t(input.size()))
    return emitError("expected index tuples of a known length within the input's rank");
  std::vector<DimExpr> wanted(indices.begin(), indices.end() - 1);
  wanted.insert(wanted.end(), input.begin() + *depth, input.end());
  bool fits = wanted.size() == updates.size();
  for (size_t axis = 0; axis < wanted.size() && fits; ++axis)
    fits = shapes.require(wanted[axis], updates[axis]);
  if (!fits)
    return emitError("expected updates of one slice for each index tuple, got ") << getUpdates().getType();
  return inferScatter(*this, shapes, getInput(), getIndices(), getUpdates());
}
