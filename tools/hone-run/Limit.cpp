// The limit of a run is the longer of two times: its arithmetic at the rate of the vector units, and its
// compulsory bytes at the rate of memory. Both rates are measured right after the model, on the same cores:
// the first with independent chains of the machine's widest multiply-add, the second by reading a block as
// large as what a run reads, so that a model that fits in a cache is held to the cache's speed.
#include "tools/hone-run/Limit.h"
#include "tools/hone-run/Formula.h"
#include <algorithm>
#include <cstring>
#include <immintrin.h>
#include <nlohmann/json.hpp>
#include <pthread.h>
#include <sys/mman.h>
#include <thread>

namespace hone::run {

Work workOf(Session &session) {
  Json meta = Json::parse(hone_module_metadata(session.module()));
  Work work;
  Sizes sizes;
  for (const HoneTensor &view : session.given()) {
    work.bytes += static_cast<double>(hone_tensor_bytes(&view));
    for (size_t i = 0; const HoneTensorInfo *info = hone_module_input(session.module(), i); ++i)
      for (int d = 0; !strcmp(info->name, view.name) && d < info->rank; ++d)
        if (const char *name = info->dims[d].name; name && *name)
          sizes[name] = view.dims[d];
  }
  hone_context_profile(session.context(), 1);
  session.run();
  hone_context_profile(session.context(), 0);
  for (size_t i = 0; i < session.outputCount(); ++i) {
    HoneTensor output = session.output(i);
    work.bytes += static_cast<double>(hone_tensor_bytes(&output));
  }
  size_t count = 0;
  const HoneSlice *slices = hone_context_slices(session.context(), &count);
  const Json &calls = meta["calls"];
  for (size_t i = 0; i < count; ++i) {
    auto row = static_cast<size_t>(slices[i].call);
    if (slices[i].call < 0 || row >= calls.size())
      continue;
    const Json &call = calls[row];
    auto value = [&](const char *key) {
      std::string formula = call.value(key, "");
      return formula.empty() ? std::nullopt : evaluate(formula.c_str(), sizes);
    };
    std::optional<int64_t> flops = value("flops"), bytes = value("weight_bytes");
    ++work.calls;
    work.uncounted += !flops || !bytes;
    work.flops[call.value("arithmetic", "f32")] += static_cast<double>(flops.value_or(0));
    work.bytes += static_cast<double>(bytes.value_or(0));
  }
  return work;
}

namespace {

/// Runs `work(i)` on core i of the list, all starting together; returns the seconds until the last is done.
template <typename Body>
double together(const Cores &cores, const Body &work) {
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, static_cast<unsigned>(cores.size()));
  std::vector<int64_t> starts(cores.size()), ends(cores.size());
  std::vector<std::thread> workers;
  for (size_t i = 0; i < cores.size(); ++i)
    workers.emplace_back([&, i] {
      cpu_set_t mine;
      CPU_ZERO(&mine);
      CPU_SET(cores[i], &mine);
      pthread_setaffinity_np(pthread_self(), sizeof mine, &mine);
      pthread_barrier_wait(&barrier);
      starts[i] = now();
      work(i);
      ends[i] = now();
    });
  for (std::thread &worker : workers)
    worker.join();
  pthread_barrier_destroy(&barrier);
  return static_cast<double>(*std::max_element(ends.begin(), ends.end()) -
                             *std::min_element(starts.begin(), starts.end())) /
         1e9;
}

constexpr int chains = 12; // independent accumulators: more than latency times ports

// Each does `steps` rounds of `chains` multiply-adds and returns the flops of one multiply-add.
#define HONE_CHAINS(name, target_, vector, zero, one, step, flops)                                           \
  __attribute__((target(target_), noinline)) int name(int64_t steps) {                                       \
    vector sums[chains];                                                                                     \
    for (vector &sum : sums)                                                                                 \
      sum = zero;                                                                                            \
    vector a = one, b = one;                                                                                 \
    for (int64_t i = 0; i < steps; ++i) {                                                                    \
      _Pragma("clang loop unroll(full)") for (int c = 0; c < chains; ++c) sums[c] = step;                    \
      __asm__ volatile("" : "+x"(a), "+x"(b)); /* nothing may be moved out of the loop */                    \
    }                                                                                                        \
    for (vector &sum : sums)                                                                                 \
      __asm__ volatile("" ::"x"(sum));                                                                       \
    return flops;                                                                                            \
  }

HONE_CHAINS(f32Avx2, "avx2,fma", __m256, _mm256_setzero_ps(), _mm256_set1_ps(0.5f),
            _mm256_fmadd_ps(a, b, sums[c]), 16)
HONE_CHAINS(f32Avx512, "avx512f", __m512, _mm512_setzero_ps(), _mm512_set1_ps(0.5f),
            _mm512_fmadd_ps(a, b, sums[c]), 32)
HONE_CHAINS(i16Avx2, "avx2", __m256i, _mm256_setzero_si256(), _mm256_set1_epi16(1),
            _mm256_add_epi32(sums[c], _mm256_madd_epi16(a, b)), 32)
HONE_CHAINS(i16Vnni, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_set1_epi32(0x10001),
            _mm512_dpwssd_epi32(sums[c], a, b), 64)
HONE_CHAINS(i8Vnni, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_set1_epi32(0x1010101),
            _mm512_dpbusd_epi32(sums[c], a, b), 128)
#undef HONE_CHAINS

using Chains = int (*)(int64_t);

Chains chainsFor(const std::string &kind) {
  bool avx512 = __builtin_cpu_supports("avx512f"), vnni = avx512 && __builtin_cpu_supports("avx512vnni");
  if (kind == "f32")
    return avx512 ? f32Avx512 : f32Avx2;
  if (kind == "i8" && vnni)
    return i8Vnni;
  return vnni ? i16Vnni : i16Avx2; // without VNNI 8-bit products are made as 16-bit ones
}

__attribute__((target("avx2"), noinline)) void readAll(const char *data, size_t bytes) {
  __m256i sums[4] = {};
  for (size_t i = 0; i + 128 <= bytes; i += 128)
    for (size_t lane = 0; lane < 4; ++lane)
      sums[lane] = _mm256_xor_si256(
          sums[lane], _mm256_load_si256(reinterpret_cast<const __m256i *>(data + i + 32 * lane)));
  for (__m256i &sum : sums)
    __asm__ volatile("" ::"x"(sum));
}

} // namespace

