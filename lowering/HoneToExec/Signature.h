// What @main must look like, whoever wrote it: the importer, a pass, or a person editing a dump.
#ifndef HONE_LOWERING_HONETOEXEC_SIGNATURE_H
#define HONE_LOWERING_HONETOEXEC_SIGNATURE_H
#include "mlir/IR/BuiltinOps.h"

namespace hone {
/// Emits an error at @main unless its arguments and results are tensors that the runtime has element types,
/// ranks and sizes for (results may still be unranked), with well-formed and distinct `hone.name`s and
/// fitting `hone.dims`.
mlir::LogicalResult checkSignature(mlir::ModuleOp module);
} // namespace hone
#endif
