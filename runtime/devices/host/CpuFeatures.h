// What this CPU can do, under LLVM's names of features.
#ifndef HONE_RUNTIME_DEVICES_HOST_CPUFEATURES_H
#define HONE_RUNTIME_DEVICES_HOST_CPUFEATURES_H
#include <string_view>

namespace hone::rt {

enum class CpuFeature { Present, Missing, Unknown };
/// `name` as in LLVM ("avx512vnni"); a leading '+' is skipped. Unknown: this runtime can't tell.
CpuFeature cpuFeature(std::string_view name);

} // namespace hone::rt
#endif
