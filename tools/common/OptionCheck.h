// Whether options make sense together, before anything is read.
#ifndef HONE_TOOLS_COMMON_OPTIONCHECK_H
#define HONE_TOOLS_COMMON_OPTIONCHECK_H
#include "mlir/IR/MLIRContext.h"
#include "tools/common/Driver.h"

namespace hone {

/// The number of a phase; that of phases() when there is none of the name.
size_t phaseNumber(llvm::StringRef name);
/// The last phase that runs.
size_t lastPhase(const CompileOptions &options);

/// The first thing that is wrong; empty: nothing is.
std::string refusesOptions(const CompileOptions &options, mlir::MLIRContext &context);

} // namespace hone
#endif
