// Findings as text and as JSON. Sizes are read back from the file that was written.
#include "tools/common/Report.h"
#include "runtime/abi/Artifact.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <cstring>
#include <fstream>
#include <sys/resource.h>

namespace hone {

std::string explanationText(const Findings &findings) {
  std::string text;
  llvm::raw_string_ostream to(text);
  findings.explanation.print(to);
  return text;
}

static llvm::json::Object fileSizes(const std::string &path) {
  uint64_t size = 0;
  if (path == "-" || llvm::sys::fs::file_size(path, size))
    return {};
  llvm::json::Object sizes{{"file", int64_t(size)}};
  HoneFooter footer;
  std::ifstream file(path, std::ios::binary);
  if (size >= sizeof footer && file.seekg(size - sizeof footer) &&
      file.read(reinterpret_cast<char *>(&footer), sizeof footer) &&
      memcmp(footer.magic, HONE_FOOTER_MAGIC, sizeof footer.magic) == 0) {
    sizes["code"] = int64_t(footer.codeSize);
    sizes["weights"] = int64_t(footer.weightSize);
    sizes["metadata"] = int64_t(footer.metaSize);
  }
  return sizes;
}

static llvm::json::Array strings(const std::vector<std::string> &from) { return llvm::json::Array(from); }

std::string reportText(const CompileOptions &options, const Findings &findings) {
  llvm::json::Object times;
  double total = 0;
  for (auto &[phase, time] : findings.seconds) {
    times[phase] = time;
    total += time;
  }
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  llvm::json::Object root{{"model", options.model},
                          {"output", options.output},
                          {"target", options.target},
                          {"seconds", std::move(times)},
                          {"total_seconds", total},
                          {"peak_rss_bytes", int64_t(usage.ru_maxrss) * 1024},
                          {"sizes", fileSizes(options.output)},
                          {"plan", llvm::json::Object{{"arena", "dynamic"},
                                                      {"buffers", findings.buffers.count},
                                                      {"fixed_bytes", findings.buffers.fixedBytes},
                                                      {"buffers_of_open_size", findings.buffers.open},
                                                      {"weight_bytes", findings.weightBytes}}}};
  for (auto &[key, value] : findings.explanation.json())
    root[key] = value;
  if (findings.accuracy)
    root["accuracy"] = findings.accuracy->json();
  if (!findings.search.empty())
    root["search"] = searchJson(findings.search);
  if (options.checkOnly) {
    root = llvm::json::Object{{"model", options.model}, {"problems", strings(findings.problems)}};
  }
  std::string text;
  // Indented, keys in order: two reports can be compared line by line.
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", llvm::json::Value(std::move(root))) << "\n";
  return text;
}

} // namespace hone
