// exec ops as calls through the runtime's function table. Buffers stay memrefs here: descriptors are
// built from pointers and sizes behind casts that upstream conversions resolve.
#include "dialects/exec/ExecDialect.h"
#include "dialects/hone/HoneDialect.h"
#include "lowering/ExecToLLVM/Passes.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "runtime/abi/Abi.h"

namespace hone {
#define GEN_PASS_DEF_EXECTOLLVM
#include "lowering/ExecToLLVM/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::exec;

namespace {

/// Numbers of Library.def rows.
int64_t libraryNumber(StringRef name) {
  int64_t number = 0;
#define HONE_LIBRARY(row)                                                                                    \
  if (name == #row)                                                                                          \
    return number;                                                                                           \
  ++number;
#include "runtime/abi/Library.def"
  return -1;
}

class Lowering {
public:
  explicit Lowering(ModuleOp module)
      : module(module), b(module.getContext()), converter(module.getContext()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

  LogicalResult run() {
    for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (function.getName() == "main")
        entry = function;
      else if (failed(lowerKernel(function)))
        return failure();
    }
    return entry ? lowerEntry() : module.emitError("expected a function named main");
  }

private:
  //===-- pieces ---------------------------------------------------------------===//

  Value number(Location loc, int64_t value, unsigned bits = 64) {
    return LLVM::ConstantOp::create(b, loc, b.getIntegerType(bits),
                                    b.getIntegerAttr(b.getIntegerType(bits), value));
  }
  Value field(Location loc, Value base, int64_t bytes) {
    return LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
  }
  Value load(Location loc, Type type, Value base, int64_t bytes) {
    return LLVM::LoadOp::create(b, loc, type, field(loc, base, bytes));
  }
  Value toI64(Location loc, Value index) {
    return index.getType().isIndex() ? arith::IndexCastOp::create(b, loc, b.getI64Type(), index).getResult()
                                     : index;
  }

  /// A row-major memref of `type` at `data`; `sizes` are the dynamic ones, as i64.
  Value makeMemRef(Location loc, MemRefType type, Value data, ValueRange sizes) {
    Type structType = converter.convertType(type);
    if (isOfDevice(type)) // an address like any other to host code
      data = LLVM::AddrSpaceCastOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext(), 1), data);
    auto descriptor = MemRefDescriptor::poison(b, loc, structType);
    descriptor.setAllocatedPtr(b, loc, data);
    descriptor.setAlignedPtr(b, loc, data);
    descriptor.setConstantOffset(b, loc, 0);
    SmallVector<Value> all(type.getRank());
    for (int64_t axis = 0, dynamic = 0; axis < type.getRank(); ++axis)
      all[axis] = type.isDynamicDim(axis) ? sizes[dynamic++] : number(loc, type.getDimSize(axis));
    Value stride = number(loc, 1);
    for (int64_t axis = type.getRank(); axis-- > 0;) {
      descriptor.setSize(b, loc, axis, all[axis]);
      descriptor.setStride(b, loc, axis, stride);
      if (axis)
        stride = LLVM::MulOp::create(b, loc, stride, all[axis]);
    }
    return UnrealizedConversionCastOp::create(b, loc, TypeRange{type}, ValueRange{Value(descriptor)})
        .getResult(0);
  }
  Value descriptorOf(Location loc, Value memref) {
    return UnrealizedConversionCastOp::create(b, loc, TypeRange{converter.convertType(memref.getType())},
                                              memref)
        .getResult(0);
  }
  static bool isOfDevice(Type type) { return cast<MemRefType>(type).getMemorySpaceAsInt() == 1; }
  Value dataOf(Location loc, Value memref) {
    Value data = MemRefDescriptor(descriptorOf(loc, memref)).alignedPtr(b, loc);
    return isOfDevice(memref.getType()) ? LLVM::AddrSpaceCastOp::create(b, loc, pointer, data).getResult()
                                        : data;
  }
  SmallVector<Value> sizesOf(Location loc, Value memref, bool dynamicOnly) {
    MemRefDescriptor descriptor(descriptorOf(loc, memref));
    SmallVector<Value> sizes;
    auto type = cast<MemRefType>(memref.getType());
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (!dynamicOnly || type.isDynamicDim(axis))
        sizes.push_back(descriptor.size(b, loc, axis));
    return sizes;
  }
  static int64_t bytesOfElement(MemRefType type) { return (type.getElementTypeBitWidth() + 7) / 8; }

