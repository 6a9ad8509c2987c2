// Passes of the compress phase.
#ifndef HONE_PASSES_COMPRESS_PASSES_H
#define HONE_PASSES_COMPRESS_PASSES_H
#include "mlir/Pass/Pass.h"

namespace hone {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/compress/Passes.h.inc"

class Calibration;
// Passes with what reads their weights and runs their samples.
std::unique_ptr<mlir::Pass> createGptqWeights(GptqWeightsOptions options, Calibration &calibration);
std::unique_ptr<mlir::Pass> createScaleChannels(ScaleChannelsOptions options, Calibration &calibration);
std::unique_ptr<mlir::Pass> createClipRows(ClipRowsOptions options, Calibration &calibration);
std::unique_ptr<mlir::Pass> createPruneWeights(PruneWeightsOptions options, Calibration &calibration);
std::unique_ptr<mlir::Pass> createPruneStructure(PruneStructureOptions options, Calibration &calibration);
std::unique_ptr<mlir::Pass> createStoreSparse(StoreSparseOptions options, Calibration &calibration);
std::unique_ptr<mlir::Pass> createFactorWeights(FactorWeightsOptions options, Calibration &calibration);

std::unique_ptr<mlir::Pass> createRefitProducts(RefitProductsOptions options, Calibration &calibration);

/// An op's result is no longer what it was with the weight that hone-note-weights noted, nor is it meant to
/// be.
void forgetWeight(mlir::Operation *op);

/// What hone-gptq-weights puts behind a weight's name for its numbers.
std::string learnedSuffix(int64_t bits);
} // namespace hone
#endif
