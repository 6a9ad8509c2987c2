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

/// Integers stay integers in JSON.
static Json element(const HoneTensor &tensor, int64_t index) {
  double value = hone_element(tensor.dtype, tensor.data, index);
  bool real = tensor.dtype == HONE_F32 || tensor.dtype == HONE_F64 || tensor.dtype == HONE_F16 ||
              tensor.dtype == HONE_BF16;
  if (tensor.dtype == HONE_I64)
    return static_cast<const int64_t *>(tensor.data)[index];
  if (tensor.dtype == HONE_U64)
    return static_cast<const uint64_t *>(tensor.data)[index];
  return real ? Json(value) : Json(static_cast<int64_t>(value));
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
      first.push_back(element(tensor, e));
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
      if (value.is_number_float())
        printf("%s%.6g", before, value.get<double>());
      else
        printf("%s%s", before, value.dump().c_str());
      before = " ";
    }
    puts(output["elements"].get<int64_t>() > static_cast<int64_t>(output["first"].size()) ? " ..." : "");
  }
}

} // namespace hone::run