  /// Slots of 8 bytes in a kernel's argument block: a pointer and the dynamic sizes for each buffer.
  static int64_t slotsOf(MemRefType type) { return 1 + type.getNumDynamicDims(); }

  //===-- kernels ------------------------------------------------------------------===//

  /// Turns the kernel into an entry that takes an argument block, and an inner function that takes each
  /// pointer and dynamic size: an argument can say that nothing else reaches its memory, a loaded pointer
  /// can't. The optimizer inlines the inner function again and keeps what the arguments said.
  LogicalResult lowerKernel(func::FuncOp inner) {
    Location loc = inner.getLoc();
    b.setInsertionPoint(inner);
    Type i64 = b.getI64Type();
    auto kernel =
        func::FuncOp::create(b, loc, inner.getName(), b.getFunctionType({pointer, pointer, i64, i64}, {}));
    kernel.setPrivate();
    kernel->setDiscardableAttrs(inner->getDiscardableAttrDictionary());
    inner.setName((inner.getName() + "_body").str());
    inner->removeAttr("hone.family"); // the entry is the kernel of the tables
    inner->setAttr("llvm.linkage", LLVM::LinkageAttr::get(b.getContext(), LLVM::Linkage::Internal));

    Block &outer = *kernel.addEntryBlock(), &body = inner.getBody().front();
    b.setInsertionPointToStart(&outer);
    Value args = outer.getArgument(0);
    SmallVector<Value> passed;
    for (int64_t i = 0, slot = 0, count = body.getNumArguments() - 3; i < count; ++i) {
      auto type = dyn_cast<MemRefType>(body.getArgument(i).getType());
      if (!type)
        return inner.emitError("expected a kernel of buffers, scratch and a range");
      passed.push_back(load(loc, pointer, args, 8 * slot++));
      for (int64_t d = 0; d < type.getNumDynamicDims(); ++d)
        passed.push_back(load(loc, i64, args, 8 * slot++));
    }
    llvm::append_range(passed, outer.getArguments().drop_front());
    func::CallOp::create(b, loc, inner, passed);
    func::ReturnOp::create(b, loc);

    // The same list as arguments of the inner function.
    b.setInsertionPointToStart(&body);
    unsigned old = body.getNumArguments();
    for (Value value : passed)
      body.addArgument(value.getType(), loc);
    SmallVector<Value> fresh(body.getArguments().drop_front(old));
    ArrayRef<Value> rest = fresh;
    auto next = [&] {
      Value first = rest.front();
      rest = rest.drop_front();
      return first;
    };
    for (unsigned i = 0; i < old; ++i) {
      BlockArgument argument = body.getArgument(i);
      Value data = next();
      if (auto type = dyn_cast<MemRefType>(argument.getType())) {
        // Scratch is as large as the launch asked for.
        SmallVector<Value> sizes =
            i == old - 3 ? SmallVector<Value>{number(loc, INT64_MAX)} : SmallVector<Value>();
        while (i != old - 3 && sizes.size() < size_t(type.getNumDynamicDims()))
          sizes.push_back(next());
        argument.replaceAllUsesWith(makeMemRef(loc, type, data, sizes));
      } else {
        argument.replaceAllUsesWith(arith::IndexCastOp::create(b, loc, b.getIndexType(), data));
      }
    }
    body.eraseArguments(0, old);
    inner.setFunctionType(b.getFunctionType(body.getArgumentTypes(), {}));
    for (auto [i, value] : llvm::enumerate(passed))
      if (value.getType() == pointer)
        inner.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
    return success();
  }

  //===-- host code --------------------------------------------------------------------===//

