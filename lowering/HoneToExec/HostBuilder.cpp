// Buffers, sizes, kernel dispatches and liveness of the host code.
#include "lowering/HoneToExec/HostBuilder.h"
#include "lowering/HoneToExec/Cost.h"
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/KernelToHost/HostFamily.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

int64_t dtypeNumber(Type elementType) {
  std::string name;
  llvm::raw_string_ostream(name) << elementType;
  int64_t number = 0;
#define HONE_DTYPE(id, text, bits, npy)                                                                      \
  if (name == text)                                                                                          \
    return number;                                                                                           \
  ++number;
#include "runtime/abi/DType.def"
  return -1;
}

bool isView(Operation *op) { return isa_and_nonnull<ReshapeOp, SqueezeOp, UnsqueezeOp>(op); }

Value rootOf(Value tensor) {
  while (isView(tensor.getDefiningOp()))
    tensor = tensor.getDefiningOp()->getOperand(0);
  return tensor;
}

Value HostBuilder::index(int64_t value, Location loc) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

int64_t HostBuilder::call(Operation *op, StringRef kernel) {
  SmallVector<Attribute> nodes;
  auto add = [&](auto &&self, Location loc) -> void {
    if (auto fused = dyn_cast<FusedLoc>(loc))
      for (Location part : fused.getLocations())
        self(self, part);
    else if (auto name = dyn_cast<NameLoc>(loc); name && !llvm::is_contained(nodes, name.getName()))
      nodes.push_back(name.getName());
  };
  add(add, op->getLoc());
  NamedAttrList row;
  row.set("kernel", b.getStringAttr(kernel));
  row.set("nodes", b.getArrayAttr(nodes));
  if (kernel != "check" && kernel != "transfer") {
    CallCost cost = costOf(op, symbols.lookup<func::FuncOp>("main"), shapes);
    row.set("flops", b.getStringAttr(cost.flops));
    row.set("weight_bytes", b.getStringAttr(cost.weightBytes));
    row.set("bytes", b.getStringAttr(cost.bytes));
    row.set("arithmetic", b.getStringAttr(cost.arithmetic));
  }
  calls.push_back(row.getDictionary(b.getContext()));
  return calls.size() - 1;
}

Value HostBuilder::size(const DimExpr &expr, Location loc) {
  return shapes.materialize(b, loc, expr, [&](const SymbolDef &def) -> Value {
    if (def.kind == SymbolDef::Index) {
      Value moved = scalars.lookup(def.value);
      return moved ? moved : def.value;
    }
    Value there = deviceBuffers.lookup(def.value);
    if (def.kind == SymbolDef::Dim)
      return b.createOrFold<memref::DimOp>(
          loc, there && !buffers.count(def.value) ? there : buffer(def.value), def.index);
    Value from = buffer(def.value);
    auto type = cast<RankedTensorType>(Value(def.value).getType());
    SmallVector<Value> at;
    for (int64_t rest = def.index, axis = type.getRank(); axis-- > 0;) {
      at.insert(at.begin(), index(rest % type.getDimSize(axis), loc));
      rest /= type.getDimSize(axis);
    }
    Value element = memref::LoadOp::create(b, loc, from, at);
    if (type.getElementType().isUnsignedInteger() || type.getElementType().isInteger(1))
      return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), element);
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), element);
  });
}

SmallVector<Value> HostBuilder::dynamicSizes(Value tensor) {
  SmallVector<Value> sizes;
  for (const DimExpr &dim : shapes.dims(tensor))
    if (!dim.constant())
      sizes.push_back(size(dim, tensor.getLoc()));
  return sizes;
}

Value HostBuilder::allocate(Value tensor) {
  auto type = bufferType(cast<RankedTensorType>(tensor.getType()));
  Location loc = tensor.getLoc();
  auto output = outputOf.find(tensor);
  if (output == outputOf.end()) {
    Value memory = exec::AllocOp::create(b, loc, type, dynamicSizes(tensor));
    allocated[tensor] = memory;
    return buffers[tensor] = memory;
  }
  // The output's own shape is reported; this tensor is the same bytes, perhaps in another shape.
  auto function = symbols.lookup<func::FuncOp>("main");
  Value returned = function.getBody().front().getTerminator()->getOperand(output->second);
  Value memory = exec::OutputOp::create(b, loc, bufferType(cast<RankedTensorType>(returned.getType())),
                                        b.getI64IntegerAttr(output->second), dynamicSizes(returned));
  buffers[returned] = memory;
  if (returned == tensor)
    return memory;
  SmallVector<OpFoldResult> sizes, strides;
  for (const DimExpr &dim : shapes.dims(tensor))
    sizes.push_back(dim.constant() ? OpFoldResult(b.getIndexAttr(*dim.constant()))
                                   : OpFoldResult(size(dim, loc)));
  return buffers[tensor] = reinterpret(memory, type, sizes, loc);
}

