// Reads an ONNX model into the hone dialect.
#ifndef HONE_LOWERING_ONNXTOHONE_IMPORTER_H
#define HONE_LOWERING_ONNXTOHONE_IMPORTER_H
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <map>
#include <string>
#include <vector>

namespace hone {

struct ImportOptions {
  /// Named dimensions: least and most; equal numbers fix the size.
  std::map<std::string, std::pair<int64_t, int64_t>> dims;
  bool checkOnly = false;
};

/// A module with @main, or null after errors were emitted. `path`: x.onnx or a folder with model.onnx.
/// `problems` gets one line for every node that can't be compiled.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(llvm::StringRef path, mlir::MLIRContext &context,
                                             const ImportOptions &options,
                                             std::vector<std::string> *problems);

} // namespace hone
#endif
