// Measures runs. Nothing is allocated between the first and the last measured run, so that the
// count of allocations is the model's.
#include "tools/hone-run/Limit.h"
#include "tools/hone-run/Report.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

namespace hone::run {

int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// The smallest time that `share` of the runs do not exceed.
static double percentile(const std::vector<int64_t> &sorted, double share) {
  auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return static_cast<double>(sorted[std::max<size_t>(rank, 1) - 1]) / 1e6;
}

Json bench(Session &session) {
  const Options &options = session.options;
  std::vector<int64_t> times(static_cast<size_t>(options.reps));
  for (int i = 0; i < options.warmup; ++i)
    session.run();
  HoneStats before{}, after{};
  hone_context_stats(session.context(), &before);
  std::optional<uint64_t> callsBefore = allocationCount();
  for (int64_t &time : times) {
    int64_t start = now();
    session.run();
    time = now() - start;
  }
  std::optional<uint64_t> callsAfter = allocationCount();
  hone_context_stats(session.context(), &after);

  std::sort(times.begin(), times.end());
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  Json report;
  report["min_ms"] = percentile(times, 0);
  report["p50_ms"] = percentile(times, 0.5);
  report["p90_ms"] = percentile(times, 0.9);
  report["p99_ms"] = percentile(times, 0.99);
  report["warmup"] = options.warmup;
  report["reps"] = options.reps;
  uint64_t asked = after.memory_requests - before.memory_requests;
  report["allocations_per_run"] =
      callsBefore ? Json(static_cast<double>(*callsAfter - *callsBefore + asked) / options.reps) : Json();
  report["arena_bytes"] = after.arena_bytes;
  report["arena_peak_bytes"] = after.arena_peak;
  report["peak_rss_bytes"] = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  report["threads"] = session.threads();
  // The limit is measured on this machine's cores.
  if (std::string_view device = hone_module_device(session.module()); device != "host")
    report["device"] = device;
  else if (!options.noLimit)
    report["limit"] = limitOf(session, report["p50_ms"].get<double>());
  return report;
}

static void printLimit(const Json &limit) {
  if (limit.is_null()) {
    printf("the machine's limit: not known, the file has no costs\n");
    return;
  }
  printf("%.1f %% of the machine's limit: %.4f ms by %s", limit["percent"].get<double>(),
         limit["limit_ms"].get<double>(), limit["bound"].get<std::string>().c_str());
  for (const auto &[kind, rate] : limit["measured_gflops"].items())
    printf(", %.1f of %.0f GFLOP/s %s", limit["flops"][kind].get<double>() / 1e9, rate.get<double>(),
           kind.c_str());
  printf(", %.1f MB at %.1f GB/s\n", limit["bytes"].get<double>() / 1e6,
         limit["measured_gb_per_s"].get<double>());
  if (int missing = limit["uncounted_calls"].get<int>())
    printf("  (%d of %d calls have no cost in the file: the limit is higher)\n", missing,
           limit["calls"].get<int>());
}

void printBench(const Json &r) {
  printf("min %.4f  p50 %.4f  p90 %.4f  p99 %.4f ms  (%d runs after %d)\n", r["min_ms"].get<double>(),
         r["p50_ms"].get<double>(), r["p90_ms"].get<double>(), r["p99_ms"].get<double>(),
         r["reps"].get<int>(), r["warmup"].get<int>());
  if (r["allocations_per_run"].is_null())
    printf("allocations per run: not counted in this build\n");
  else
    printf("allocations per run: %g\n", r["allocations_per_run"].get<double>());
  printf("working memory: %.1f MB, peak resident memory: %.1f MB\n",
         r["arena_peak_bytes"].get<double>() / 1e6, r["peak_rss_bytes"].get<double>() / 1e6);
  if (r.contains("limit"))
    printLimit(r["limit"]);
}

} // namespace hone::run
