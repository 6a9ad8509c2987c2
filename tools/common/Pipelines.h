// The phases of the compiler as pass pipelines (Pipelines.cpp holds their order and reasons).
#ifndef HONE_TOOLS_COMMON_PIPELINES_H
#define HONE_TOOLS_COMMON_PIPELINES_H
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace hone {

struct Phase {
  llvm::StringRef name, summary;
  /// Adds the phase's passes; null for phases that are not pass pipelines (import, package).
  void (*build)(mlir::OpPassManager &);
};

/// All phases in order.
llvm::ArrayRef<Phase> phases();
/// Registers each pipeline as `hone-phase-<name>`.
void registerPhases();

} // namespace hone
#endif
