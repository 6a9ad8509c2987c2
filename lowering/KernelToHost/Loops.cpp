// The family that covers everything: a loop nest over the result that pulls each element through
// the region's ops (ElementOpInterface). Gathers, pads and concats fuse like elementwise ops, which
// indexing maps of linalg.generic can't express (docs/rationale/element-pull.md). LLVM vectorizes the inner
// loop.
#include "lowering/KernelToHost/HostFamily.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::hone;

namespace {

constexpr int64_t flatChunk = 4096; // elements of one unit when all accesses are by the same flat index

bool isPacked(Type elementType) { return elementType.isInteger(4); }

/// Pulls elements of a region's values out of its buffers.
class RegionBuilder : public ElementBuilder {
public:
  RegionBuilder(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers)
      : ElementBuilder(b, loc), body(kernel.getBody().front()), buffers(buffers) {
    // Sizes inside the region, in terms of the region's arguments; `dims` says which are equal.
    for (auto [argument, names] : llvm::zip(body.getArguments(), kernel.getDims()))
      shapes.bindArgument(argument, dimNames(cast<ArrayAttr>(names)));
    for (Operation &op : body.without_terminator())
      (void)shapes.infer(&op);
    for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
      yielded.try_emplace(value, buffers[body.getNumArguments() + i]);
  }

  Value load(Value tensor, ValueRange indices) override {
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

  Value dim(Value tensor, int64_t axis) override {
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

  bool sameDim(Value a, int64_t axisA, Value c, int64_t axisC) override {
    return shapes.dim(a, axisA) == shapes.dim(c, axisC);
  }

  /// "3" for the size named 3, a number for a static size: what Shapes::bindArgument reads.
  ArrayAttr dimNames(ArrayAttr numbers) {
    return b.getArrayAttr(llvm::map_to_vector(numbers, [&](Attribute number) -> Attribute {
      int64_t n = cast<IntegerAttr>(number).getInt();
      return n < 0 ? Attribute(b.getI64IntegerAttr(-n - 1)) : b.getStringAttr("d" + Twine(n));
    }));
  }

private:
  using Key = std::vector<const void *>;

  Value compute(Value tensor, ValueRange indices) {
    if (auto argument = dyn_cast<BlockArgument>(tensor))
      return loadBuffer(buffers[argument.getArgNumber()],
                        cast<RankedTensorType>(tensor.getType()).getElementType(), indices);
    return cast<ElementOpInterface>(tensor.getDefiningOp()).buildElement(*this, indices);
  }

  Value loadBuffer(Value buffer, Type elementType, ValueRange indices) {
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

  Key keyOf(Value tensor, ValueRange indices) {
    Key key = {tensor.getAsOpaquePointer()};
    for (Value index : indices) {
      Attribute constant;
      key.push_back(matchPattern(index, m_Constant(&constant)) ? constant.getAsOpaquePointer()
                                                               : index.getAsOpaquePointer());
    }
    return key;
  }

  Block &body;
  ValueRange buffers;
  Shapes shapes;
  llvm::DenseMap<Value, Value> yielded;
  std::multimap<Key, Value> cache;
};

/// Whether every access is by the result's own index, so that the region works on flat arrays.
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

Value product(OpBuilder &b, Location loc, Value buffer, int64_t axes) {
  Value count = arith::ConstantIndexOp::create(b, loc, 1);
  for (int64_t axis = 0; axis < axes; ++axis)
    count = b.createOrFold<arith::MulIOp>(loc, count, b.createOrFold<memref::DimOp>(loc, buffer, axis));
  return count;
}

/// A copy of the region on rank-1 tensors, for flat kernels.
KernelOp flatten(OpBuilder &b, KernelOp kernel) {
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

class LoopsHost : public ::hone::HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b(function.getContext());
    b.setInsertionPointToStart(&function.getBody().front());
    Location loc = kernel.getLoc();
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val();
    arguments.pop_back(); // scratch
    if (isFlat(kernel))
      emitFlat(b, loc, kernel, arguments, lo, hi);
    else
      for (size_t i = 0; i < kernel.getNumResults(); ++i)
        emitRows(b, loc, kernel, arguments, i, lo, hi);
    func::ReturnOp::create(b, loc);
    return success();
  }

  ::hone::Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    Value result = buffers[kernel.getInputs().size()];
    int64_t rank = cast<MemRefType>(result.getType()).getRank();
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    int64_t picoseconds = costOfElement(kernel);
    if (isFlat(kernel)) {
      Value units =
          b.createOrFold<arith::CeilDivUIOp>(loc, product(b, loc, result, rank), constant(flatChunk));
      return {units, constant(std::max<int64_t>(1, flatChunk * picoseconds / 1000)), constant(0)};
    }
    Value units = product(b, loc, result, std::max<int64_t>(rank - 1, 0));
    Value row = rank ? b.createOrFold<memref::DimOp>(loc, result, rank - 1) : constant(1);
    Value cost = b.createOrFold<arith::CeilDivUIOp>(
        loc, b.createOrFold<arith::MulIOp>(loc, row, constant(picoseconds)), constant(1000));
    // A reduction's element costs what it reads.
    for (Operation &op : kernel.getBody().front().without_terminator())
      if (auto element = dyn_cast<ElementOpInterface>(op); element && !element.isCheapElement())
        cost = b.createOrFold<arith::MulIOp>(loc, cost, constant(64));
    return {units, cost, constant(0)};
  }

private:
  /// Estimated picoseconds an element: loads and simple ops a quarter nanosecond, as vector code needs.
  static int64_t costOfElement(KernelOp kernel) {
    return 250 * int64_t(std::distance(kernel.getBody().front().begin(), kernel.getBody().front().end()) +
                         kernel.getInputs().size());
  }

  static void store(ElementBuilder &b, Value element, Type elementType, Value buffer, ValueRange indices) {
    if (elementType.isInteger(1))
      element = arith::ExtUIOp::create(b.b, b.loc, b.b.getI8Type(), element);
    memref::StoreOp::create(b.b, b.loc, element, buffer, indices);
  }

  void emitFlat(OpBuilder &b, Location loc, KernelOp original, ValueRange arguments, Value lo,
                Value hi) const {
    KernelOp kernel = flatten(b, original);
    SmallVector<Value> buffers;
    Value total;
    size_t inputs = kernel.getInputs().size();
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    for (auto [i, argument] : llvm::enumerate(arguments)) {
      auto type = cast<MemRefType>(argument.getType());
      if (type.getRank() == 0 && i < inputs) {
        buffers.push_back(argument);
        continue;
      }
      Value count = product(b, loc, argument, type.getRank());
      if (i == inputs)
        total = count;
      buffers.push_back(memref::ReinterpretCastOp::create(
          b, loc, MemRefType::get({ShapedType::kDynamic}, type.getElementType()), argument,
          OpFoldResult(b.getIndexAttr(0)), ArrayRef<OpFoldResult>{count},
          ArrayRef<OpFoldResult>{b.getIndexAttr(1)}));
    }
    Value chunk = arith::ConstantIndexOp::create(b, loc, flatChunk);
    Value from = arith::MulIOp::create(b, loc, lo, chunk);
    Value to = arith::MinSIOp::create(b, loc, arith::MulIOp::create(b, loc, hi, chunk), total);
    auto loop = scf::ForOp::create(b, loc, from, to, arith::ConstantIndexOp::create(b, loc, 1));
    b.setInsertionPointToStart(loop.getBody());
    RegionBuilder region(b, loc, kernel, buffers);
    for (auto [i, value] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands())) {
      Value element =
          region.load(value, cast<ShapedType>(value.getType()).getRank() ? ValueRange(loop.getInductionVar())
                                                                         : ValueRange());
      store(region, element, cast<ShapedType>(value.getType()).getElementType(), buffers[inputs + i],
            loop.getInductionVar());
    }
    b.setInsertionPointAfter(loop);
    kernel.erase();
    (void)zero;
  }

