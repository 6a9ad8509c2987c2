// The table of CUDA families, and what their emitters share.
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/KernelToHost/HostFamily.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

#define HONE_CUDA_FAMILY(cls, name) const CudaFamily &get##cls##Cuda();
#include "lowering/KernelToCuda/CudaFamilies.def"

const CudaFamily *findCudaFamily(StringRef name) {
#define HONE_CUDA_FAMILY(cls, row)                                                                           \
  if (name == row)                                                                                           \
    return &get##cls##Cuda();
#include "lowering/KernelToCuda/CudaFamilies.def"
  return nullptr;
}

MemRefType onDevice(MemRefType type) {
  return MemRefType::get(type.getShape(), type.getElementType(), type.getLayout(),
                         IntegerAttr::get(IntegerType::get(type.getContext(), 64), 1));
}

func::FuncOp makeDeviceFunction(OpBuilder &b, KernelOp kernel, ArrayRef<MemRefType> workspaces, size_t maps,
                                StringRef name) {
  OpBuilder::InsertionGuard guard(b);
  auto module = ModuleOp::create(b, kernel.getLoc(), name);
  SmallVector<Type> types;
  for (Type type : llvm::concat<const Type>(llvm::to_vector(kernel->getOperandTypes()),
                                            llvm::to_vector(kernel->getResultTypes())))
    types.push_back(onDevice(bufferType(cast<RankedTensorType>(type))));
  llvm::append_range(types, workspaces);
  types.append(maps, LLVM::LLVMPointerType::get(b.getContext()));
  b.setInsertionPointToStart(module.getBody());
  auto function = func::FuncOp::create(b, kernel.getLoc(), name, b.getFunctionType(types, {}));
  for (unsigned i = 0; i < kernel.getNumOperands(); ++i)
    function.setArgAttr(i, "llvm.readonly", b.getUnitAttr());
  function->setAttr("hone.family", kernel.getFamilyAttr());
  function.addEntryBlock();
  return function;
}

static Value asIndex(OpBuilder &b, Location loc, Value number) {
  return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), number);
}
Value threadIndex(OpBuilder &b, Location loc) {
  return asIndex(b, loc, NVVM::ThreadIdXOp::create(b, loc, b.getI32Type()));
}
Value blockIndex(OpBuilder &b, Location loc) {
  return asIndex(b, loc, NVVM::BlockIdXOp::create(b, loc, b.getI32Type()));
}
Value blockIndexY(OpBuilder &b, Location loc) {
  return asIndex(b, loc, NVVM::BlockIdYOp::create(b, loc, b.getI32Type()));
}
Value gridSize(OpBuilder &b, Location loc) {
  return asIndex(b, loc, NVVM::GridDimXOp::create(b, loc, b.getI32Type()));
}

} // namespace hone
