// Kernels on a device, with host code around them: which kernels run there, which tensors have copies in
// which memory, and the transfers between. A tensor lives where it is computed; it is copied to the other
// side right behind, when somebody there reads it. What regions of control flow hand out lives on the host.
#include "lowering/HoneToExec/HostBuilder.h"
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/KernelToHost/HostFamily.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static MemRefType deviceType(Value tensor) {
  return onDevice(bufferType(cast<RankedTensorType>(tensor.getType())));
}

bool HostBuilder::isReadOnHost(Value tensor) const { return !device || hostReads.contains(rootOf(tensor)); }
bool HostBuilder::isReadOnDevice(Value tensor) const { return deviceReads.contains(rootOf(tensor)); }

//===-- the plan ---------------------------------------------------------------===//

const HostBuilder::DeviceCode &HostBuilder::deviceCode(KernelOp kernel) {
  auto [at, isNew] = deviceCodes.try_emplace(keyOf(kernel));
  DeviceCode &code = at->second;
  if (!isNew)
    return code;
  const CudaFamily *family = findCudaFamily(kernel.getFamily());
  if (!family) {
    code.refused = "the family '" + kernel.getFamily().str() + "' has no emitter for GPUs";
    return code;
  }
  OpBuilder::InsertionGuard guard(b);
  for (unsigned variant = 0; variant < family->variants(kernel); ++variant) {
    code.variants.emplace_back();
    for (unsigned step = 0; step < family->steps(kernel, variant); ++step) {
      b.setInsertionPointToEnd(module.getBody());
      std::string name = ("g" + Twine(deviceFunctions) + "_" + kernel.getFamily()).str();
      size_t maps = family->maps(kernel, {variant, step}).size();
      auto function = makeDeviceFunction(b, kernel, family->workspaces(kernel, variant), maps, name);
      auto made = function->getParentOfType<ModuleOp>();
      made->setAttr("hone.kernel_number", b.getI64IntegerAttr(deviceFunctions));
      code.variants.back().push_back(made);
      b.setInsertionPointToStart(&function.getBody().front());
      if (failed(family->emit(b, kernel, function.getArguments().drop_back(maps), device, {variant, step})))
        failedBuffer = true;
      func::ReturnOp::create(b, kernel.getLoc());
      if (std::string left = expandDeviceMath(function); !left.empty()) {
        code.refused = left + " has no device code";
        for (ArrayRef<ModuleOp> steps : code.variants)
          for (ModuleOp module : steps)
            module.erase();
        code.variants.clear();
        return code;
      }
      ++deviceFunctions;
    }
  }
  return code;
}

LogicalResult HostBuilder::planDevice(func::FuncOp main) {
  device = module->getAttrOfType<TargetAttr>("hone.device_target");
  if (!device)
    return success();
  main.walk([&](KernelOp kernel) {
    auto where = kernel->getAttrOfType<StringAttr>("hone.device");
    if (!where || where == "host")
      return;
    const DeviceCode &code = deviceCode(kernel);
    if (code.refused.empty())
      onDevice[kernel] = &code;
    else
      kernel.emitRemark("runs on the host: ") << code.refused;
  });
  main.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op != main)
      planReads(op);
    return isa<KernelOp>(op) ? WalkResult::skip() : WalkResult::advance();
  });
  llvm::SmallPtrSet<Value, 8> sizes;
  for (const Shapes::Requirement &need : shapes.requirements()) {
    elementsOf(need.a, sizes);
    elementsOf(need.b, sizes);
  }
  for (BlockArgument argument : main.getArguments())
    for (const DimExpr &dim : shapes.dims(argument))
      elementsOf(dim, sizes);
  for (Value tensor : sizes)
    hostReads.insert(rootOf(tensor));
  return failure(failedBuffer);
}

/// Records what `op` reads, and where.
void HostBuilder::planReads(Operation *op) {
  llvm::SmallPtrSet<Value, 8> sizes;
  auto readSizes = [&](Value value) {
    if (isa<RankedTensorType>(value.getType()))
      for (const DimExpr &dim : shapes.dims(value))
        elementsOf(dim, sizes);
  };
  llvm::for_each(op->getOperands(), readSizes);
  llvm::for_each(op->getResults(), readSizes);
  if (auto tensor = dyn_cast<IndexTensorOp>(op))
    for (Value element : tensor.getElements())
      elementsOf(shapes.index(element), sizes);
  // Sizes that only the run knows are read from the shape operand.
  if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    if (auto known = shapes.contents(reshape.getShape()))
      for (const DimExpr &element : *known)
        elementsOf(element, sizes);
    else
      sizes.insert(reshape.getShape());
  }
  for (Value tensor : sizes)
    hostReads.insert(rootOf(tensor));
  if (isView(op) || isa<ShapeOp, DimOp, IndexTensorOp>(op))
    return;
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()))
      (onDevice.count(op) ? deviceReads : hostReads).insert(rootOf(operand));
}

//===-- buffers ------------------------------------------------------------------===//

Value HostBuilder::deviceBuffer(Value tensor) {
  if (Value known = deviceBuffers.lookup(tensor))
    return known;
  Operation *op = tensor.getDefiningOp();
  if (!isa_and_nonnull<GetWeightOp, ConstantOp>(op)) {
    emitError(tensor.getLoc(), "no buffer of the device holds this value");
    failedBuffer = true;
    return deviceBuffers[tensor] =
               exec::AllocOp::create(b, tensor.getLoc(), MemRefType::get({}, b.getI8Type()), ValueRange());
  }
  if (auto constantOp = dyn_cast<ConstantOp>(op))
    return deviceBuffers[tensor] = deviceConstant(constantOp);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entryFront);
  return deviceBuffers[tensor] = exec::WeightOp::create(b, tensor.getLoc(), deviceType(tensor),
                                                        cast<GetWeightOp>(op).getWeightAttr());
}

