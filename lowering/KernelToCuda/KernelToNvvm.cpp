// The parameters of a device kernel. A kernel takes bare pointers; their buffers are rebuilt inside behind
// casts that upstream conversions resolve.
#include "lowering/KernelToCuda/Passes.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include <numeric>

namespace hone {
#define GEN_PASS_DEF_KERNELTONVVM
#include "lowering/KernelToCuda/Passes.h.inc"
} // namespace hone

using namespace mlir;

namespace {

struct KernelToNvvm : ::hone::impl::KernelToNvvmBase<KernelToNvvm> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic())
        lower(function);
  }

  static void lower(func::FuncOp function) {
    OpBuilder b(function.getContext());
    Location loc = function.getLoc();
    LLVMTypeConverter converter(function.getContext());
    Type i64 = b.getI64Type(), pointer = LLVM::LLVMPointerType::get(b.getContext(), 1);
    Block &body = function.getBody().front();
    unsigned old = body.getNumArguments();
    SmallVector<DictionaryAttr> attributes;
    b.setInsertionPointToStart(&body);
    for (unsigned i = 0; i < old; ++i) {
      if (isa<LLVM::LLVMPointerType>(body.getArgument(i).getType())) {
        body.getArgument(i).replaceAllUsesWith(body.addArgument(body.getArgument(i).getType(), loc));
        attributes.push_back(mapAttributes(b));
        continue;
      }
      auto type = cast<MemRefType>(body.getArgument(i).getType());
      Value data = body.addArgument(pointer, loc);
      SmallVector<NamedAttribute> said = {b.getNamedAttr("llvm.align", b.getI64IntegerAttr(alignment(type))),
                                          b.getNamedAttr("llvm.noalias", b.getUnitAttr())};
      if (function.getArgAttr(i, "llvm.readonly"))
        said.push_back(b.getNamedAttr("llvm.readonly", b.getUnitAttr()));
      attributes.push_back(b.getDictionaryAttr(said));
      SmallVector<Value> sizes;
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        if (type.isDynamicDim(axis)) {
          sizes.push_back(body.addArgument(i64, loc));
          attributes.push_back(b.getDictionaryAttr({}));
        } else {
          sizes.push_back(LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(type.getDimSize(axis))));
        }
      body.getArgument(i).replaceAllUsesWith(buffer(b, loc, converter, type, data, sizes));
    }
    body.eraseArguments(0, old);
    function.setFunctionType(b.getFunctionType(body.getArgumentTypes(), {}));
    function.setAllArgAttrs(attributes);
  }

  /// A tensor map: 128 bytes by value, read by the copy engine where they are.
  static DictionaryAttr mapAttributes(OpBuilder &b) {
    auto bytes = LLVM::LLVMArrayType::get(b.getI8Type(), 128);
    return b.getDictionaryAttr({b.getNamedAttr("llvm.byval", TypeAttr::get(bytes)),
                                b.getNamedAttr("llvm.align", b.getI64IntegerAttr(64))});
  }

  /// What may be said of a buffer's address. LLVM reads the whole of an aligned piece where it needs most of
  /// it (4 floats for 3), so pieces must not reach beyond the end: rows are multiples of them.
  static int64_t alignment(MemRefType type) {
    int64_t bytes = (type.getElementTypeBitWidth() + 7) / 8;
    for (int64_t size : type.getShape())
      bytes *= ShapedType::isDynamic(size) ? 1 : size;
    return std::gcd<int64_t>(16, bytes);
  }

  static Value buffer(OpBuilder &b, Location loc, LLVMTypeConverter &converter, MemRefType type, Value data,
                      ArrayRef<Value> sizes) {
    auto descriptor = MemRefDescriptor::poison(b, loc, converter.convertType(type));
    descriptor.setAllocatedPtr(b, loc, data);
    descriptor.setAlignedPtr(b, loc, data);
    descriptor.setConstantOffset(b, loc, 0);
    Value stride = LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(1));
    for (int64_t axis = type.getRank(); axis-- > 0;) {
      descriptor.setSize(b, loc, axis, sizes[axis]);
      descriptor.setStride(b, loc, axis, stride);
      if (axis)
        stride = LLVM::MulOp::create(b, loc, stride, sizes[axis]);
    }
    return UnrealizedConversionCastOp::create(b, loc, TypeRange{type}, ValueRange{Value(descriptor)})
        .getResult(0);
  }
};

} // namespace