Value HostBuilder::reinterpret(Value memory, MemRefType type, ArrayRef<OpFoldResult> sizes, Location loc) {
  if (memory.getType() == type && type.hasStaticShape())
    return memory;
  // Row-major strides; only static ones may stand in the type, and the identity layout needs them to be
  // right.
  SmallVector<OpFoldResult> strides(sizes.size());
  OpFoldResult stride = b.getIndexAttr(1);
  for (int64_t axis = sizes.size(); axis-- > 0;) {
    strides[axis] = stride;
    auto factor = getConstantIntValue(sizes[axis]), so = getConstantIntValue(stride);
    if (factor && so)
      stride = b.getIndexAttr(*factor * *so);
    else
      stride = b.createOrFold<arith::MulIOp>(loc, getValueOrCreateConstantIndexOp(b, loc, stride),
                                             getValueOrCreateConstantIndexOp(b, loc, sizes[axis]));
  }
  return memref::ReinterpretCastOp::create(b, loc, type, memory, OpFoldResult(b.getIndexAttr(0)), sizes,
                                           strides);
}

//===-- leaves and views ------------------------------------------------------===//

Value HostBuilder::buffer(Value tensor) {
  if (Value known = buffers.lookup(tensor))
    return known;
  Operation *op = tensor.getDefiningOp();
  Value made;
  // Leaves cost nothing at run time: made where they are first asked for, but where every reader sees them.
  if (auto weight = dyn_cast_or_null<GetWeightOp>(op)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(entryFront);
    made = exec::WeightOp::create(b, tensor.getLoc(), bufferType(cast<RankedTensorType>(tensor.getType())),
                                  weight.getWeightAttr());
  } else if (auto constantOp = dyn_cast_or_null<ConstantOp>(op)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(entryFront);
    made = constant(constantOp);
  } else {
    op->emitError("no buffer holds this value"); // a pass in front of this one left an op that nothing lowers
    failedBuffer = true;
    made = memref::AllocaOp::create(b, tensor.getLoc(), MemRefType::get({}, b.getI8Type()));
  }
  return buffers[tensor] = made;
}

DenseElementsAttr storedElements(ConstantOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  MemRefType memory = bufferType(type);
  auto elements = cast<DenseElementsAttr>(op.getValue());
  auto stored = RankedTensorType::get(memory.getShape(), memory.getElementType());
  if (type.getElementType().isInteger(1)) {
    SmallVector<int8_t> bytes(
        llvm::map_range(elements.getValues<bool>(), [](bool bit) { return int8_t(bit); }));
    return DenseElementsAttr::get(stored, ArrayRef<int8_t>(bytes));
  }
  if (!type.getElementType().isInteger(4))
    return DenseElementsAttr::getFromRawBuffer(stored, elements.getRawData());
  SmallVector<int8_t> bytes(stored.getNumElements(), 0);
  int64_t row = type.getRank() ? type.getShape().back() : 1, packedRow = (row + 1) / 2;
  for (auto [i, element] : llvm::enumerate(elements.getValues<APInt>()))
    bytes[i / row * packedRow + i % row / 2] |= int8_t((element.getZExtValue() & 15) << (i % row % 2 * 4));
  return DenseElementsAttr::get(stored, ArrayRef<int8_t>(bytes));
}

Value HostBuilder::constant(ConstantOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  MemRefType memory = bufferType(type);
  memref::GlobalOp &global = globals[op.getValueAttr()];
  if (!global) {
    DenseElementsAttr value = storedElements(op);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    global = memref::GlobalOp::create(b, op.getLoc(), ("c" + Twine(globals.size() - 1)).str(),
                                      b.getStringAttr("private"), memory, value, /*constant=*/true,
                                      b.getI64IntegerAttr(64));
  }
  return memref::GetGlobalOp::create(b, op.getLoc(), memory, global.getName());
}

