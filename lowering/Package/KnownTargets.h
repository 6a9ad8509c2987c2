// Chips that code can be made for.
#ifndef HONE_LOWERING_PACKAGE_KNOWNTARGETS_H
#define HONE_LOWERING_PACKAGE_KNOWNTARGETS_H
#include "dialects/hone/HoneDialect.h"

namespace hone {

/// What --target names. Host code always exists; with `device`, kernels are made for GPUs: their PTX for
/// `device`, the oldest of `chips`, so that one PTX serves them all.
struct Targets {
  mlir::hone::TargetAttr host, device;
  llvm::SmallVector<mlir::hone::TargetAttr> chips;
  bool namesHost = false; // "host" was asked for besides: some of the program may run there
};

/// The targets of a list as given to --target ("sm_80", "x86-64-v3,sm_80,sm_90a"). On failure `error` says
/// what is known.
mlir::FailureOr<Targets> findTargets(mlir::MLIRContext &context, llvm::StringRef list, std::string &error);

/// The target attribute of `name` (`host`: the CPU this runs on). On failure `error` says what is known.
mlir::FailureOr<mlir::hone::TargetAttr> findTarget(mlir::MLIRContext &context, llvm::StringRef name,
                                                   std::string &error);

/// Why LLVM can't be asked for code of this GPU; empty: it can. LLVM ends the process for a chip it does not
/// know and for a PTX version that the chip is not part of.
std::string refusesPtx(mlir::hone::TargetAttr device);

} // namespace hone
#endif
