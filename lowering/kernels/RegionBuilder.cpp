// Elements of a region by pulling, with what was pulled kept for the next reader.
#include "lowering/kernels/RegionBuilder.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

bool isPacked(Type elementType) { return elementType.isInteger(4); }

RegionBuilder::RegionBuilder(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers)
    : ElementBuilder(b, loc), body(kernel.getBody().front()), buffers(buffers) {
  // Sizes inside the region, in terms of the region's arguments; `dims` says which are equal.
  for (auto [argument, names] : llvm::zip(body.getArguments(), kernel.getDims()))
    shapes.bindArgument(argument, dimNames(cast<ArrayAttr>(names)));
  for (Operation &op : body.without_terminator())
    (void)shapes.infer(&op);
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
    yielded.try_emplace(value, buffers[body.getNumArguments() + i]);
}

Value RegionBuilder::load(Value tensor, ValueRange indices) {
  auto key = keyOf(tensor, indices);
  auto [from, to] = cache.equal_range(key);
  for (auto at = from; at != to; ++at)
    if (at->second.getParentBlock()->findAncestorOpInBlock(*b.getInsertionBlock()->getParentOp()) ||
        at->second.getParentBlock() == b.getInsertionBlock())
      return at->second;
  Value element = compute(tensor, indices);
  if (!matchPattern(element, m_Constant()))
    cache.emplace(key, element);
  return element;
}

Value RegionBuilder::dim(Value tensor, int64_t axis) {
  return shapes.materialize(b, loc, shapes.dim(tensor, axis), [&](const SymbolDef &def) -> Value {
    if (def.kind == SymbolDef::Element) {
      auto type = cast<RankedTensorType>(def.value.getType());
      SmallVector<Value> at;
      for (int64_t rest = def.index, i = type.getRank(); i-- > 0;) {
        at.insert(at.begin(), constant(rest % type.getDimSize(i)));
        rest /= type.getDimSize(i);
      }
      return toIndex(load(def.value, at), type.getElementType());
    }
    if (auto argument = dyn_cast<BlockArgument>(def.value))
      return memref::DimOp::create(b, loc, buffers[argument.getArgNumber()], def.index);
    return memref::DimOp::create(b, loc, yielded.lookup(def.value), def.index);
  });
}

bool RegionBuilder::sameDim(Value a, int64_t axisA, Value c, int64_t axisC) {
  return shapes.dim(a, axisA) == shapes.dim(c, axisC);
}

/// "3" for the size named 3, a number for a static size: what Shapes::bindArgument reads.
ArrayAttr RegionBuilder::dimNames(ArrayAttr numbers) {
  return b.getArrayAttr(llvm::map_to_vector(numbers, [&](Attribute number) -> Attribute {
    int64_t n = cast<IntegerAttr>(number).getInt();
    return n < 0 ? Attribute(b.getI64IntegerAttr(-n - 1)) : b.getStringAttr("d" + Twine(n));
  }));
}

Value RegionBuilder::compute(Value tensor, ValueRange indices) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return loadBuffer(buffers[argument.getArgNumber()],
                      cast<RankedTensorType>(tensor.getType()).getElementType(), indices);
  return cast<ElementOpInterface>(tensor.getDefiningOp()).buildElement(*this, indices);
}

