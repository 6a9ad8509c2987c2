// Where weights come from: files mapped once, and recipes evaluated one at a time.
#ifndef HONE_LOWERING_PACKAGE_WEIGHTS_H
#define HONE_LOWERING_PACKAGE_WEIGHTS_H
#include "lowering/Package/Package.h"
#include "llvm/ADT/StringMap.h"

namespace hone {

/// Bytes of a tensor in memory and in files.
int64_t bytesOf(mlir::RankedTensorType type);

class WeightSource {
public:
  WeightSource(mlir::ModuleOp module, const PackageOptions &options) : module(module), options(options) {}
  ~WeightSource();

  /// Writes a weight's bytes to `to`. Errors are emitted at the weight.
  mlir::LogicalResult write(mlir::hone::WeightOp weight, char *to);

private:
  struct Mapping {
    char *data = nullptr;
    size_t size = 0;
  };
  using Entry = int32_t (*)(void *, const void *, void *);

  mlir::FailureOr<Mapping> map(mlir::hone::WeightOp weight);
  /// A weight's bytes: in the mapped file, or evaluated into `owned`.
  mlir::FailureOr<const char *> bytes(mlir::hone::WeightOp weight, std::vector<char> &owned);
  mlir::LogicalResult run(mlir::hone::WeightOp weight, char *to);
  mlir::FailureOr<Entry> compile(mlir::hone::WeightOp weight, llvm::ArrayRef<mlir::hone::WeightOp> sources);

  mlir::ModuleOp module;
  const PackageOptions &options;
  llvm::StringMap<Mapping> files;
  std::vector<Mapping> outgrown; // of files that grew since
  llvm::StringMap<Entry> recipes;
  std::vector<void *> libraries;
  llvm::SmallPtrSet<mlir::Operation *, 4> running; // recipes that wait for their sources
};

} // namespace hone
#endif
