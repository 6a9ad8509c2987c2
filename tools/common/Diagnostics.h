// Diagnostics as the command line prints them: one line an error, then notes; remarks kept for --explain.
#ifndef HONE_TOOLS_COMMON_DIAGNOSTICS_H
#define HONE_TOOLS_COMMON_DIAGNOSTICS_H
#include "mlir/IR/Diagnostics.h"
#include <functional>
#include <string>
#include <vector>

namespace hone {

/// What a pass said about a node without it being an error.
struct Remark {
  std::string node, message;
};

class DiagnosticPrinter {
public:
  /// `before` is called ahead of each line.
  DiagnosticPrinter(mlir::MLIRContext &context, llvm::raw_ostream &err, std::string model,
                    std::function<void()> before);
  ~DiagnosticPrinter();
  bool sawError() const { return errors > 0; }
  const std::vector<Remark> &remarks() const { return kept; }
  /// Forgets all remarks but the first `count`.
  void keepRemarks(size_t count) { kept.resize(count); }

private:
  mlir::LogicalResult handle(mlir::Diagnostic &diagnostic);
  std::string where(mlir::Location location) const;
  static std::string nodeOf(mlir::Location location);

  mlir::MLIRContext &context;
  llvm::raw_ostream &err;
  std::string model;
  std::function<void()> before;
  mlir::DiagnosticEngine::HandlerID id;
  int errors = 0;
  std::vector<Remark> kept;
};

} // namespace hone
#endif
