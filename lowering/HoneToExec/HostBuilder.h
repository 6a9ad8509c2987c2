// The host code of one model while it is built: which buffer holds which tensor, how sizes are
// computed, and where the rows of the call table come from.
#ifndef HONE_LOWERING_HONETOEXEC_HOSTBUILDER_H
#define HONE_LOWERING_HONETOEXEC_HOSTBUILDER_H
#include "dialects/exec/ExecDialect.h"
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

namespace hone {

class HostBuilder {
public:
  HostBuilder(mlir::ModuleOp module, mlir::hone::Shapes &shapes)
      : b(module.getContext()), module(module), shapes(shapes), symbols(module) {}

  /// Lowers the ops of a block up to its terminator at the builder's position.
  mlir::LogicalResult lowerBlock(mlir::Block &block);
  /// The buffer of a tensor, made on first demand for constants, weights and views.
  mlir::Value buffer(mlir::Value tensor);
  /// `count` sizes of a tensor's dynamic dimensions, and all of them.
  mlir::Value size(const mlir::hone::DimExpr &expr, mlir::Location loc);
  llvm::SmallVector<mlir::Value> dynamicSizes(mlir::Value tensor);
  /// Memory for a tensor of the run's arena.
  mlir::Value allocate(mlir::Value tensor);
  /// One row of the call table for this op; returns its number.
  int64_t call(mlir::Operation *op, llvm::StringRef kernel);
  void check(mlir::Value condition, const llvm::Twine &message, mlir::Operation *op);

  mlir::OpBuilder b;
  mlir::ModuleOp module;
  mlir::hone::Shapes &shapes;
  mlir::SymbolTable symbols;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
  /// Tensors (seen through views) that live in the memory of a model output.
  llvm::DenseMap<mlir::Value, int64_t> outputOf;
  llvm::SmallVector<mlir::Attribute> calls;

  // With a GPU target (Device.cpp).
  /// Emits the functions of kernels that run on the device and plans which tensors are read where: to be
  /// called before anything is lowered.
  mlir::LogicalResult planDevice(mlir::func::FuncOp main);
  mlir::Value deviceBuffer(mlir::Value tensor);
  /// Gives a tensor that was just made the copy in the other memory that somebody reads.
  void mirror(mlir::Value tensor, mlir::Operation *op);
  llvm::DenseMap<mlir::Value, mlir::Value> deviceBuffers;
  /// Leaves (weights, constants) are made in front of this op, where every reader sees them.
  mlir::Operation *entryFront = nullptr;

private:
  mlir::LogicalResult lower(mlir::Operation *op);
  void releaseAllOf(mlir::Block &block, mlir::Location loc);
  void copyInto(mlir::Value from, mlir::Value to, mlir::Value offset, mlir::Location loc);
  mlir::LogicalResult lowerKernel(mlir::hone::KernelOp kernel);
  void checkIndices(mlir::hone::KernelOp kernel);
  mlir::LogicalResult checkSizesKnown(mlir::hone::KernelOp kernel, mlir::Value result);
  mlir::LogicalResult lowerIf(mlir::hone::IfOp op);
  mlir::LogicalResult lowerLoop(mlir::hone::LoopOp op);
  mlir::LogicalResult lowerTopK(mlir::hone::TopKOp op);
  mlir::LogicalResult lowerNonZero(mlir::hone::NonZeroOp op);
  mlir::LogicalResult lowerNms(mlir::hone::NmsOp op);
  mlir::LogicalResult lowerScatter(mlir::Operation *op, mlir::Value input, mlir::Value indices,
                                   mlir::Value updates);
  mlir::LogicalResult lowerView(mlir::Operation *op);
  mlir::Value reinterpret(mlir::Value memory, mlir::MemRefType type, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                          mlir::Location loc);
  /// The buffer of a value that a region hands out, owned by the receiver: a copy unless the region allocated
  /// it.
  mlir::Value own(mlir::Value tensor, mlir::Block &region, mlir::MemRefType type);
  mlir::Value constant(mlir::hone::ConstantOp op);
  mlir::Value indexTensor(mlir::Operation *op, mlir::ArrayRef<mlir::Value> elements);
  void library(mlir::Operation *op, llvm::StringRef function, mlir::ValueRange buffers,
               mlir::ValueRange params);
  mlir::func::FuncOp kernelFunction(mlir::hone::KernelOp kernel);
  mlir::Value index(int64_t value, mlir::Location loc);

  /// The tensors whose elements `expr` stands on.
  void elementsOf(const mlir::hone::DimExpr &expr, llvm::SmallPtrSetImpl<mlir::Value> &tensors);
  /// Emits the checks of sizes that inference could only assume for `op`.
  void checkRequirements(mlir::Operation *op);

  std::multimap<mlir::Operation *, const mlir::hone::Shapes::Requirement *> requirements;
  bool failedBuffer = false;
  /// Indices that were checked in a block, and against what: layers share them.
  std::set<std::tuple<mlir::Block *, void *, std::vector<mlir::hone::DimExpr>>> checkedIndices;
  std::map<std::string, mlir::func::FuncOp> functions;
  llvm::DenseMap<mlir::Value, mlir::Value> scalars;   // index values of the model -> of the host code
  llvm::DenseMap<mlir::Value, mlir::Value> allocated; // tensor -> its exec.alloc
  llvm::DenseMap<mlir::Attribute, mlir::memref::GlobalOp> globals;

  bool isReadOnHost(mlir::Value tensor) const;
  bool isReadOnDevice(mlir::Value tensor) const;
  void planReads(mlir::Operation *op);
  /// Functions of one kernel by variant and step of its family; none when it can't run there, and why.
  struct DeviceCode {
    llvm::SmallVector<llvm::SmallVector<mlir::ModuleOp, 1>, 1> variants;
    std::string refused;
  };
  const DeviceCode &deviceCode(mlir::hone::KernelOp kernel);
  mlir::LogicalResult launchOnDevice(mlir::hone::KernelOp kernel, const DeviceCode &code);
  void launchVariant(mlir::hone::KernelOp kernel, const DeviceCode &code, mlir::ValueRange buffers,
                     unsigned variant);
  void releaseOf(mlir::Value tensor, mlir::Location loc);
  mlir::Value deviceConstant(mlir::hone::ConstantOp op);
  mlir::hone::TargetAttr device;
  llvm::DenseSet<mlir::Value> hostReads, deviceReads; // roots
  std::map<std::string, DeviceCode> deviceCodes;
  int64_t deviceFunctions = 0;                                    // in all
  llvm::DenseMap<mlir::Operation *, const DeviceCode *> onDevice; // kernels that run there
  llvm::DenseMap<mlir::Value, mlir::Value> deviceAllocated;
  llvm::DenseMap<mlir::Attribute, mlir::Value> deviceConstants;
};

/// Whether an op only sees its operand in another shape, and the tensor whose memory a value shares so.
bool isView(mlir::Operation *op);
mlir::Value rootOf(mlir::Value tensor);
/// A text that is equal for kernels that become one function.
std::string keyOf(mlir::hone::KernelOp kernel);
/// The bytes of a constant as its buffer holds them.
mlir::DenseElementsAttr storedElements(mlir::hone::ConstantOp op);

/// The HoneDType number (runtime/abi/DType.def) of an element type; -1 when it has none.
int64_t dtypeNumber(mlir::Type elementType);

} // namespace hone
#endif
