// What --explain prints: what was fused, absorbed and refused, with reasons and ONNX nodes.
#ifndef HONE_TOOLS_COMMON_EXPLAIN_H
#define HONE_TOOLS_COMMON_EXPLAIN_H
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace hone {
/// Lines about a module's kernel regions (after the kernels phase) and raised ops (from simplify on).
std::vector<std::string> explainModule(mlir::ModuleOp module);
} // namespace hone
#endif