/// Constants go to the device with the weights: once, and not in each run.
Value HostBuilder::deviceConstant(ConstantOp op) {
  Value &known = deviceConstants[op.getValueAttr()];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  auto weight = WeightOp::create(b, op.getLoc(), "device_constant", op.getResult().getType(), {}, {}, {});
  symbols.insert(weight);
  b.createBlock(&weight.getRecipe());
  Value value = b.clone(*op)->getResult(0);
  YieldOp::create(b, op.getLoc(), value);
  b.setInsertionPoint(entryFront);
  return known = exec::WeightOp::create(b, op.getLoc(), deviceType(op.getResult()),
                                        FlatSymbolRefAttr::get(weight.getSymNameAttr()));
}

void HostBuilder::mirror(Value tensor, Operation *op) {
  if (!device || !isa<RankedTensorType>(tensor.getType()) || rootOf(tensor) != tensor)
    return;
  Location loc = op->getLoc();
  auto transfer = [&](Value from, Value to) {
    exec::TransferOp::create(b, loc, from, to, b.getI64IntegerAttr(call(op, "transfer")));
  };
  Value here = buffers.lookup(tensor), there = deviceBuffers.lookup(tensor);
  if (here && !there && deviceReads.contains(tensor)) {
    // What control flow hands out may be more dynamic than the tensor's type says, never less.
    SmallVector<Value> sizes;
    MemRefType type = ::hone::onDevice(cast<MemRefType>(here.getType()));
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.isDynamicDim(axis))
        sizes.push_back(memref::DimOp::create(b, loc, here, axis));
    there = exec::AllocOp::create(b, loc, type, sizes);
    deviceBuffers[tensor] = deviceAllocated[tensor] = there;
    transfer(here, there);
  } else if (there && !here && hostReads.contains(tensor)) {
    transfer(there, allocate(tensor));
  }
}

void HostBuilder::releaseOf(Value tensor, Location loc) {
  for (auto *owned : {&allocated, &deviceAllocated})
    if (Value memory = owned->lookup(tensor)) {
      exec::ReleaseOp::create(b, loc, memory);
      owned->erase(tensor);
    }
}

//===-- launches -------------------------------------------------------------------===//

LogicalResult HostBuilder::launchOnDevice(KernelOp kernel, const DeviceCode &code) {
  Location loc = kernel.getLoc();
  SmallVector<Value> memory;
  for (Value input : kernel.getInputs())
    memory.push_back(deviceBuffer(input));
  for (Value result : kernel.getResults()) {
    if (failed(checkSizesKnown(kernel, result)))
      return failure();
    Value made = exec::AllocOp::create(b, loc, deviceType(result), dynamicSizes(result));
    deviceBuffers[result] = deviceAllocated[result] = made;
    memory.push_back(made);
  }
  const CudaFamily &family = *findCudaFamily(kernel.getFamily());
  OpBuilder::InsertionGuard guard(b);
  for (unsigned variant = 0; variant + 1 < code.variants.size(); ++variant) {
    auto choice = scf::IfOp::create(b, loc, family.serves(b, loc, kernel, memory, device, variant),
                                    /*withElseRegion=*/true);
    b.setInsertionPointToStart(choice.thenBlock());
    launchVariant(kernel, code, memory, variant);
    b.setInsertionPointToStart(choice.elseBlock());
  }
  launchVariant(kernel, code, memory, code.variants.size() - 1);
  return failure(failedBuffer);
}

void HostBuilder::launchVariant(KernelOp kernel, const DeviceCode &code, ValueRange buffers,
                                unsigned variant) {
  Location loc = kernel.getLoc();
  const CudaFamily &family = *findCudaFamily(kernel.getFamily());
  SmallVector<Value> memory(buffers), workspaces;
  SmallVector<Value> sizes = family.workspaceSizes(b, loc, kernel, buffers, device, variant);
  ArrayRef<Value> left = sizes;
  for (MemRefType type : family.workspaces(kernel, variant)) {
    int64_t count = type.getNumDynamicDims();
    workspaces.push_back(exec::AllocOp::create(b, loc, type, left.take_front(count)));
    left = left.drop_front(count);
  }
  memory.append(workspaces);
  for (auto [step, made] : llvm::enumerate(code.variants[variant])) {
    ModuleOp module = made;
    CudaLaunch launch = family.launch(b, loc, kernel, memory, device, {variant, unsigned(step)});
    auto function = *module.getOps<func::FuncOp>().begin();
    // The assembler knows its register budget only from both.
    function->setAttr("nvvm.reqntid", b.getDenseI32ArrayAttr({int32_t(launch.threads), 1, 1}));
    function->setAttr("nvvm.minctasm", b.getI32IntegerAttr(1));
    SmallVector<int64_t> maps;
    for (CudaMap map : family.maps(kernel, {variant, unsigned(step)}))
      maps.append({map.buffer, map.lines});
    exec::LaunchOp::create(b, loc, FlatSymbolRefAttr::get(module.getSymNameAttr()), memory, launch.x,
                           launch.y, launch.z, b.getI64IntegerAttr(launch.threads),
                           b.getI64IntegerAttr(launch.sharedBytes), b.getDenseI64ArrayAttr(maps),
                           b.getI64IntegerAttr(call(kernel, *module.getSymName())));
  }
  for (Value workspace : workspaces)
    exec::ReleaseOp::create(b, loc, workspace);
}

} // namespace hone