Value HostBuilder::indexTensor(Operation *op, ArrayRef<Value> elements) {
  Value tensor = op->getResult(0), memory = allocate(tensor);
  auto type = cast<MemRefType>(memory.getType());
  for (auto [i, element] : llvm::enumerate(elements)) {
    Value stored = arith::IndexCastOp::create(b, op->getLoc(), type.getElementType(), element);
    SmallVector<Value> at;
    for (int64_t rest = i, axis = type.getRank(); axis-- > 0;) {
      at.insert(at.begin(), index(rest % type.getDimSize(axis), op->getLoc()));
      rest /= type.getDimSize(axis);
    }
    memref::StoreOp::create(b, op->getLoc(), stored, memory, at);
  }
  return memory;
}

LogicalResult HostBuilder::lowerView(Operation *op) {
  Location loc = op->getLoc();
  Value result = op->getResult(0), input = op->getOperand(0);
  bool wantsDevice = isReadOnDevice(result);
  bool wantsHost = (isReadOnHost(result) || (!wantsDevice && !deviceBuffers.count(input))) &&
                   !buffers.count(result); // else it is already placed in an output
  if (!wantsHost && !wantsDevice)          // only its sizes are asked for
    wantsDevice = deviceBuffers.count(input);
  if (!wantsHost && !wantsDevice)
    return success();
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<OpFoldResult> sizes;
  Value total = size(shapes.numElements(op->getOperand(0)), loc), others = index(1, loc);
  for (auto [axis, dim] : llvm::enumerate(shapes.dims(result))) {
    auto symbol = dim.asSymbol();
    const SymbolDef *def = symbol ? &shapes.definition(*symbol) : nullptr;
    if (dim.constant()) {
      sizes.push_back(b.getIndexAttr(*dim.constant()));
    } else if (def && def->kind == SymbolDef::Dim && def->value == result) {
      // Only the run knows: an element of the shape operand, where 0 copies and -1 takes the rest.
      auto reshape = cast<ReshapeOp>(op);
      Value element = size(shapes.element(reshape.getShape(), axis), loc);
      if (!reshape.getAllowzero() && axis < shapes.dims(op->getOperand(0)).size()) {
        Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, element, index(0, loc));
        element =
            arith::SelectOp::create(b, loc, isZero, size(shapes.dim(op->getOperand(0), axis), loc), element);
      }
      sizes.push_back(element);
    } else {
      sizes.push_back(size(dim, loc));
    }
  }
  if (shapes.numElements(result) != shapes.numElements(op->getOperand(0))) {
    // Sizes that may be -1: the product of the others gives them.
    for (OpFoldResult part : sizes) {
      Value value = getValueOrCreateConstantIndexOp(b, loc, part);
      Value isOpen = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, value, index(-1, loc));
      others = arith::MulIOp::create(b, loc, others,
                                     arith::SelectOp::create(b, loc, isOpen, index(1, loc), value));
    }
    Value safe = arith::MaxSIOp::create(b, loc, others, index(1, loc));
    Value rest = arith::DivSIOp::create(b, loc, total, safe), product = index(1, loc);
    for (OpFoldResult &part : sizes) {
      Value value = getValueOrCreateConstantIndexOp(b, loc, part);
      Value isOpen = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, value, index(-1, loc));
      Value known = arith::SelectOp::create(b, loc, isOpen, rest, value);
      product = arith::MulIOp::create(b, loc, product, known);
      if (!getConstantIntValue(part))
        part = known;
    }
    check(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, product, total),
          "expected a shape with as many elements as the input has", op);
  }
  if (wantsHost)
    buffers[result] = reinterpret(buffer(input), bufferType(type), sizes, loc);
  if (wantsDevice)
    deviceBuffers[result] = reinterpret(deviceBuffer(input), ::hone::onDevice(bufferType(type)), sizes, loc);
  return success();
}

//===-- kernels -----------------------------------------------------------------===//

/// A region that was formed for a device and can't run there is a loop nest on the host.
static const HostFamily *hostFamilyOf(KernelOp kernel) {
  const HostFamily *family = findHostFamily(kernel.getFamily());
  return family || !kernel->hasAttr("hone.device") ? family : findHostFamily("loops");
}

