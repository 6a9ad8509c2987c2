// What --explain and --report say: what was fused, absorbed and refused, with reasons and ONNX nodes.
#ifndef HONE_TOOLS_COMMON_EXPLAIN_H
#define HONE_TOOLS_COMMON_EXPLAIN_H
#include "mlir/IR/BuiltinOps.h"
#include <map>
#include <string>
#include <vector>

namespace hone {

/// How many ops there are of each kind that models also spell out, by the op's name without dialect.
std::map<std::string, int> countComposites(mlir::ModuleOp module);

/// A kernel region: its family, the ONNX nodes in it, and why other families or longer regions were refused.
struct KernelNote {
  std::string family;
  std::vector<std::string> nodes, refused;
};
/// The kernel regions of a module, after the kernels phase.
std::vector<KernelNote> explainKernels(mlir::ModuleOp module);

/// Buffers that the host code asks of the arena in one run, after the schedule phase.
struct BufferNote {
  int64_t count = 0, fixedBytes = 0; ///< fixedBytes: the sum of those whose size is known
  int64_t open = 0;                  ///< buffers whose size depends on the inputs
};
BufferNote explainBuffers(mlir::ModuleOp module);

} // namespace hone
#endif