Value RegionBuilder::loadBuffer(Value buffer, Type elementType, ValueRange indices) {
  if (!isPacked(elementType)) {
    Value element = memref::LoadOp::create(b, loc, buffer, indices);
    if (elementType.isInteger(1))
      element = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, element,
                                      arith::ConstantIntOp::create(b, loc, element.getType(), 0));
    return element;
  }
  // Two elements a byte, low bits first.
  SmallVector<Value> at(indices);
  Value high;
  if (at.empty()) {
    high = arith::ConstantIntOp::create(b, loc, b.getI1Type(), 0);
  } else {
    Value one = constant(1);
    high = equal(arith::AndIOp::create(b, loc, at.back(), one), one);
    at.back() = arith::ShRUIOp::create(b, loc, at.back(), one);
  }
  Value byte = memref::LoadOp::create(b, loc, buffer, at);
  Value four = arith::ConstantIntOp::create(b, loc, b.getI8Type(), 4);
  Value top = arith::ShLIOp::create(b, loc, byte, four); // the low element, moved up
  Value raised = arith::SelectOp::create(b, loc, high, byte, top);
  return elementType.isUnsignedInteger() ? arith::ShRUIOp::create(b, loc, raised, four).getResult()
                                         : arith::ShRSIOp::create(b, loc, raised, four).getResult();
}

RegionBuilder::Key RegionBuilder::keyOf(Value tensor, ValueRange indices) {
  Key key = {tensor.getAsOpaquePointer()};
  for (Value index : indices) {
    Attribute constant;
    key.push_back(matchPattern(index, m_Constant(&constant)) ? constant.getAsOpaquePointer()
                                                             : index.getAsOpaquePointer());
  }
  return key;
}

void RegionBuilder::define(Value tensor, ValueRange indices, Value element) {
  cache.emplace(keyOf(tensor, indices), element);
}

Value RegionBuilder::storedElement(Value tensor, ValueRange indices) {
  Value element = load(tensor, indices);
  return cast<ShapedType>(tensor.getType()).getElementType().isInteger(1)
             ? arith::ExtUIOp::create(b, loc, b.getI8Type(), element).getResult()
             : element;
}

Value pullElement(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, size_t index,
                  ValueRange indices) {
  Value value = kernel.getBody().front().getTerminator()->getOperand(index);
  RegionBuilder region(b, loc, kernel, buffers);
  return region.storedElement(value, indices);
}

void emitElement(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, size_t index,
                 ValueRange indices) {
  Value value = kernel.getBody().front().getTerminator()->getOperand(index);
  Value buffer = buffers[kernel.getInputs().size() + index];
  Type elementType = cast<ShapedType>(value.getType()).getElementType();
  RegionBuilder region(b, loc, kernel, buffers);
  if (!isPacked(elementType) || indices.empty()) {
    memref::StoreOp::create(b, loc, region.storedElement(value, indices), buffer, indices);
    return;
  }
  // A byte holds two elements; the last one may be alone.
  SmallVector<Value> at(indices);
  Value one = arith::ConstantIndexOp::create(b, loc, 1), two = arith::ConstantIndexOp::create(b, loc, 2);
  Value first = arith::MulIOp::create(b, loc, indices.back(), two);
  Value last = region.sub(region.dim(value, at.size() - 1), one);
  at.back() = first;
  Value low = region.load(value, at);
  at.back() = region.minimum(region.add(first, one), last);
  Value high = region.load(value, at);
  Value mask = arith::ConstantIntOp::create(b, loc, b.getI8Type(), 15),
        four = arith::ConstantIntOp::create(b, loc, b.getI8Type(), 4);
  Value byte = arith::OrIOp::create(b, loc, arith::AndIOp::create(b, loc, low, mask),
                                    arith::ShLIOp::create(b, loc, high, four));
  memref::StoreOp::create(b, loc, byte, buffer, indices);
}

bool isFlat(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  auto dimsOf = [&](size_t i) { return cast<ArrayAttr>(kernel.getDims()[i]); };
  size_t inputs = body.getNumArguments();
  for (size_t i = 0; i < kernel.getNumResults(); ++i)
    if (dimsOf(inputs + i) != dimsOf(inputs) ||
        isPacked(cast<ShapedType>(kernel.getResult(i).getType()).getElementType()))
      return false;
  for (Operation &op : body.without_terminator()) {
    auto constant = dyn_cast<ConstantOp>(op);
    if (!isa<ElementwiseOpInterface>(op) && !(constant && constant.getValue().isSplat()))
      return false;
  }
  for (BlockArgument argument : body.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    if (isPacked(type.getElementType()))
      return false;
    if (dimsOf(argument.getArgNumber()) != dimsOf(inputs) && type.hasStaticShape() &&
        type.getNumElements() == 1 && type.getRank() == 0)
      continue;
    if (dimsOf(argument.getArgNumber()) != dimsOf(inputs))
      return false;
  }
  return kernel.getNumResults() > 0 && cast<ShapedType>(kernel.getResult(0).getType()).getRank() > 1;
}