std::string keyOf(KernelOp kernel) {
  // Regions that print alike, reasons and places aside, are one function.
  std::string key;
  llvm::raw_string_ostream stream(key);
  stream << kernel.getFamily() << kernel.getDims();
  if (kernel.getConfig())
    stream << *kernel.getConfig();
  for (Type type : llvm::concat<const Type>(llvm::to_vector(kernel->getOperandTypes()),
                                            llvm::to_vector(kernel->getResultTypes())))
    stream << type << ',';
  for (Operation &op : kernel.getBody().front()) {
    op.print(stream, OpPrintingFlags().useLocalScope().assumeVerified());
    stream << '\n';
  }
  return key;
}

func::FuncOp HostBuilder::kernelFunction(KernelOp kernel) {
  func::FuncOp &function = functions[keyOf(kernel)];
  if (function)
    return function;

  const HostFamily *family = hostFamilyOf(kernel);
  SmallVector<Type> types;
  for (Value value : kernel->getOperands())
    types.push_back(bufferType(cast<RankedTensorType>(value.getType())));
  for (Value value : kernel->getResults())
    types.push_back(bufferType(cast<RankedTensorType>(value.getType())));
  types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
  types.append(2, b.getIndexType());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  auto name = ("k" + Twine(functions.size() - 1) + "_" + kernel.getFamily()).str();
  function = func::FuncOp::create(b, kernel.getLoc(), name, b.getFunctionType(types, {}));
  function.setPrivate();
  function->setAttr("hone.family", kernel.getFamilyAttr());
  if (!family->wantsOptimizer())
    function->setAttr("hone.no_opt", b.getUnitAttr());
  function.addEntryBlock();
  if (failed(family->emit(kernel, function)))
    failedBuffer = true;
  return function;
}

LogicalResult HostBuilder::lowerKernel(KernelOp kernel) {
  checkIndices(kernel);
  if (const DeviceCode *code = onDevice.lookup(kernel))
    return launchOnDevice(kernel, *code);
  const HostFamily *family = hostFamilyOf(kernel);
  if (!family)
    return kernel.emitError("the host has no kernel family named '") << kernel.getFamily() << "'";
  SmallVector<Value> memory;
  for (Value input : kernel.getInputs())
    memory.push_back(buffer(input));
  for (Value result : kernel.getResults()) {
    if (failed(checkSizesKnown(kernel, result)))
      return failure();
    memory.push_back(allocate(result));
  }
  func::FuncOp function = kernelFunction(kernel);
  // Inputs may be more static than the function's buffers, never less; equal keys mean equal types.
  Location loc = kernel.getLoc();
  Launch launch = family->launch(b, loc, kernel, memory);
  exec::DispatchOp::create(b, loc, SymbolRefAttr::get(function), memory, launch.units, launch.cost,
                           launch.scratch, b.getI64IntegerAttr(call(kernel, function.getName())));
  return failure(failedBuffer);
}

//===-- blocks --------------------------------------------------------------------===//

LogicalResult HostBuilder::lower(Operation *op) {
  checkRequirements(op);
  if (isView(op))
    return lowerView(op);
  if (auto kernel = dyn_cast<KernelOp>(op))
    return lowerKernel(kernel);
  if (auto ifOp = dyn_cast<IfOp>(op))
    return lowerIf(ifOp);
  if (auto loop = dyn_cast<LoopOp>(op))
    return lowerLoop(loop);
  if (auto topk = dyn_cast<TopKOp>(op))
    return lowerTopK(topk);
  if (auto nonzero = dyn_cast<NonZeroOp>(op))
    return lowerNonZero(nonzero);
  if (auto nms = dyn_cast<NmsOp>(op))
    return lowerNms(nms);
  if (auto scatter = dyn_cast<ScatterElementsOp>(op))
    return lowerScatter(op, scatter.getInput(), scatter.getIndices(), scatter.getUpdates());
  if (auto scatter = dyn_cast<ScatterNDOp>(op))
    return lowerScatter(op, scatter.getInput(), scatter.getIndices(), scatter.getUpdates());
  if (isa<GetWeightOp, ConstantOp>(op))
    return success(); // made where they are read
  if (auto dim = dyn_cast<DimOp>(op)) {
    Value value = size(shapes.dim(dim.getInput(), dim.getAxis()), op->getLoc());
    scalars[dim.getResult()] = value;
    dim.getResult().replaceAllUsesWith(value);
    return success();
  }
  if (auto tensor = dyn_cast<IndexTensorOp>(op)) {
    SmallVector<Value> elements;
    for (Value element : tensor.getElements())
      elements.push_back(size(shapes.index(element), op->getLoc()));
    indexTensor(op, elements);
    return success();
  }
  if (auto shape = dyn_cast<ShapeOp>(op)) {
    SmallVector<Value> elements;
    std::vector<DimExpr> known = shapes.contents(shape.getResult()).value();
    for (const DimExpr &element : known)
      elements.push_back(size(element, op->getLoc()));
    indexTensor(op, elements);
    return success();
  }
  if (isa<arith::ArithDialect>(op->getDialect())) {
    // Operands are host values already: ops are lowered in order.
    Operation *copy = b.clone(*op);
    for (auto [old, result] : llvm::zip(op->getResults(), copy->getResults()))
      scalars[old] = result;
    op->replaceAllUsesWith(copy);
    return success();
  }
  return op->emitError("no kernel family and no library function covers this op on the host");
}

