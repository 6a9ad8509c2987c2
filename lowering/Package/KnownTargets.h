// Chips that code can be made for.
#ifndef HONE_LOWERING_PACKAGE_KNOWNTARGETS_H
#define HONE_LOWERING_PACKAGE_KNOWNTARGETS_H
#include "dialects/hone/HoneDialect.h"

namespace hone {
/// The target attribute of `name` (`host`: the CPU this runs on). On failure `error` says what is known.
mlir::FailureOr<mlir::hone::TargetAttr> findTarget(mlir::MLIRContext &context, llvm::StringRef name,
                                                   std::string &error);
} // namespace hone
#endif