Value sizeProduct(OpBuilder &b, Location loc, Value buffer, int64_t axes) {
  Value count = arith::ConstantIndexOp::create(b, loc, 1);
  for (int64_t axis = 0; axis < axes; ++axis)
    count = b.createOrFold<arith::MulIOp>(loc, count, b.createOrFold<memref::DimOp>(loc, buffer, axis));
  return count;
}

/// A copy of the region on rank-1 tensors.
static KernelOp flattenRegion(OpBuilder &b, KernelOp kernel) {
  auto flat = cast<KernelOp>(b.clone(*kernel));
  auto flatType = [](Type type) -> Type {
    auto tensor = cast<RankedTensorType>(type);
    return tensor.getRank() ? RankedTensorType::get({ShapedType::kDynamic}, tensor.getElementType()) : tensor;
  };
  Block &body = flat.getBody().front();
  for (BlockArgument argument : body.getArguments())
    argument.setType(flatType(argument.getType()));
  for (Operation &op : body.without_terminator())
    for (OpResult result : op.getResults()) {
      result.setType(isa<ConstantOp>(op)
                         ? RankedTensorType::get({}, cast<ShapedType>(result.getType()).getElementType())
                         : flatType(result.getType()));
      if (auto constant = dyn_cast<ConstantOp>(op))
        constant.setValueAttr(
            cast<DenseElementsAttr>(constant.getValue()).resizeSplat(cast<ShapedType>(result.getType())));
    }
  for (OpResult result : flat->getResults())
    result.setType(flatType(result.getType()));
  flat.setDimsAttr(b.getArrayAttr(llvm::map_to_vector(flat.getDims(), [&](Attribute dims) -> Attribute {
    return cast<ArrayAttr>(dims).empty() ? dims : b.getI64ArrayAttr({0});
  })));
  return flat;
}

FlatRegion flatten(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) {
  FlatRegion flat{flattenRegion(b, kernel), {}, {}};
  size_t inputs = kernel.getInputs().size();
  for (auto [i, buffer] : llvm::enumerate(buffers)) {
    auto type = cast<MemRefType>(buffer.getType());
    if (type.getRank() == 0 && i < inputs) {
      flat.buffers.push_back(buffer);
      continue;
    }
    Value count = sizeProduct(b, loc, buffer, type.getRank());
    if (i == inputs)
      flat.length = count;
    flat.buffers.push_back(memref::ReinterpretCastOp::create(
        b, loc,
        MemRefType::get({ShapedType::kDynamic}, type.getElementType(), MemRefLayoutAttrInterface(),
                        type.getMemorySpace()),
        buffer, OpFoldResult(b.getIndexAttr(0)), ArrayRef<OpFoldResult>{count},
        ArrayRef<OpFoldResult>{b.getIndexAttr(1)}));
  }
  return flat;
}

void emitElement(OpBuilder &b, Location loc, const FlatRegion &flat, Value at) {
  KernelOp kernel = flat.kernel;
  RegionBuilder region(b, loc, kernel, flat.buffers);
  for (auto [i, value] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands())) {
    auto type = cast<ShapedType>(value.getType());
    Value element = region.storedElement(value, type.getRank() ? ValueRange(at) : ValueRange());
    memref::StoreOp::create(b, loc, element, flat.buffers[kernel.getInputs().size() + i], at);
  }
}

} // namespace hone
