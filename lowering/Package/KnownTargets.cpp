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
constexpr StringRef gpus[] = {"sm_80", "sm_86", "sm_89", "sm_90a", "sm_100a", "sm_120a"};
} // namespace

static mlir::hone::TargetAttr describe(MLIRContext &context, StringRef name, StringRef cpu,
                                       StringRef features) {
  Builder b(&context);
  SmallVector<StringRef> list;
  features.split(list, ',');
  auto has = [&](StringRef feature) { return llvm::is_contained(list, ("+" + feature).str()); };
  bool avx512 = has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl");
  auto fact = [&](StringRef key, int64_t value) { return b.getNamedAttr(key, b.getI64IntegerAttr(value)); };
  auto facts =
      b.getDictionaryAttr({fact("avx512", avx512), fact("bf16", avx512 && has("avx512bf16")),
                           fact("vbmi", avx512 && has("avx512vbmi")), fact("vector_bits", avx512 ? 512 : 256),
                           fact("vnni", avx512 && has("avx512vnni"))});
  return mlir::hone::TargetAttr::get(&context, b.getStringAttr(name), b.getStringAttr(cpu),
                                     b.getStringAttr(features), facts);
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
  if (llvm::is_contained(gpus, name))
    error = "target '" + name.str() +
            "': code for GPUs is not built yet; known targets: host x86-64-v3 x86-64-v4";
  else
    error = "unknown target '" + name.str() + "'; known targets: host x86-64-v3 x86-64-v4";
  return failure();
}

} // namespace hone
