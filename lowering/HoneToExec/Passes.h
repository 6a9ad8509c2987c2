// Passes from hone to exec.
#ifndef HONE_LOWERING_HONETOEXEC_PASSES_H
#define HONE_LOWERING_HONETOEXEC_PASSES_H
#include "mlir/Pass/Pass.h"

namespace hone {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lowering/HoneToExec/Passes.h.inc"
} // namespace hone
#endif