  void emitRows(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, size_t resultIndex, Value lo,
                Value hi) const {
    Value value = kernel.getBody().front().getTerminator()->getOperand(resultIndex);
    Value buffer = buffers[kernel.getInputs().size() + resultIndex];
    Type elementType = cast<ShapedType>(value.getType()).getElementType();
    int64_t rank = cast<ShapedType>(value.getType()).getRank();
    OpBuilder::InsertionGuard guard(b);
    Value one = arith::ConstantIndexOp::create(b, loc, 1), zero = arith::ConstantIndexOp::create(b, loc, 0);
    auto rows = scf::ForOp::create(b, loc, lo, hi, one);
    b.setInsertionPointToStart(rows.getBody());
    if (rank == 0) {
      RegionBuilder region(b, loc, kernel, buffers);
      store(region, region.load(value, {}), elementType, buffer, {});
      return;
    }
    SmallVector<Value> indices(rank);
    Value rest = rows.getInductionVar();
    for (int64_t axis = rank - 2; axis > 0; --axis) {
      Value size = memref::DimOp::create(b, loc, buffer, axis);
      indices[axis] = arith::RemUIOp::create(b, loc, rest, size);
      rest = arith::DivUIOp::create(b, loc, rest, size);
    }
    if (rank > 1)
      indices[0] = rest;
    auto inner = scf::ForOp::create(b, loc, zero, memref::DimOp::create(b, loc, buffer, rank - 1), one);
    b.setInsertionPointToStart(inner.getBody());
    indices[rank - 1] = inner.getInductionVar();
    if (!isPacked(elementType)) {
      RegionBuilder region(b, loc, kernel, buffers);
      store(region, region.load(value, indices), elementType, buffer, indices);
      return;
    }
    // A byte holds two elements; the last one may be alone.
    Value two = arith::ConstantIndexOp::create(b, loc, 2);
    Value first = arith::MulIOp::create(b, loc, inner.getInductionVar(), two);
    RegionBuilder region(b, loc, kernel, buffers);
    Value last = region.sub(region.dim(value, rank - 1), one);
    SmallVector<Value> at(indices);
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
};

} // namespace

namespace hone {
const HostFamily &getLoopsHost() {
  static LoopsHost family;
  return family;
}
} // namespace hone
