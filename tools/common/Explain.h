// What --explain prints: what was fused, absorbed and refused, with reasons and ONNX nodes.
#ifndef HONE_TOOLS_COMMON_EXPLAIN_H
#define HONE_TOOLS_COMMON_EXPLAIN_H
#include "mlir/IR/BuiltinOps.h"
#include <map>
#include <string>
#include <vector>

namespace hone {
/// How many ops there are of each kind that models also spell out, by the op's name without dialect.
std::map<std::string, int> countComposites(mlir::ModuleOp module);
/// Lines about a module's kernel regions (after the kernels phase).
std::vector<std::string> explainModule(mlir::ModuleOp module);
} // namespace hone
#endif
