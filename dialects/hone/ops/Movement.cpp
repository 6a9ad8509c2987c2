// Movement ops: shapes, tracked elements of shape computations, element access.
#include "dialects/hone/HoneDialect.h"

using namespace mlir;
using namespace mlir::hone;

static Type elementType(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }
static OpResult only(Operation *op) { return op->getResult(0); }

/// Gives the op's result as many of `tensor`'s elements, picked by `pick`, as contents.
static void copyContents(Shapes &shapes, Operation *op, Value tensor) {
  if (auto known = shapes.contents(tensor))
    shapes.setContents(only(op), *known);
}

/// Gives the op's result elements of `input`, those at the positions that `from` makes of the result's.
static void pickContents(Shapes &shapes, Operation *op, Value input,
                         llvm::function_ref<void(MutableArrayRef<int64_t>)> from) {
  auto known = shapes.contents(input);
  auto type = dyn_cast<RankedTensorType>(only(op).getType());
  if (!known || !type || !type.hasStaticShape() || type.getNumElements() > Shapes::maxContents)
    return;
  ArrayRef<int64_t> source = cast<RankedTensorType>(input.getType()).getShape();
  std::vector<DimExpr> elements;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    SmallVector<int64_t> at(type.getRank());
    int64_t position = 0;
    for (int64_t rest = i, axis = type.getRank(); axis-- > 0; rest /= type.getDimSize(axis))
      at[axis] = rest % type.getDimSize(axis);
    from(at);
    for (auto [index, size] : llvm::zip(at, source)) {
      if (index < 0 || index >= size)
        return;
      position = position * size + index;
    }
    elements.push_back((*known)[position]);
  }
  shapes.setContents(only(op), elements);
}

//===-- constants and sizes --------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::inferShapes(Shapes &shapes) {
  auto type = cast<RankedTensorType>(getValue().getType());
  std::vector<DimExpr> dims(type.getShape().begin(), type.getShape().end());
  shapes.setResult(only(*this), type.getElementType(), dims);
  return success();
}

Value ConstantOp::buildElement(ElementBuilder &b, ValueRange indices) {
  auto elements = dyn_cast<DenseElementsAttr>(getValue());
  auto type = cast<RankedTensorType>(getType());
  Type storage = storageType(type.getElementType());
  auto scalarOf = [&](Attribute value) -> Value {
    if (auto integer = dyn_cast<IntegerAttr>(value)) {
      APInt bits = integer.getValue();
      bool isSigned = !type.getElementType().isUnsignedInteger() && !type.getElementType().isInteger(1);
      unsigned width = storage.getIntOrFloatBitWidth();
      bits = isSigned ? bits.sextOrTrunc(width) : bits.zextOrTrunc(width);
      return arith::ConstantOp::create(b.b, b.loc, IntegerAttr::get(storage, bits));
    }
    return arith::ConstantOp::create(b.b, b.loc, cast<TypedAttr>(value));
  };
  if (!elements || type.getNumElements() == 0)
    return b.scalar(storage, 0);
  if (elements.isSplat())
    return scalarOf(elements.getSplatValue<Attribute>());
  // Few elements: a chain of selects on the row-major position.
  Value position = b.constant(0);
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    position = b.add(b.mul(position, b.constant(type.getDimSize(axis))), indices[axis]);
  Value result;
  for (auto [i, value] : llvm::enumerate(elements.getValues<Attribute>())) {
    Value element = scalarOf(value);
    result = result ? arith::SelectOp::create(b.b, b.loc, b.equal(position, b.constant(i)), element, result)
                          .getResult()
                    : element;
  }
  return result;
}

LogicalResult ShapeOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims = shapes.dims(getInput());
  int64_t rank = dims.size();
  auto clamp = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  int64_t from = clamp(getStart()), to = std::max(from, getEnd() ? clamp(*getEnd()) : rank);
  std::vector<DimExpr> picked(dims.begin() + from, dims.begin() + to);
  shapes.setResult(only(*this), IntegerType::get(getContext(), 64), {DimExpr(to - from)});
  shapes.setContents(getResult(), picked);
  return success();
}

