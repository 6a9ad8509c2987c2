// Passes on the nested modules of device kernels.
#ifndef HONE_LOWERING_KERNELTOCUDA_PASSES_H
#define HONE_LOWERING_KERNELTOCUDA_PASSES_H
#include "mlir/Pass/Pass.h"

namespace hone {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lowering/KernelToCuda/Passes.h.inc"
} // namespace hone
#endif
