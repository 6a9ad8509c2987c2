// LLVM dialect to machine code, and machine code to a shared object.
#ifndef HONE_LOWERING_PACKAGE_CODEGEN_H
#define HONE_LOWERING_PACKAGE_CODEGEN_H
#include "dialects/hone/HoneDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"

namespace hone {

using Object = llvm::SmallVector<char, 0>;

/// Compiles a module in the LLVM dialect for `target` into relocatable objects, one for the host code and one
/// for each kernel, with the threads of the context. Kernels marked `hone.no_opt` go without LLVM's
/// optimizer. Errors are emitted at the module. With `dumpDir` the LLVM IR and the objects are kept there.
mlir::FailureOr<std::vector<Object>> compileObjects(mlir::ModuleOp module, mlir::hone::TargetAttr target,
                                                    llvm::StringRef dumpDir = "");

/// Links objects into an ELF file at `path`: a shared object, or one relocatable object.
mlir::LogicalResult linkObjects(llvm::ArrayRef<Object> objects, llvm::StringRef path, bool shared,
                                std::string &error);

} // namespace hone
#endif