Value ShapeOp::buildElement(ElementBuilder &b, ValueRange indices) {
  int64_t rank = cast<RankedTensorType>(getInput().getType()).getRank();
  int64_t from = std::clamp<int64_t>(getStart() < 0 ? getStart() + rank : getStart(), 0, rank);
  int64_t count = cast<RankedTensorType>(getType()).getDimSize(0);
  Value result = b.constant(0);
  for (int64_t i = 0; i < count; ++i)
    result = arith::SelectOp::create(b.b, b.loc, b.equal(indices[0], b.constant(i)),
                                     b.dim(getInput(), from + i), result);
  return arith::IndexCastOp::create(b.b, b.loc, b.b.getI64Type(), result);
}

LogicalResult IndexTensorOp::inferShapes(Shapes &shapes) {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape() || type.getNumElements() != int64_t(getElements().size()))
    return emitError("expected a result of ") << getElements().size() << " elements, got " << getType();
  std::vector<DimExpr> dims(type.getShape().begin(), type.getShape().end()), elements;
  for (Value element : getElements())
    elements.push_back(shapes.index(element));
  shapes.setResult(only(*this), type.getElementType(), dims);
  shapes.setContents(getResult(), elements);
  return success();
}

Value IndexTensorOp::buildElement(ElementBuilder &b, ValueRange indices) {
  auto type = cast<RankedTensorType>(getType());
  Value position = b.constant(0);
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    position = b.add(b.mul(position, b.constant(type.getDimSize(axis))), indices[axis]);
  // The elements stand in a buffer of their own when this op is not pulled; here they are picked by position.
  Value result = b.constant(0);
  for (auto [i, element] : llvm::enumerate(getElements()))
    result = arith::SelectOp::create(b.b, b.loc, b.equal(position, b.constant(i)), element, result);
  return arith::IndexCastOp::create(b.b, b.loc, storageType(type.getElementType()), result);
}

//===-- views ------------------------------------------------------------------===//

LogicalResult ReshapeOp::inferShapes(Shapes &shapes) {
  auto shapeType = dyn_cast<RankedTensorType>(getShape().getType());
  if (!shapeType || shapeType.getRank() != 1 || shapeType.isDynamicDim(0))
    return emitError("expected a 1-D shape of known length, got ") << getShape().getType();
  std::vector<DimExpr> input = shapes.dims(getInput()), dims;
  int inferred = -1;
  bool isOpen = false;
  for (int64_t i = 0; i < shapeType.getDimSize(0); ++i) {
    DimExpr dim = shapes.element(getShape(), i);
    if (dim.is(0) && !getAllowzero()) {
      if (i >= int64_t(input.size()))
        return emitError("expected a dimension ") << i << " to copy, got an input of rank " << input.size();
      dim = input[i];
    } else if (dim.is(-1)) {
      if (inferred >= 0)
        return emitError("expected at most one -1 in the shape");
      inferred = i;
      dim = DimExpr(1);
    } else if (auto constant = dim.constant(); constant && *constant < 0) {
      return emitError("expected sizes of at least -1, got ") << *constant;
    } else if (!constant && !shapes.isNonNegative(dim) && !llvm::is_contained(input, dim)) {
      // A number that only the run knows may be -1 or 0 itself.
      dim = shapes.unknownDim(only(*this), i);
      isOpen = true;
    }
    dims.push_back(dim);
  }
  // Equal sizes cancel before the rest is divided.
  std::vector<DimExpr> over = input, under;
  for (size_t i = 0; i < dims.size(); ++i)
    if (int(i) != inferred) {
      auto same = llvm::find(over, dims[i]);
      if (same != over.end() && !dims[i].constant())
        over.erase(same);
      else
        under.push_back(dims[i]);
    }
  auto product = [](ArrayRef<DimExpr> factors) {
    DimExpr result(1);
    for (const DimExpr &factor : factors)
      result = result * factor;
    return result;
  };
  DimExpr total = product(over), others = product(under);
  if (inferred >= 0) {
    auto quotient = total.dividedBy(others);
    if (!quotient && total.constant() && others.constant() && !others.is(0))
      return emitError("expected a shape for ") << *product(input).constant() << " elements, got one that "
                                                << *product(dims).constant() << " can't fill";
    // What stands on sizes of this result is one itself.
    dims[inferred] = quotient ? *quotient
                     : isOpen ? shapes.unknownDim(only(*this), inferred)
                              : shapes.floorDiv(total, others);
  } else if (total.constant() && others.constant() && total != others) {
    return emitError("expected a shape of ")
           << *product(input).constant() << " elements, got " << *product(dims).constant();
  }
  shapes.setResult(only(*this), elementType(getInput()), dims);
  copyContents(shapes, *this, getInput());
  return success();
}

