// Which nodes of the model a compression is for.
#ifndef HONE_PASSES_COMPRESS_NAMES_H
#define HONE_PASSES_COMPRESS_NAMES_H
#include "mlir/IR/Operation.h"
#include "llvm/Support/GlobPattern.h"

namespace hone {

/// Patterns on the names of ONNX nodes, as locations hold them.
class NodeFilter {
public:
  /// On a pattern that can't be read, `why` says so.
  static NodeFilter make(llvm::ArrayRef<std::string> only, llvm::ArrayRef<std::string> skip,
                         std::string &why);

  /// Whether a name of the op is among `only` (none given: any) and none is among `skip`.
  bool takes(mlir::Operation *op) const;

private:
  llvm::SmallVector<llvm::GlobPattern> only, skip;
};

} // namespace hone
#endif