double measureArithmetic(const std::string &kind, const Cores &cores) {
  Chains run = chainsFor(kind);
  constexpr int64_t steps = 2'000'000; // some milliseconds
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    int flops = 0;
    double seconds = together(cores, [&](size_t i) {
      int each = run(steps);
      if (i == 0)
        flops = each;
    });
    best = std::max(best, static_cast<double>(steps) * chains * flops * static_cast<double>(cores.size()) /
                              seconds);
  }
  return best;
}

double measureReading(double bytes, const Cores &cores) {
  constexpr double enough = 512e6; // no cache holds that
  auto share =
      static_cast<size_t>(std::max(std::min(bytes, enough) / static_cast<double>(cores.size()), 4096.0));
  share = share / 4096 * 4096;
  size_t all = share * cores.size();
  void *memory = mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return 0;
  madvise(memory, all, MADV_HUGEPAGE);
  memset(memory, 1, all);
  // Short blocks are read often enough to be timed.
  auto passes = static_cast<size_t>(std::clamp(4e6 / static_cast<double>(share), 1.0, 1000.0));
  double best = 0;
  for (int repeat = 0; repeat < 6; ++repeat) {
    double seconds = together(cores, [&](size_t i) {
      for (size_t pass = 0; pass < passes; ++pass)
        readAll(static_cast<const char *>(memory) + i * share, share);
    });
    best = std::max(best, static_cast<double>(all) * static_cast<double>(passes) / seconds);
  }
  munmap(memory, all);
  return best;
}

Json limitOf(Session &session, double ms) {
  Work work = workOf(session);
  if (!work.calls || work.uncounted == work.calls || !__builtin_cpu_supports("avx2"))
    return {};
  Cores cores;
  for (int i = 0; i < session.threads(); ++i)
    cores.push_back(session.allowedCores()[static_cast<size_t>(i) % session.allowedCores().size()]);
  Json rates = Json::object(), counts = Json::object();
  double computing = 0;
  for (const auto &[kind, count] : work.flops)
    if (count > 0) {
      double rate = measureArithmetic(kind, cores);
      rates[kind] = rate / 1e9;
      counts[kind] = count;
      computing += count / rate;
    }
  double bandwidth = measureReading(work.bytes, cores);
  double reading = bandwidth > 0 ? work.bytes / bandwidth : 0;
  double limit = std::max(computing, reading) * 1e3;
  return {{"percent", 100 * limit / ms},
          {"bound", computing > reading ? "arithmetic" : "memory"},
          {"limit_ms", limit},
          {"flops", counts},
          {"bytes", work.bytes},
          {"measured_gflops", rates},
          {"measured_gb_per_s", bandwidth / 1e9},
          {"calls", work.calls},
          {"uncounted_calls", work.uncounted}};
}

} // namespace hone::run
