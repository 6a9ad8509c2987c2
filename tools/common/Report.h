// The documents about a compile: --report and --json, --explain.
#ifndef HONE_TOOLS_COMMON_REPORT_H
#define HONE_TOOLS_COMMON_REPORT_H
#include "tools/common/BitSearch.h"
#include "tools/common/Driver.h"
#include "tools/common/Explain.h"

namespace hone {

/// What is gathered while the phases run.
struct Findings {
  Explanation explanation;
  BufferNote buffers;
  int64_t weightBytes = 0;
  std::vector<std::pair<std::string, double>> seconds; // of each phase
  std::vector<std::string> problems;                   // of --check
  std::vector<SearchPoint> search;                     // of --compress=auto
  std::optional<Accuracy> accuracy;                    // of compression, when there were samples
};

/// The text of --explain.
std::string explanationText(const Findings &findings);
/// The JSON document of --report and --json, with a new line at the end.
std::string reportText(const CompileOptions &options, const Findings &findings);

} // namespace hone
#endif