LogicalResult SqueezeOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims;
  for (auto [axis, dim] : llvm::enumerate(shapes.dims(getInput()))) {
    if (!llvm::is_contained(getAxes(), int64_t(axis)))
      dims.push_back(dim);
    else if (!shapes.require(dim, DimExpr(1)))
      return emitError("expected size 1 in dimension ") << axis << ", got " << *dim.constant();
  }
  shapes.setResult(only(*this), elementType(getInput()), dims);
  copyContents(shapes, *this, getInput());
  return success();
}

LogicalResult UnsqueezeOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims, input = shapes.dims(getInput());
  for (size_t axis = 0, from = 0; axis < input.size() + getAxes().size(); ++axis) {
    if (llvm::is_contained(getAxes(), int64_t(axis)))
      dims.push_back(DimExpr(1));
    else if (from < input.size())
      dims.push_back(input[from++]);
    else
      return emitError("expected different axes within the result's rank");
  }
  shapes.setResult(only(*this), elementType(getInput()), dims);
  copyContents(shapes, *this, getInput());
  return success();
}

//===-- permutations and broadcasts ------------------------------------------===//

LogicalResult TransposeOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> input = shapes.dims(getInput()), dims;
  SmallVector<bool> seen(input.size(), false);
  if (getPerm().size() != input.size())
    return emitError("expected a permutation of ") << input.size() << " dimensions, got " << getPerm().size();
  for (int64_t axis : getPerm()) {
    if (axis < 0 || axis >= int64_t(input.size()) || seen[axis])
      return emitError("expected a permutation of the dimensions");
    seen[axis] = true;
    dims.push_back(input[axis]);
  }
  shapes.setResult(only(*this), elementType(getInput()), dims);
  pickContents(shapes, *this, getInput(), [&](MutableArrayRef<int64_t> at) {
    SmallVector<int64_t> result(at);
    for (auto [axis, source] : llvm::enumerate(getPerm()))
      at[source] = result[axis];
  });
  return success();
}

Value TransposeOp::buildElement(ElementBuilder &b, ValueRange indices) {
  SmallVector<Value> from(indices.size());
  for (auto [axis, source] : llvm::enumerate(getPerm()))
    from[source] = indices[axis];
  return b.load(getInput(), from);
}

LogicalResult ExpandOp::inferShapes(Shapes &shapes) {
  auto shapeType = dyn_cast<RankedTensorType>(getShape().getType());
  if (!shapeType || shapeType.getRank() != 1 || shapeType.isDynamicDim(0))
    return emitError("expected a 1-D shape of known length, got ") << getShape().getType();
  std::vector<DimExpr> wanted;
  for (int64_t i = 0; i < shapeType.getDimSize(0); ++i)
    wanted.push_back(shapes.element(getShape(), i));
  auto dims = shapes.broadcastShapes(shapes.dims(getInput()), wanted);
  if (failed(dims))
    return emitError("expected a shape that ") << getInput().getType() << " broadcasts with";
  shapes.setResult(only(*this), elementType(getInput()), *dims);
  if (auto known = shapes.contents(getInput())) {
    auto type = cast<RankedTensorType>(getType());
    if (type.hasStaticShape() && type.getNumElements() == int64_t(known->size()))
      shapes.setContents(getResult(), *known);
    else if (type.hasStaticShape() && known->size() == 1 && type.getNumElements() <= Shapes::maxContents)
      shapes.setContents(getResult(), std::vector<DimExpr>(type.getNumElements(), known->front()));
  }
  return success();
}

Value ExpandOp::buildElement(ElementBuilder &b, ValueRange indices) {
  return b.loadBroadcast(getInput(), getResult(), indices);
}

LogicalResult TileOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims = shapes.dims(getInput());
  auto type = dyn_cast<RankedTensorType>(getRepeats().getType());
  if (!type || type.getRank() != 1 || type.getDimSize(0) != int64_t(dims.size()))
    return emitError("expected ") << dims.size() << " repeats, got " << getRepeats().getType();
  for (size_t axis = 0; axis < dims.size(); ++axis)
    dims[axis] = dims[axis] * shapes.element(getRepeats(), axis);
  shapes.setResult(only(*this), elementType(getInput()), dims);
  return success();
}

