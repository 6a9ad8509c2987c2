// --compress=auto: which products keep more bits, so that a budget of accuracy is met with the smallest file.
#ifndef HONE_TOOLS_COMMON_BITSEARCH_H
#define HONE_TOOLS_COMMON_BITSEARCH_H
#include "mlir/IR/BuiltinOps.h"
#include "tools/common/Accuracy.h"

namespace hone {

/// One compressed model that was measured.
struct SearchPoint {
  size_t wide = 0, dense = 0; ///< products at 8 bits, and as they were; the others have 4
  bool isWithin = false;      ///< the budget
  Accuracy accuracy;

  void print(llvm::raw_ostream &out) const;
};

struct BitSearchSetup {
  /// Compiles a module for this machine and writes it to a file.
  std::function<bool(mlir::ModuleOp, const std::string &)> write;
  std::function<void(llvm::StringRef, size_t, size_t)> progress;
  SampleSources sources;
  std::string folder, budget; // for files; of --accuracy-budget
  int threads = 0;
};

/// From a module whose products were rounded to 4 bits, with what that costs each of them by itself: the
/// products that lose most become 8 bits wide, one after the other, and then, from the worst again, dense.
/// How far that has to go is found by halving, on the first few samples; what is found is measured on all of
/// them, and goes further until it holds.
class BitSearch {
public:
  BitSearch(mlir::ModuleOp original, mlir::ModuleOp narrow, const std::vector<LayerAccuracy> &layers,
            BitSearchSetup setup);

  /// The module within the budget, its point last in `points`. Null: `error` says why, or an error was
  /// emitted.
  mlir::OwningOpRef<mlir::ModuleOp> run(std::vector<SearchPoint> &points, std::string &error);

private:
  mlir::OwningOpRef<mlir::ModuleOp> at(size_t level);
  bool measure(size_t level, size_t samples, std::vector<SearchPoint> &points, std::string &error);

  mlir::ModuleOp original, narrow;
  BitSearchSetup setup;
  std::vector<size_t> order; // of products, by what they lose, the worst first
  bool hasOriginal = false;  // as a file
};

/// The points as JSON, for plots: sizes against what is lost.
llvm::json::Array searchJson(const std::vector<SearchPoint> &points);

} // namespace hone
#endif
