// PTX and cubins of the kernels of a module, as data of its host code.
#ifndef HONE_LOWERING_PACKAGE_DEVICECODE_H
#define HONE_LOWERING_PACKAGE_DEVICECODE_H
#include "lowering/Package/Package.h"

namespace hone {

/// PTX of the module of one device kernel in the LLVM dialect, for `device`. Errors are emitted at the
/// kernel.
mlir::FailureOr<std::string> emitPtx(mlir::ModuleOp kernel, mlir::hone::TargetAttr device);

/// Replaces every device module by its code: constant data, each in a section named after the kernel, and the
/// table `hone_device_code` of runtime/abi/Abi.h. Cubins are made where options.ptxas names the program; what
/// it finds becomes remarks, and its figures stand in the module attribute `hone.device_kernels`, one
/// dictionary a kernel by number.
mlir::LogicalResult packDeviceCode(mlir::ModuleOp module, const PackageOptions &options);

} // namespace hone
#endif