Value TileOp::buildElement(ElementBuilder &b, ValueRange indices) {
  SmallVector<Value> from;
  for (auto [axis, index] : llvm::enumerate(indices))
    from.push_back(b.mod(index, b.dim(getInput(), axis)));
  return b.load(getInput(), from);
}

//===-- joining and cutting ------------------------------------------------------===//

LogicalResult ConcatOp::inferShapes(Shapes &shapes) {
  if (getInputs().empty())
    return emitError("expected at least one input");
  std::vector<DimExpr> dims = shapes.dims(getInputs().front());
  int64_t axis = getAxis(), rank = dims.size();
  if (axis < 0 || axis >= rank)
    return emitError("expected an axis below ") << rank << ", got " << axis;
  std::vector<DimExpr> elements;
  bool tracked = rank == 1;
  for (auto [i, input] : llvm::enumerate(getInputs())) {
    std::vector<DimExpr> mine = shapes.dims(input);
    if (int64_t(mine.size()) != rank || elementType(input) != elementType(getInputs().front()))
      return emitError("expected inputs of one rank and element type, got ")
             << getInputs().front().getType() << " and " << input.getType();
    if (i)
      dims[axis] = dims[axis] + mine[axis];
    for (int64_t other = 0; other < rank; ++other)
      if (other != axis) {
        if (!shapes.require(dims[other], mine[other]))
          return emitError("expected inputs of one size in dimension ")
                 << other << ", got " << *dims[other].constant() << " and " << *mine[other].constant();
        if (mine[other].constant())
          dims[other] = mine[other];
      }
    auto known = shapes.contents(input);
    tracked = tracked && known;
    if (tracked)
      elements.insert(elements.end(), known->begin(), known->end());
  }
  shapes.setResult(only(*this), elementType(getInputs().front()), dims);
  if (tracked)
    shapes.setContents(getResult(), elements);
  return success();
}

Value ConcatOp::buildElement(ElementBuilder &b, ValueRange indices) {
  // Which input: nested ifs, so that only the one that holds the element is read.
  int64_t axis = getAxis();
  std::function<Value(size_t, Value)> pick = [&](size_t i, Value position) -> Value {
    SmallVector<Value> at(indices);
    at[axis] = position;
    if (i + 1 == getInputs().size())
      return b.load(getInputs()[i], at);
    Value size = b.dim(getInputs()[i], axis);
    auto branch = scf::IfOp::create(b.b, b.loc, TypeRange{storageType(elementType(getResult()))},
                                    b.less(position, size), true);
    OpBuilder::InsertionGuard guard(b.b);
    b.b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b.b, b.loc, b.load(getInputs()[i], at));
    b.b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b.b, b.loc, pick(i + 1, b.sub(position, size)));
    return branch.getResult(0);
  };
  return pick(0, indices[axis]);
}

LogicalResult SliceOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> input = shapes.dims(getInput()), dims = input;
  SmallVector<int64_t> firsts(input.size(), 0), strides(input.size(), 1);
  bool isKnown = true;
  for (auto [i, axis] : llvm::enumerate(getAxes())) {
    if (axis < 0 || axis >= int64_t(input.size()))
      return emitError("expected an axis below ") << input.size() << ", got " << axis;
    DimExpr start = shapes.element(getStarts(), i), end = shapes.element(getEnds(), i), size = input[axis];
    auto step = shapes.element(getSteps(), i).constant();
    if (step == 0)
      return emitError("expected a step other than 0");
    if (!step) {
      dims[axis] = shapes.unknownDim(only(*this), axis);
      isKnown = false;
      continue;
    }
    DimExpr length;
    if (*step > 0) {
      DimExpr from = shapes.position(start, size), to = shapes.position(end, size);
      length = shapes.ceilDiv(shapes.max(to - from, DimExpr(0)), DimExpr(*step));
    } else {
      // Backwards from min(start, size-1) down to, not including, end (which may be before the first).
      auto constantStart = start.constant(), constantEnd = end.constant();
      DimExpr from = shapes.isNonNegative(start) || (constantStart && *constantStart < 0)
                         ? (constantStart && *constantStart < 0 ? size + DimExpr(*constantStart)
                                                                : shapes.min(start, size - DimExpr(1)))
                         : shapes.position(start, size) - DimExpr(1);
      DimExpr to = constantEnd && *constantEnd <= INT32_MIN ? DimExpr(-1)
                   : constantEnd && *constantEnd < 0 ? shapes.max(size + DimExpr(*constantEnd), DimExpr(-1))
                                                     : shapes.min(end, size - DimExpr(1));
      length = shapes.ceilDiv(shapes.max(from - to, DimExpr(0)), DimExpr(-*step));
    }
    dims[axis] = length;
    auto first = start.constant(), whole = size.constant();
    isKnown &= first && whole;
    if (first && whole) {
      int64_t most = *step > 0 ? *whole : *whole - 1;
      firsts[axis] =
          std::clamp<int64_t>(*first < 0 ? *first + *whole : *first, 0, std::max<int64_t>(most, 0));
      strides[axis] = *step;
    }
  }
  shapes.setResult(only(*this), elementType(getInput()), dims);
  if (isKnown)
    pickContents(shapes, *this, getInput(), [&](MutableArrayRef<int64_t> at) {
      for (size_t axis = 0; axis < at.size(); ++axis)
        at[axis] = firsts[axis] + at[axis] * strides[axis];
    });
  return success();
}

