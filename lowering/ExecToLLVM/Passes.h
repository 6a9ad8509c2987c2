// Passes of the codegen phase.
#ifndef HONE_LOWERING_EXECTOLLVM_PASSES_H
#define HONE_LOWERING_EXECTOLLVM_PASSES_H
#include "mlir/Pass/Pass.h"

namespace hone {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lowering/ExecToLLVM/Passes.h.inc"
} // namespace hone
#endif
