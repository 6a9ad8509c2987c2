// Passes of the compress phase.
#ifndef HONE_PASSES_COMPRESS_PASSES_H
#define HONE_PASSES_COMPRESS_PASSES_H
#include "mlir/Pass/Pass.h"

namespace hone {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/compress/Passes.h.inc"

class Calibration;
/// The pass with what runs its samples.
std::unique_ptr<mlir::Pass> createGptqWeights(GptqWeightsOptions options, Calibration &calibration);
} // namespace hone
#endif