Value SliceOp::buildElement(ElementBuilder &b, ValueRange indices) {
  SmallVector<Value> from(indices);
  for (auto [i, axis] : llvm::enumerate(getAxes())) {
    auto at = [&](Value tensor) { return b.toIndex(b.load(tensor, b.constant(i)), elementType(tensor)); };
    Value size = b.dim(getInput(), axis), start = at(getStarts()), step = at(getSteps());
    Value zero = b.constant(0);
    Value wrapped = arith::SelectOp::create(b.b, b.loc, b.less(start, zero), b.add(start, size), start);
    Value top = arith::SelectOp::create(b.b, b.loc, b.less(step, zero), b.sub(size, b.constant(1)), size);
    Value first = b.maximum(b.minimum(wrapped, top), zero);
    from[axis] = b.add(first, b.mul(indices[axis], step));
  }
  return b.load(getInput(), from);
}

LogicalResult PadOp::inferShapes(Shapes &shapes) {
  std::vector<DimExpr> dims = shapes.dims(getInput());
  auto type = dyn_cast<RankedTensorType>(getPads().getType());
  if (!type || type.getRank() != 1 || type.getDimSize(0) != int64_t(2 * dims.size()))
    return emitError("expected ") << 2 * dims.size() << " pads, got " << getPads().getType();
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    DimExpr size =
        dims[axis] + shapes.element(getPads(), axis) + shapes.element(getPads(), axis + dims.size());
    if (size.constant().value_or(0) < 0)
      return emitError("expected pads that leave dimension ") << axis << " a size, got " << *size.constant();
    dims[axis] = shapes.max(size, DimExpr(0));
  }
  shapes.setResult(only(*this), elementType(getInput()), dims);
  return success();
}

Value PadOp::buildElement(ElementBuilder &b, ValueRange indices) {
  Value zero = b.constant(0), one = b.constant(1), inside;
  SmallVector<Value> from;
  for (auto [axis, index] : llvm::enumerate(indices)) {
    Value begin = b.toIndex(b.load(getPads(), b.constant(axis)), elementType(getPads()));
    Value size = b.dim(getInput(), axis), at = b.sub(index, begin), last = b.sub(size, one);
    switch (getKind()) {
    case PadKind::constant: {
      Value fits = arith::AndIOp::create(b.b, b.loc, b.less(b.constant(-1), at), b.less(at, size));
      inside = inside ? arith::AndIOp::create(b.b, b.loc, inside, fits).getResult() : fits;
      break;
    }
    case PadKind::edge:
      at = b.maximum(b.minimum(at, last), zero);
      break;
    case PadKind::wrap:
      at = b.mod(b.add(b.mod(at, size), size), size);
      break;
    case PadKind::reflect: {
      // Period 2 (size - 1): up, then down again.
      Value period = b.maximum(b.mul(b.constant(2), last), one);
      Value phase = b.mod(b.add(b.mod(at, period), period), period);
      at = b.minimum(phase, b.sub(period, phase));
      at = b.maximum(b.minimum(at, last), zero);
      break;
    }
    }
    from.push_back(at);
  }
  if (!inside)
    return b.load(getInput(), from);
  auto branch = scf::IfOp::create(b.b, b.loc, TypeRange{storageType(elementType(getResult()))}, inside, true);
  OpBuilder::InsertionGuard guard(b.b);
  b.b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b.b, b.loc, b.load(getInput(), from));
  b.b.setInsertionPointToStart(branch.elseBlock());
  SmallVector<Value> first(cast<RankedTensorType>(getValue().getType()).getRank(), zero);
  scf::YieldOp::create(b.b, b.loc, b.load(getValue(), first));
  return branch.getResult(0);
}

