// The documents about a compile: --report and --json, --explain.
#ifndef HONE_TOOLS_COMMON_REPORT_H
#define HONE_TOOLS_COMMON_REPORT_H
#include "tools/common/Driver.h"
#include "tools/common/Explain.h"

namespace hone {

/// What is gathered while the phases run.
struct Findings {
  std::map<std::string, int> imported, composites; // as the model has them, and after simplify
  std::vector<KernelNote> kernels;
  BufferNote buffers;
  int64_t weightBytes = 0;
  std::vector<std::pair<std::string, double>> seconds; // of each phase
  std::vector<std::string> remarks, problems;          // problems: of --check
};

/// The text of --explain.
std::string explanationText(const Findings &findings);
/// The JSON document of --report and --json, with a new line at the end.
std::string reportText(const CompileOptions &options, const Findings &findings);

} // namespace hone
#endif