  LogicalResult lowerEntry() {
    Location loc = entry.getLoc();
    Block &front = entry.getBody().front();
    runtime = front.addArgument(pointer, loc);
    inputs = front.addArgument(pointer, loc);
    outputs = front.addArgument(pointer, loc);
    entry.setFunctionType(b.getFunctionType({pointer, pointer, pointer}, {b.getI32Type()}));
    entry.setName(HONE_ENTRY_SYMBOL);
    entry.setPublic();
    // One block of arguments serves all calls: they follow each other.
    int64_t slots = 1;
    entry.walk([&](DispatchOp op) {
      int64_t mine = 0;
      for (Value buffer : op.getBuffers())
        mine += slotsOf(cast<MemRefType>(buffer.getType()));
      slots = std::max(slots, mine);
    });
    entry.walk([&](LibraryOp op) {
      slots = std::max<int64_t>(slots,
                                op.getBuffers().size() * (sizeof(HoneTensorRef) / 8) + op.getParams().size());
    });
    entry.walk([&](LaunchOp op) {
      int64_t mine = 0;
      for (Value buffer : op.getBuffers())
        mine += slotsOf(cast<MemRefType>(buffer.getType()));
      int64_t maps = op.getMaps().size() / 2 * (1 + sizeof(HoneMatrix) / 8);
      slots = std::max<int64_t>(slots, 2 * mine + maps + sizeof(HoneLaunch) / 8);
    });
    b.setInsertionPointToStart(&front);
    block = LLVM::AllocaOp::create(b, loc, pointer, b.getI64Type(), number(loc, slots), 16);
    failed_ = new Block;
    entry.getBody().push_back(failed_);
    Value code = failed_->addArgument(b.getI32Type(), loc);
    b.setInsertionPointToStart(failed_);
    func::ReturnOp::create(b, loc, code);

    SmallVector<Operation *> ops;
    entry.walk([&](Operation *op) {
      if (isa<ExecDialect>(op->getDialect()) || (isa<func::ReturnOp>(op) && op->getBlock() != failed_))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      b.setInsertionPoint(op);
      if (failed(lower(op)))
        return failure();
    }
    return success();
  }

  /// Leaves the function with `code` unless `holds`; what follows goes on behind.
  void unless(Location loc, Value holds, Value code) {
    Block *here = b.getInsertionBlock();
    Block *rest = here->splitBlock(b.getInsertionPoint());
    b.setInsertionPointToEnd(here);
    cf::CondBranchOp::create(b, loc, holds, rest, ValueRange{}, failed_, ValueRange{code});
    b.setInsertionPointToStart(rest);
  }
  Value isNotNull(Location loc, Value data) {
    return LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, data, LLVM::ZeroOp::create(b, loc, pointer));
  }
  Value callTable(Location loc, int64_t offset, TypeRange results, ValueRange arguments) {
    Value function = load(loc, pointer, runtime, offset);
    SmallVector<Value> operands = {function};
    llvm::append_range(operands, arguments);
    auto type = LLVM::LLVMFunctionType::get(results.empty() ? LLVM::LLVMVoidType::get(b.getContext())
                                                            : results.front(),
                                            llvm::to_vector(arguments.getTypes()));
    auto call = LLVM::CallOp::create(b, loc, type, operands);
    return results.empty() ? Value() : call.getResult();
  }

  Value bytesOf(Location loc, MemRefType type, ValueRange dynamic) {
    Value bytes = number(loc, bytesOfElement(type));
    for (int64_t axis = 0, d = 0; axis < type.getRank(); ++axis)
      bytes = LLVM::MulOp::create(
          b, loc, bytes, type.isDynamicDim(axis) ? dynamic[d++] : number(loc, type.getDimSize(axis)));
    return bytes;
  }
  SmallVector<Value> asI64(Location loc, ValueRange indices) {
    return llvm::map_to_vector(indices, [&](Value index) { return toI64(loc, index); });
  }

