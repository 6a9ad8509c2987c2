// Writes outputs as .npy files and prints what they look like.
#include "runtime/api/npy.h"
#include "tools/hone-run/Report.h"
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

namespace hone::run {

void writeOutputs(const Session &session) {
  const std::string &folder = session.options.outputDir;
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem)
    fail(folder, ": cannot make the folder: ", problem.message());
  std::vector<std::string> paths;
  std::set<std::string> seen;
  for (size_t i = 0; i < session.outputCount(); ++i) {
    std::string name = hone_module_output(session.module(), i)->name;
    for (char &c : name)
      c = c == '/' || c == ':' ? '_' : c;
    if (!seen.insert(name).second)
      fail("two outputs would be written to '", name, ".npy'");
    paths.push_back((std::filesystem::path(folder) / (name + ".npy")).string());
  }
  for (size_t i = 0; i < paths.size(); ++i) {
    HoneTensor tensor = session.output(i);
    check(hone_npy_write(paths[i].c_str(), &tensor));
  }
}

Json summarize(const Session &session) {
  Json outputs = Json::array();
  for (size_t i = 0; i < session.outputCount(); ++i) {
    HoneTensor tensor = session.output(i);
    int64_t count = 1;
    for (int d = 0; d < tensor.rank; ++d)
      count *= tensor.dims[d];
    Json first = Json::array();
    for (int64_t e = 0; e < std::min<int64_t>(count, 6); ++e)
      first.push_back(hone_element(tensor.dtype, tensor.data, e));
    outputs.push_back({{"name", tensor.name},
                       {"dtype", hone_dtype_name(tensor.dtype)},
                       {"shape", std::vector<int64_t>(tensor.dims, tensor.dims + tensor.rank)},
                       {"first", first},
                       {"elements", count}});
  }
  return outputs;
}

void printSummary(const Json &outputs) {
  for (const Json &output : outputs) {
    printf("%s: %s %s", output["name"].get<std::string>().c_str(), output["dtype"].get<std::string>().c_str(),
           output["shape"].dump().c_str());
    const char *before = " = ";
    for (const Json &value : output["first"]) {
      if (value.is_number())
        printf("%s%.6g", before, value.get<double>());
      before = " ";
    }
    puts(output["elements"].get<int64_t>() > static_cast<int64_t>(output["first"].size()) ? " ..." : "");
  }
}

} // namespace hone::run
