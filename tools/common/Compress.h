// What --compress says: methods with their settings, and the passes that they stand for.
#ifndef HONE_TOOLS_COMMON_COMPRESS_H
#define HONE_TOOLS_COMMON_COMPRESS_H
#include "mlir/Pass/PassManager.h"
#include "tools/common/Driver.h"
#include <string>
#include <vector>

namespace hone {

class Calibration;

/// One --compress: METHOD[:KEY[=VALUE],...]. A key without a value is a switch.
struct CompressSpec {
  std::string text, method;
  std::vector<std::pair<std::string, std::string>> settings;

  /// The value of a key; null when it has none.
  const std::string *find(llvm::StringRef key) const;
  /// Whether the method learns from samples.
  bool needsSamples() const { return learns() || readsRanges(); }
  bool learns() const;      ///< from samples themselves
  bool readsRanges() const; ///< of values on samples, which a calibration file may hold
  bool searches() const { return method == "auto"; } ///< for bits, within a budget
  bool readsWeights() const;                         ///< while passes run, with or without samples
};

/// Reads a specification; empty on success, else why it can't be read: an unknown method or key, a value that
/// does not fit.
std::string parseCompress(llvm::StringRef text, CompressSpec &spec);

/// Reads all of --compress, and checks what belongs to it: samples, a budget. Empty on success, else the
/// reason.
std::string readCompressions(const CompileOptions &options, std::vector<CompressSpec> &specs);
/// Samples to learn from.
SampleSources calibrationSources(const CompileOptions &options);
/// Samples to measure with: others, when there are.
SampleSources evaluationSources(const CompileOptions &options);

/// Adds the passes of specifications that were read. `calibration` may be null when none needs samples.
void addCompressPasses(llvm::ArrayRef<CompressSpec> specs, Calibration *calibration, mlir::OpPassManager &pm);

/// The text of --help-compress: every method and key, with defaults.
std::string compressHelp();

} // namespace hone
#endif
