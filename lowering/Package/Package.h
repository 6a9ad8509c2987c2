// From a module in the LLVM dialect, with its weights, to the artifact file.
#ifndef HONE_LOWERING_PACKAGE_PACKAGE_H
#define HONE_LOWERING_PACKAGE_PACKAGE_H
#include "dialects/hone/HoneDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include <functional>

namespace hone {

struct PackageOptions {
  std::string output, modelDir, version;
  std::vector<std::string> arguments; // as given, for the record
  std::string saveTemps;              // folder for LLVM IR; empty: none
  std::string ptxas, cacheDir;        // its path, and a folder for what it makes; empty: no cubins, not kept
  bool objectOnly = false;            // one relocatable object instead of an artifact
  std::string program;                // what an executable starts with (hone-run); empty: none, an artifact
  int threads = 0;                    // for recipes and device kernels; 0: one for each core
  /// Lowers a module with one function @main of hone ops to the LLVM dialect, for recipes.
  std::function<mlir::LogicalResult(mlir::ModuleOp)> lower;
  /// Called as long work goes on: what, how far, of how much.
  std::function<void(llvm::StringRef, size_t, size_t)> progress = [](llvm::StringRef, size_t, size_t) {};
};

/// Gives every weight that host code reads its offset in the weight segment: module attributes
/// `hone.weight_plan` and `hone.weight_bytes`. Equal file ranges of one type are stored once.
void planWeights(mlir::ModuleOp module);

/// Compiles, links, evaluates recipes and writes the artifact under a temporary name that is renamed at the
/// end. Errors are emitted as diagnostics; no file is left behind.
mlir::LogicalResult writeArtifact(mlir::ModuleOp module, const PackageOptions &options);

/// Writes each device kernel, before it is lowered, into a file of `folder`, and makes the file's lines the
/// locations of its operations: with PackageOptions::saveTemps its PTX refers to them, which is what the
/// simulator and debuggers show.
mlir::LogicalResult saveDeviceKernels(mlir::ModuleOp module, const std::string &folder);

} // namespace hone
#endif
