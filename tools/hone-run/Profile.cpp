// A trace of the dispatches in the format of Chrome's about:tracing, which Perfetto reads too.
#include "tools/hone-run/Report.h"
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace hone::run {

Profile::Profile(const Session &session) {
  Json meta = Json::parse(hone_module_metadata(session.module()));
  for (const Json &call : meta["calls"]) {
    std::string nodes, kernel;
    if (call.contains("nodes"))
      for (const Json &node : call["nodes"])
        nodes += (nodes.empty() ? "" : ", ") + node.get<std::string>();
    const Json which = call.value("kernel", Json());
    if (which.is_string())
      kernel = which.get<std::string>();
    else if (which.is_number_unsigned() && which.get<size_t>() < meta["kernels"].size())
      kernel = meta["kernels"][which.get<size_t>()].value("name", "");
    names.emplace_back(nodes.empty() ? kernel : nodes, kernel);
  }
}

void Profile::add(const Session &session, int64_t offset) {
  size_t count = 0;
  const HoneSlice *slices = hone_context_slices(session.context(), &count);
  for (size_t i = 0; i < count; ++i)
    events.push_back({slices[i].call, slices[i].start_ns + offset, slices[i].end_ns + offset});
}

void Profile::write(const std::string &path) const {
  Json list = Json::array();
  for (const Event &event : events) {
    bool known = event.call >= 0 && static_cast<size_t>(event.call) < names.size();
    const auto [title, kernel] =
        known ? names[static_cast<size_t>(event.call)] : std::pair<std::string, std::string>("?", "?");
    list.push_back({{"name", title},
                    {"cat", "kernel"},
                    {"ph", "X"},
                    {"ts", static_cast<double>(event.start) / 1e3},
                    {"dur", static_cast<double>(event.end - event.start) / 1e3},
                    {"pid", 0},
                    {"tid", 0},
                    {"args", {{"kernel", kernel}, {"call", event.call}}}});
  }
  std::string text = Json{{"displayTimeUnit", "ns"}, {"traceEvents", list}}.dump() + "\n";
  struct stat info;
  bool device = stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode); // is written to as it is
  std::string name = device ? path : path + ".part";
  FILE *file = fopen(name.c_str(), "w");
  bool good = file && fwrite(text.data(), 1, text.size(), file) == text.size();
  good = file && fclose(file) == 0 && good && (device || rename(name.c_str(), path.c_str()) == 0);
  if (!good) {
    int why = errno;
    if (file && !device)
      remove(name.c_str());
    fail(path, ": cannot write: ", strerror(why));
  }
}

} // namespace hone::run