  LogicalResult lower(Operation *op) {
    Location loc = op->getLoc();
    if (isa<func::ReturnOp>(op)) {
      func::ReturnOp::create(b, loc, number(loc, 0, 32));
      op->erase();
    } else if (auto input = dyn_cast<InputOp>(op)) {
      auto type = cast<MemRefType>(input.getType());
      int64_t base = input.getIndex() * sizeof(HoneTensorRef);
      SmallVector<Value> sizes;
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        if (type.isDynamicDim(axis))
          sizes.push_back(load(loc, b.getI64Type(), inputs, base + offsetof(HoneTensorRef, dims) + 8 * axis));
      replace(op, makeMemRef(loc, type, load(loc, pointer, inputs, base), sizes));
    } else if (auto weight = dyn_cast<WeightOp>(op)) {
      auto plan = module->getAttrOfType<DictionaryAttr>("hone.weight_plan");
      auto offset = plan ? plan.getAs<IntegerAttr>(weight.getWeight()) : IntegerAttr();
      if (!offset)
        return op->emitError("expected an offset for weight '")
               << weight.getWeight() << "' in hone.weight_plan";
      Value base = load(loc, pointer, runtime,
                        isOfDevice(weight.getType()) ? offsetof(HoneRuntime, deviceWeights)
                                                     : offsetof(HoneRuntime, weights));
      Value data =
          LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base, ValueRange{number(loc, offset.getInt())});
      replace(op, makeMemRef(loc, cast<MemRefType>(weight.getType()), data, {}));
    } else if (auto alloc = dyn_cast<AllocOp>(op)) {
      auto type = cast<MemRefType>(alloc.getType());
      SmallVector<Value> sizes = asI64(loc, alloc.getSizes());
      Value data =
          callTable(loc, isOfDevice(type) ? offsetof(HoneRuntime, deviceAlloc) : offsetof(HoneRuntime, alloc),
                    pointer, {runtime, bytesOf(loc, type, sizes)});
      unless(loc, isNotNull(loc, data), number(loc, 1, 32));
      replace(op, makeMemRef(loc, type, data, sizes));
    } else if (auto output = dyn_cast<OutputOp>(op)) {
      auto type = cast<MemRefType>(output.getType());
      SmallVector<Value> sizes = asI64(loc, output.getSizes());
      Value data = callTable(loc, offsetof(HoneRuntime, output), pointer,
                             {runtime, number(loc, output.getIndex(), 32), bytesOf(loc, type, sizes)});
      unless(loc, isNotNull(loc, data), number(loc, 1, 32));
      Value slot = field(loc, outputs, output.getIndex() * sizeof(HoneTensorRef));
      LLVM::StoreOp::create(b, loc, data, slot);
      for (int64_t axis = 0, d = 0; axis < type.getRank(); ++axis)
        LLVM::StoreOp::create(b, loc,
                              type.isDynamicDim(axis) ? sizes[d++] : number(loc, type.getDimSize(axis)),
                              field(loc, slot, offsetof(HoneTensorRef, dims) + 8 * axis));
      replace(op, makeMemRef(loc, type, data, sizes));
    } else if (auto release = dyn_cast<ReleaseOp>(op)) {
      callTable(loc,
                isOfDevice(release.getBuffer().getType()) ? offsetof(HoneRuntime, deviceRelease)
                                                          : offsetof(HoneRuntime, release),
                {}, {runtime, dataOf(loc, release.getBuffer())});
      op->erase();
    } else if (auto dispatch = dyn_cast<DispatchOp>(op)) {
      int64_t slot = 0;
      for (Value buffer : dispatch.getBuffers()) {
        LLVM::StoreOp::create(b, loc, dataOf(loc, buffer), field(loc, block, 8 * slot++));
        for (Value size : sizesOf(loc, buffer, true))
          LLVM::StoreOp::create(b, loc, size, field(loc, block, 8 * slot++));
      }
      Value kernel =
          UnrealizedConversionCastOp::create(
              b, loc, TypeRange{pointer},
              ValueRange{func::ConstantOp::create(
                  b, loc, module.lookupSymbol<func::FuncOp>(dispatch.getKernel()).getFunctionType(),
                  dispatch.getKernelAttr())})
              .getResult(0);
      callTable(loc, offsetof(HoneRuntime, dispatch), {},
                {runtime, kernel, block, toI64(loc, dispatch.getUnits()), toI64(loc, dispatch.getCost()),
                 toI64(loc, dispatch.getScratch()), number(loc, dispatch.getCall(), 32)});
      op->erase();
    } else if (auto launch = dyn_cast<LaunchOp>(op)) {
      return lowerLaunch(launch);
    } else if (auto transfer = dyn_cast<TransferOp>(op)) {
      Value from = transfer.getFrom(), to = transfer.getTo();
      auto type = cast<MemRefType>(from.getType());
      int64_t direction = isOfDevice(type) ? HONE_FROM_DEVICE : HONE_TO_DEVICE;
      Value code = callTable(loc, offsetof(HoneRuntime, transfer), b.getI32Type(),
                             {runtime, dataOf(loc, to), dataOf(loc, from),
                              bytesOf(loc, type, sizesOf(loc, from, true)), number(loc, direction, 32),
                              number(loc, transfer.getCall(), 32)});
      unlessZero(loc, code);
      op->erase();
    } else if (auto library = dyn_cast<LibraryOp>(op)) {
      int64_t function = libraryNumber(library.getFunction());
      if (function < 0)
        return op->emitError("expected a function of the runtime's library, got '")
               << library.getFunction() << "'";
      int64_t offset = 0;
      for (Value buffer : library.getBuffers()) {
        LLVM::StoreOp::create(b, loc, dataOf(loc, buffer), field(loc, block, offset));
        for (auto [axis, size] : llvm::enumerate(sizesOf(loc, buffer, false)))
          LLVM::StoreOp::create(b, loc, size,
                                field(loc, block, offset + offsetof(HoneTensorRef, dims) + 8 * axis));
        offset += sizeof(HoneTensorRef);
      }
      Value params = field(loc, block, offset);
      for (auto [i, value] : llvm::enumerate(library.getParams()))
        LLVM::StoreOp::create(b, loc, toI64(loc, value), field(loc, params, 8 * i));
      Value code =
          callTable(loc, offsetof(HoneRuntime, library), b.getI32Type(),
                    {runtime, number(loc, function, 32), block, params, number(loc, library.getCall(), 32)});
      unlessZero(loc, code);
      op->erase();
    } else if (auto check = dyn_cast<CheckOp>(op)) {
      Block *here = b.getInsertionBlock(), *rest = here->splitBlock(b.getInsertionPoint());
      Block *bad = b.createBlock(rest);
      Value code = callTable(loc, offsetof(HoneRuntime, fail), b.getI32Type(),
                             {runtime, text(loc, check.getMessage()), number(loc, check.getCall(), 32)});
      cf::BranchOp::create(b, loc, failed_, code);
      b.setInsertionPointToEnd(here);
      cf::CondBranchOp::create(b, loc, check.getCondition(), rest, ValueRange{}, bad, ValueRange{});
      op->erase();
    } else {
      return op->emitError("no lowering for this op");
    }
    return success();
  }