/// Only sizes are read from this tensor: symbolic shapes already know them.
static bool onlyShapesRead(Value tensor, Shapes &shapes) {
  return llvm::all_of(tensor.getUses(), [&](OpOperand &use) {
    return isa<ReshapeOp>(use.getOwner()) && use.getOperandNumber() == 1 &&
           shapes.contents(tensor).has_value();
  });
}

void HostBuilder::elementsOf(const DimExpr &expr, llvm::SmallPtrSetImpl<Value> &tensors) {
  for (auto &[monomial, factor] : expr.getTerms())
    for (int symbol : monomial) {
      const SymbolDef &def = shapes.definition(symbol);
      if (def.kind == SymbolDef::Element)
        tensors.insert(def.value);
      for (const DimExpr *inner : {&def.a, &def.b, &def.c})
        elementsOf(*inner, tensors);
    }
}

LogicalResult HostBuilder::lowerBlock(Block &block) {
  for (BlockArgument argument : block.getArguments())
    mirror(argument, block.getParentOp());
  for (const Shapes::Requirement &need : shapes.requirements())
    if (Operation *op = need.op ? block.findAncestorOpInBlock(*need.op) : nullptr;
        op && isa<KernelOp>(op) != (op == need.op))
      requirements.emplace(op, &need);
  // The last op of this block that reads each root, nested readers included.
  llvm::MapVector<Value, Operation *> last; // in the order of the ops: what is emitted from it never varies
  llvm::DenseMap<Operation *, SmallVector<Value>> endsAt;
  for (Operation &op : block)
    op.walk([&](Operation *inner) {
      // Its sizes may stand on elements of tensors, which are read again wherever the sizes are asked for.
      llvm::SmallPtrSet<Value, 4> read;
      auto readSizes = [&](Value value) {
        if (isa<RankedTensorType>(value.getType()))
          for (const DimExpr &dim : shapes.dims(value))
            elementsOf(dim, read);
      };
      for (Value operand : inner->getOperands()) {
        if (isa<RankedTensorType>(operand.getType()))
          last[rootOf(operand)] = &op;
        readSizes(operand);
      }
      llvm::for_each(inner->getResults(), readSizes);
      for (Value tensor : read)
        last[rootOf(tensor)] = &op;
    });
  for (auto [op, need] : requirements) {
    llvm::SmallPtrSet<Value, 4> read;
    elementsOf(need->a, read);
    elementsOf(need->b, read);
    Operation *at = block.findAncestorOpInBlock(*op);
    for (Value tensor : read)
      if (Operation *&known = last[rootOf(tensor)]; at && (!known || known->isBeforeInBlock(at)))
        known = at;
  }
  for (auto [root, op] : last)
    if (root.getParentBlock() == &block && !op->hasTrait<OpTrait::IsTerminator>())
      endsAt[op].push_back(root);
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
    bool shapeOnly = isa<IndexTensorOp, ShapeOp>(op) && onlyShapesRead(op.getResult(0), shapes);
    if (!shapeOnly && failed(lower(&op)))
      return failure();
    if (failedBuffer)
      return failure();
    for (Value result : op.getResults())
      mirror(result, &op);
    // Sizes of a released tensor may still be asked for: they stand in its descriptor.
    SmallVector<Value> ends = endsAt.lookup(&op);
    for (Value result : op.getResults())
      if (result.use_empty())
        ends.push_back(result);
    for (Value root : ends)
      releaseOf(root, op.getLoc());
  }
  return success();
}

} // namespace hone
