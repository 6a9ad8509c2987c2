// What every tool registers: dialects, passes, the phases as pipelines.
#ifndef HONE_TOOLS_COMMON_REGISTRATION_H
#define HONE_TOOLS_COMMON_REGISTRATION_H
namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace hone {
void registerDialects(mlir::DialectRegistry &registry);
/// All passes, and each phase as a pipeline `hone-phase-<name>`.
void registerPasses();
} // namespace hone
#endif