//===-- making ---------------------------------------------------------------------===//

LogicalResult FillOp::inferShapes(Shapes &shapes) {
  auto type = dyn_cast<RankedTensorType>(getShape().getType());
  if (!type || type.getRank() != 1 || type.isDynamicDim(0))
    return emitError("expected a 1-D shape of known length, got ") << getShape().getType();
  std::vector<DimExpr> dims;
  for (int64_t i = 0; i < type.getDimSize(0); ++i)
    dims.push_back(shapes.element(getShape(), i));
  shapes.setResult(only(*this), elementType(getValue()), dims);
  auto result = cast<RankedTensorType>(getType());
  if (auto known = shapes.contents(getValue()); known && known->size() == 1 && result.hasStaticShape())
    if (result.getNumElements() <= Shapes::maxContents)
      shapes.setContents(getResult(), std::vector<DimExpr>(result.getNumElements(), known->front()));
  return success();
}

Value FillOp::buildElement(ElementBuilder &b, ValueRange) {
  return b.load(getValue(),
                SmallVector<Value>(cast<RankedTensorType>(getValue().getType()).getRank(), b.constant(0)));
}

LogicalResult RangeOp::inferShapes(Shapes &shapes) {
  auto one = [&](Value scalar) -> std::optional<DimExpr> {
    auto known = shapes.contents(scalar);
    if (known)
      return known->front();
    return isa<IntegerType>(elementType(scalar)) ? std::optional(shapes.element(scalar, 0)) : std::nullopt;
  };
  auto start = one(getStart()), limit = one(getLimit()), delta = one(getDelta());
  DimExpr count;
  bool tracked = start && limit && delta && delta->constant() && !delta->is(0);
  if (tracked) {
    int64_t step = *delta->constant();
    DimExpr span = step > 0 ? *limit - *start : *start - *limit;
    count = shapes.ceilDiv(shapes.max(span, DimExpr(0)), DimExpr(std::abs(step)));
  } else if (auto staticCount = staticFloatCount()) {
    if (!(*staticCount < 1e12)) // or not a number
      return emitError("expected a length of less than 1e12 elements");
    count = DimExpr(int64_t(std::max(*staticCount, 0.0)));
  } else {
    count = shapes.unknownDim(only(*this), 0);
  }
  shapes.setResult(only(*this), elementType(getStart()), {count});
  if (auto known = count.constant(); tracked && known && *known <= Shapes::maxContents) {
    std::vector<DimExpr> elements;
    for (int64_t i = 0; i < *known; ++i)
      elements.push_back(*start + *delta * DimExpr(i));
    shapes.setContents(getResult(), elements);
  }
  return success();
}

/// The length of a range of constant floats.
std::optional<double> RangeOp::staticFloatCount() {
  DenseFPElementsAttr start, limit, delta;
  if (!matchPattern(getStart(), m_Constant(&start)) || !matchPattern(getLimit(), m_Constant(&limit)) ||
      !matchPattern(getDelta(), m_Constant(&delta)))
    return std::nullopt;
  auto first = [](DenseFPElementsAttr elements) { return (*elements.begin()).convertToDouble(); };
  return std::ceil((first(limit) - first(start)) / first(delta));
}

Value RangeOp::buildElement(ElementBuilder &b, ValueRange indices) {
  auto scalar = [&](Value tensor) {
    return b.load(tensor,
                  SmallVector<Value>(cast<RankedTensorType>(tensor.getType()).getRank(), b.constant(0)));
  };
  Type type = storageType(elementType(getResult()));
  Value start = scalar(getStart()), delta = scalar(getDelta());
  Value position = arith::IndexCastOp::create(b.b, b.loc, b.b.getI64Type(), indices[0]);
  if (isa<FloatType>(type)) {
    Value i = arith::SIToFPOp::create(b.b, b.loc, type, position);
    return arith::AddFOp::create(b.b, b.loc, start, arith::MulFOp::create(b.b, b.loc, i, delta));
  }
  Value i = arith::IndexCastOp::create(b.b, b.loc, type, indices[0]);
  return arith::AddIOp::create(b.b, b.loc, start, arith::MulIOp::create(b.b, b.loc, i, delta));
}
