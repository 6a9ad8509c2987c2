// Prints the metadata of a file for people: signature, target, options, kernels, plan, weights.
#include "tools/hone-run/Report.h"
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace hone::run {

Json inspect(const Session &session) { return Json::parse(hone_module_metadata(session.module())); }

/// A value without the quotes of JSON around plain text.
static std::string plain(const Json &value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}
static std::string at(const Json &object, const char *key) {
  return object.is_object() && object.contains(key) ? plain(object[key]) : "?";
}

static std::string listOf(const Json &values) {
  std::string out;
  for (const Json &value : values)
    out += (out.empty() ? "" : " ") + plain(value);
  return out;
}

static std::string shapeOf(const Json &tensor) {
  std::string out = "[", ranges;
  for (const Json &dim : tensor["shape"]) {
    out += out.size() > 1 ? ", " : "";
    if (!dim.is_object()) {
      out += dim.dump();
      continue;
    }
    std::string name = at(dim, "dim");
    out += name.empty() ? "?" : name;
    std::string low = dim.contains("min") && dim["min"] != 0 ? dim["min"].dump() : "";
    std::string high = dim.contains("max") && !dim["max"].is_null() ? dim["max"].dump() : "";
    if (!low.empty() || !high.empty())
      ranges += "  " + at(dim, "dim") + " in " + (low.empty() ? "0" : low) + ".." + high;
  }
  return out + "]" + ranges;
}

static void printTensors(const Json &meta, const char *key) {
  printf("%s\n", key);
  for (const Json &tensor : meta[key])
    printf("  %-32s %-5s %s\n", at(tensor, "name").c_str(), at(tensor, "dtype").c_str(),
           shapeOf(tensor).c_str());
}

/// "  >= 12.3 us on a H100 (memory)": the time that a GPU's arithmetic and memory leave a call at least, at
/// these sizes; empty where they are not all known.
static std::string boundOf(const Json &meta, const Json &call, const Sizes &sizes) {
  if (!meta.contains("board") || call.value("device", "") == "host")
    return "";
  auto value = [&](const char *key) {
    std::string formula = call.value(key, "");
    return formula.empty() ? std::nullopt : evaluate(formula.c_str(), sizes);
  };
  std::optional<int64_t> flops = value("flops"), bytes = value("bytes");
  if (!flops || !bytes)
    return "";
  const Json &board = meta["board"];
  double rate = board.value("tflops_" + call.value("arithmetic", "f32"), 0.0);
  double moving = static_cast<double>(*bytes) / board.value("gb_per_s", 1.0) / 1e3;
  double computing = rate > 0 ? static_cast<double>(*flops) / rate / 1e6 : 0;
  char text[100];
  snprintf(text, sizeof text, "  >= %.1f us on a %s (%s)", std::max(moving, computing),
           board.value("name", "").c_str(), moving >= computing ? "memory" : "arithmetic");
  return text;
}

static void printCalls(const Json &meta, const Sizes &sizes) {
  std::vector<std::vector<std::string>> nodes(meta["kernels"].size());
  for (const Json &call : meta["calls"]) {
    const Json kernel = call.value("kernel", Json());
    if (kernel.is_number_unsigned() && kernel.get<size_t>() < nodes.size())
      nodes[kernel.get<size_t>()].push_back((call.contains("nodes") ? listOf(call["nodes"]) : "") +
                                            boundOf(meta, call, sizes));
  }
  printf("kernels (%zu, called from %zu places)\n", nodes.size(), meta["calls"].size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Json &kernel = meta["kernels"][i];
    std::string facts;
    for (const char *key : {"config", "bytes"})
      if (kernel.contains(key))
        facts += std::string("  ") + key + " " + at(kernel, key);
    const Json chips = kernel.value("chips", Json::object());
    for (const auto &[chip, report] : chips.items())
      facts += "  " + chip + ": " + at(report, "registers") + " registers, " + at(report, "shared") +
               " bytes shared, " + at(report, "spill_bytes") + " spilled";
    printf("  %-40s %s%s\n", at(kernel, "name").c_str(), at(kernel, "family").c_str(), facts.c_str());
    for (const std::string &names : nodes[i])
      printf("      %s\n", names.c_str());
  }
}

static void printWeights(const Json &meta) {
  if (!meta.contains("weights"))
    return;
  double bytes = 0;
  for (const Json &weight : meta["weights"])
    bytes += weight.value("bytes", 0.0);
  printf("weights (%zu, %.1f MB)\n", meta["weights"].size(), bytes / 1e6);
  for (const Json &weight : meta["weights"])
    printf("  %-40s %-5s %-16s %12s bytes at %-12s %s\n", at(weight, "name").c_str(),
           at(weight, "dtype").c_str(), at(weight, "shape").c_str(), at(weight, "bytes").c_str(),
           at(weight, "offset").c_str(),
           weight.contains("from") ? ("from " + listOf(weight["from"])).c_str() : "");
}

void printInspection(const Json &meta, const Sizes &sizes) {
  printf("model    %s\nformat   %s, written by Hone %s\n", at(meta, "model").c_str(),
         at(meta, "format").c_str(), at(meta, "hone").c_str());
  const Json target = meta.value("target", Json::object());
  printf("target   %s", at(target, "name").c_str());
  if (target.contains("features"))
    printf("  (%s)", listOf(target["features"]).c_str());
  if (meta.contains("device") && !meta["device"].is_null())
    printf("\ndevice   %s", at(meta, "device").c_str());
  printf("\noptions  %s\n", at(meta, "options").c_str());
  printTensors(meta, "inputs");
  printTensors(meta, "outputs");
  printCalls(meta, sizes);
  printf("plan     %s\n", at(meta, "plan").c_str());
  printWeights(meta);
}

} // namespace hone::run
