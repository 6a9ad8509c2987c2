// Chips as data: one row a name. `host` is read off the CPU and described by the same facts.
#include "lowering/Package/KnownTargets.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

namespace hone {

namespace {
struct Row {
  StringRef name, cpu, features;
};
// Feature lists are what code of that level may use; the runtime checks them before it loads a file.
constexpr StringRef v3 = "+avx,+avx2,+bmi,+bmi2,+cmov,+cx8,+f16c,+fma,+fxsr,+lzcnt,+mmx,+movbe,+popcnt,+sse,+"
                         "sse2,+sse3,+sse4.1,+sse4.2,+ssse3,+xsave";
const Row rows[] = {
    {"x86-64-v3", "x86-64-v3", v3},
    {"x86-64-v4", "x86-64-v4",
     "+avx,+avx2,+bmi,+bmi2,+cmov,+cx8,+f16c,+fma,+fxsr,+lzcnt,+mmx,+movbe,+popcnt,+sse,+sse2,+sse3,+sse4.1,+"
     "sse4.2,+ssse3,+xsave,"
     "+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl,+avx512vnni"},
};

/// A GPU. Counts and rates are those of the commonest board with the chip, for choosing configurations only;
/// `shared` is the most a block may ask for.
struct Gpu {
  StringRef name;
  int64_t capability;
  int64_t ptx, leastPtx; // as in LLVM's features: 85 is PTX 8.5
  int64_t sms, shared, registers;
  int64_t bandwidth, tensorPeak, f32Peak; // GB/s, TFLOP/s of dense bf16 and of f32 without tensor cores
  int64_t link;                           // GB/s from and to the host: PCIe 4.0 or 5.0 with 16 lanes
  StringRef board;
};
const Gpu gpus[] = {
    {"sm_80", 80, 85, 70, 108, 163 << 10, 65536, 2039, 312, 20, 25, "A100"},
    {"sm_86", 86, 85, 71, 82, 99 << 10, 65536, 936, 71, 36, 25, "RTX 3090"},
    {"sm_89", 89, 85, 78, 128, 99 << 10, 65536, 1008, 165, 83, 25, "RTX 4090"},
    {"sm_90a", 90, 85, 80, 132, 227 << 10, 65536, 3350, 989, 67, 50, "H100"},
    {"sm_100a", 100, 86, 86, 148, 227 << 10, 65536, 8000, 2250, 80, 50, "B200"},
    {"sm_120a", 120, 87, 87, 170, 99 << 10, 65536, 1792, 210, 105, 50, "RTX 5090"},
};
constexpr int64_t newestPtx = 90; // that LLVM 22 writes
// What a CPU does is only known where the file runs. For choices in front of that: a desktop's 8 cores at 3
// GHz with two multiply-adds a cycle, and two channels of DDR5. Nanoseconds that a kernel takes to start.
constexpr int64_t hostGflops = 8 * 3 * 2 * 2 * 8, hostBandwidth = 60, hostLaunch = 1000;
constexpr int64_t gpuLaunch = 2500, linkLatency = 10000;
} // namespace

static mlir::hone::TargetAttr describe(MLIRContext &context, StringRef name, StringRef cpu,
                                       StringRef features) {
  Builder b(&context);
  SmallVector<StringRef> list;
  features.split(list, ',');
  auto has = [&](StringRef feature) { return llvm::is_contained(list, ("+" + feature).str()); };
  bool avx512 = has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl");
  auto fact = [&](StringRef key, int64_t value) { return b.getNamedAttr(key, b.getI64IntegerAttr(value)); };
  auto facts = b.getDictionaryAttr(
      {fact("avx512", avx512), fact("bandwidth", hostBandwidth), fact("bf16", avx512 && has("avx512bf16")),
       fact("gflops", hostGflops * (avx512 ? 2 : 1)), fact("launch", hostLaunch),
       fact("vbmi", avx512 && has("avx512vbmi")), fact("vector_bits", avx512 ? 512 : 256),
       fact("vnni", avx512 && has("avx512vnni"))});
  return mlir::hone::TargetAttr::get(&context, b.getStringAttr(name), b.getStringAttr(cpu),
                                     b.getStringAttr(features), facts);
}

static mlir::hone::TargetAttr describe(MLIRContext &context, const Gpu &gpu) {
  Builder b(&context);
  auto fact = [&](StringRef key, int64_t value) { return b.getNamedAttr(key, b.getI64IntegerAttr(value)); };
  auto facts = b.getDictionaryAttr(
      {fact("bandwidth", gpu.bandwidth), b.getNamedAttr("board", b.getStringAttr(gpu.board)),
       fact("capability", gpu.capability), fact("cuda", 1), fact("f32", gpu.f32Peak),
       fact("fp8", gpu.capability >= 89), fact("launch", gpuLaunch), fact("link", gpu.link),
       fact("link_latency", linkLatency), fact("ptx", gpu.ptx), fact("registers", gpu.registers),
       fact("shared", gpu.shared), fact("sms", gpu.sms), fact("tensor", gpu.tensorPeak),
       fact("wgmma", gpu.capability == 90)});
  return mlir::hone::TargetAttr::get(&context, b.getStringAttr(gpu.name), b.getStringAttr(gpu.name),
                                     b.getStringAttr("+ptx" + Twine(gpu.ptx)), facts);
}

static std::string knownNames() {
  std::string names = "host";
  for (const Row &row : rows)
    names += " " + row.name.str();
  for (const Gpu &gpu : gpus)
    names += " " + gpu.name.str();
  return names;
}

FailureOr<mlir::hone::TargetAttr> findTarget(MLIRContext &context, StringRef name, std::string &error) {
  if (name == "host") {
    std::vector<std::string> features;
    for (auto &feature : llvm::sys::getHostCPUFeatures())
      if (feature.second)
        features.push_back("+" + feature.first().str());
    llvm::sort(features);
    auto target = describe(context, name, llvm::sys::getHostCPUName(), llvm::join(features, ","));
    if (!llvm::is_contained(features, "+avx2") || !llvm::is_contained(features, "+fma")) {
      error = "this CPU has no AVX2 and FMA, which is the least that code is made for";
      return failure();
    }
    return target;
  }
  for (const Row &row : rows)
    if (row.name == name)
      return describe(context, row.name, row.cpu, row.features);
  for (const Gpu &gpu : gpus)
    if (gpu.name == name)
      return describe(context, gpu);
  error = "unknown target '" + name.str() + "'; known targets: " + knownNames();
  return failure();
}

FailureOr<Targets> findTargets(MLIRContext &context, StringRef list, std::string &error) {
  Targets targets;
  SmallVector<StringRef> names;
  list.split(names, ',');
  for (StringRef name : names) {
    auto target = findTarget(context, name.trim(), error);
    if (failed(target))
      return failure();
    if (!target->fact("cuda")) {
      if (targets.host) {
        error = "targets '" + targets.host.getName().str() + "' and '" + name.str() +
                "': one file has host code for one CPU";
        return failure();
      }
      targets.host = *target;
      targets.namesHost = name.trim() == "host";
      continue;
    }
    if (!llvm::is_contained(targets.chips, *target))
      targets.chips.push_back(*target);
    if (!targets.device || target->fact("capability") < targets.device.fact("capability"))
      targets.device = *target;
  }
  if (!targets.host) {
    auto host = findTarget(context, "host", error);
    if (failed(host))
      return failure();
    targets.host = *host;
  }
  // PTX for sm_90a and the like runs on that chip only.
  if (targets.chips.size() > 1 && targets.device.getCpu().getValue().ends_with("a")) {
    auto [first, second] = std::pair(targets.chips[0], targets.chips[1]);
    error = "targets '" + first.getName().str() + "' and '" + second.getName().str() +
            "': no PTX serves both; add an older chip (sm_80) or make two files";
    return failure();
  }
  return targets;
}

std::string refusesPtx(mlir::hone::TargetAttr device) {
  const Gpu *gpu = llvm::find_if(gpus, [&](const Gpu &row) { return row.name == device.getCpu(); });
  if (gpu == std::end(gpus))
    return "no GPU '" + device.getCpu().str() + "' is known";
  StringRef features = device.getFeatures();
  int64_t version = 0;
  if (!features.consume_front("+ptx") || features.getAsInteger(10, version))
    return "expected one feature '+ptxNN' for a GPU, got '" + device.getFeatures().str() + "'";
  if (version < gpu->leastPtx || version > newestPtx)
    return "PTX " + std::to_string(version / 10) + "." + std::to_string(version % 10) + " for " +
           gpu->name.str() + ": expected " + std::to_string(gpu->leastPtx / 10) + "." +
           std::to_string(gpu->leastPtx % 10) + " to " + std::to_string(newestPtx / 10) + "." +
           std::to_string(newestPtx % 10);
  return "";
}

} // namespace hone