  /// In the block: the parameters' values, their addresses with those of maps, the HoneLaunch, its matrices.
  LogicalResult lowerLaunch(LaunchOp op) {
    Location loc = op.getLoc();
    auto kernel = module.lookupSymbol<ModuleOp>(op.getKernel());
    auto row = kernel ? kernel->getAttrOfType<IntegerAttr>("hone.kernel_number") : IntegerAttr();
    if (!row)
      return op.emitError("expected a numbered device module '") << op.getKernel() << "'";
    SmallVector<Value> values;
    for (Value buffer : op.getBuffers()) {
      values.push_back(dataOf(loc, buffer));
      llvm::append_range(values, sizesOf(loc, buffer, true));
    }
    int64_t count = values.size();
    for (auto [i, value] : llvm::enumerate(values)) {
      LLVM::StoreOp::create(b, loc, value, field(loc, block, 8 * i));
      LLVM::StoreOp::create(b, loc, field(loc, block, 8 * i), field(loc, block, 8 * (count + i)));
    }
    ArrayRef<int64_t> maps = op.getMaps();
    int64_t arguments = count + maps.size() / 2;
    Value launch = field(loc, block, 8 * (count + arguments));
    Value matrices = field(loc, launch, sizeof(HoneLaunch));
    for (size_t i = 0; i < maps.size(); i += 2)
      storeMatrix(loc, op.getBuffers()[maps[i]], maps[i + 1],
                  field(loc, matrices, i / 2 * sizeof(HoneMatrix)));
    auto set = [&](int64_t offset, Value value) {
      LLVM::StoreOp::create(b, loc, value, field(loc, launch, offset));
    };
    set(offsetof(HoneLaunch, kernel), number(loc, row.getInt()));
    Value grid[] = {op.getX(), op.getY(), op.getZ()};
    for (int i = 0; i < 3; ++i)
      set(offsetof(HoneLaunch, grid) + 8 * i, toI64(loc, grid[i]));
    set(offsetof(HoneLaunch, threads), number(loc, op.getThreads()));
    set(offsetof(HoneLaunch, sharedBytes), number(loc, op.getShared()));
    set(offsetof(HoneLaunch, arguments), field(loc, block, 8 * count));
    set(offsetof(HoneLaunch, matrices), matrices);
    set(offsetof(HoneLaunch, matrixCount), number(loc, maps.size() / 2));
    set(offsetof(HoneLaunch, argumentCount), number(loc, arguments));
    Value code = callTable(loc, offsetof(HoneRuntime, launch), b.getI32Type(),
                           {runtime, launch, number(loc, op.getCall(), 32)});
    unlessZero(loc, code);
    op.erase();
    return success();
  }

