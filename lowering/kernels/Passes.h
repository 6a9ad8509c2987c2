// Passes of the kernels phase.
#ifndef HONE_LOWERING_KERNELS_PASSES_H
#define HONE_LOWERING_KERNELS_PASSES_H
#include "mlir/Pass/Pass.h"

namespace hone {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lowering/kernels/Passes.h.inc"
} // namespace hone
#endif