  void storeMatrix(Location loc, Value buffer, int64_t boxLines, Value to) {
    SmallVector<Value> sizes = sizesOf(loc, buffer, false);
    Value lines = number(loc, 1);
    for (Value size : ArrayRef(sizes).drop_back())
      lines = LLVM::MulOp::create(b, loc, lines, size);
    int64_t width = (cast<MemRefType>(buffer.getType()).getElementTypeBitWidth() + 7) / 8;
    std::pair<int64_t, Value> fields[] = {{offsetof(HoneMatrix, data), dataOf(loc, buffer)},
                                          {offsetof(HoneMatrix, lines), lines},
                                          {offsetof(HoneMatrix, lineLength), sizes.back()},
                                          {offsetof(HoneMatrix, elementBytes), number(loc, width)},
                                          {offsetof(HoneMatrix, boxLines), number(loc, boxLines)}};
    for (auto [offset, value] : fields)
      LLVM::StoreOp::create(b, loc, value, field(loc, to, offset));
  }

  void unlessZero(Location loc, Value code) {
    unless(loc, LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, code, number(loc, 0, 32)), code);
  }

  void replace(Operation *op, Value value) {
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  }

  Value text(Location loc, StringRef message) {
    LLVM::GlobalOp &global = texts[message.str()];
    if (!global) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      std::string bytes = message.str() + '\0';
      global = LLVM::GlobalOp::create(b, loc, LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size()), true,
                                      LLVM::Linkage::Internal, ("text" + Twine(texts.size())).str(),
                                      b.getStringAttr(bytes));
    }
    return LLVM::AddressOfOp::create(b, loc, global);
  }

  ModuleOp module;
  OpBuilder b;
  LLVMTypeConverter converter;
  Type pointer;
  func::FuncOp entry;
  Value runtime, inputs, outputs, block;
  Block *failed_ = nullptr;
  std::map<std::string, LLVM::GlobalOp> texts;
};

struct ExecToLLVM : ::hone::impl::ExecToLLVMBase<ExecToLLVM> {
  void runOnOperation() override {
    if (failed(Lowering(getOperation()).run()))
      signalPassFailure();
  }
};
} // namespace
