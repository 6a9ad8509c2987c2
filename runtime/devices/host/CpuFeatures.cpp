// CPUID questions by feature name. A vector feature counts only when the operating system saves
// its registers as well (XCR0).
#include "runtime/devices/host/CpuFeatures.h"
#include <cstdint>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace hone::rt {

#if defined(__x86_64__)
namespace {

enum Register { eax, ebx, ecx, edx };
constexpr uint32_t noState = 0, ymm = 0x6, zmm = 0xE6, tiles = 0x60000;

struct Row {
  const char *name;
  uint32_t leaf, subleaf;
  Register reg;
  int bit;
  uint32_t state; // bits of XCR0 that must be set
};

constexpr uint32_t ext = 0x80000001;
constexpr Row rows[] = {
    {"sse3", 1, 0, ecx, 0, noState},
    {"pclmul", 1, 0, ecx, 1, noState},
    {"ssse3", 1, 0, ecx, 9, noState},
    {"fma", 1, 0, ecx, 12, ymm},
    {"cx16", 1, 0, ecx, 13, noState},
    {"sse4.1", 1, 0, ecx, 19, noState},
    {"sse4.2", 1, 0, ecx, 20, noState},
    {"crc32", 1, 0, ecx, 20, noState},
    {"movbe", 1, 0, ecx, 22, noState},
    {"popcnt", 1, 0, ecx, 23, noState},
    {"aes", 1, 0, ecx, 25, noState},
    {"xsave", 1, 0, ecx, 27, noState},
    {"avx", 1, 0, ecx, 28, ymm},
    {"f16c", 1, 0, ecx, 29, ymm},
    {"rdrnd", 1, 0, ecx, 30, noState},
    {"cx8", 1, 0, edx, 8, noState},
    {"cmov", 1, 0, edx, 15, noState},
    {"mmx", 1, 0, edx, 23, noState},
    {"fxsr", 1, 0, edx, 24, noState},
    {"sse", 1, 0, edx, 25, noState},
    {"sse2", 1, 0, edx, 26, noState},
    {"fsgsbase", 7, 0, ebx, 0, noState},
    {"bmi", 7, 0, ebx, 3, noState},
    {"avx2", 7, 0, ebx, 5, ymm},
    {"bmi2", 7, 0, ebx, 8, noState},
    {"invpcid", 7, 0, ebx, 10, noState},
    {"rtm", 7, 0, ebx, 11, noState},
    {"avx512f", 7, 0, ebx, 16, zmm},
    {"avx512dq", 7, 0, ebx, 17, zmm},
    {"rdseed", 7, 0, ebx, 18, noState},
    {"adx", 7, 0, ebx, 19, noState},
    {"avx512ifma", 7, 0, ebx, 21, zmm},
    {"clflushopt", 7, 0, ebx, 23, noState},
    {"clwb", 7, 0, ebx, 24, noState},
    {"avx512cd", 7, 0, ebx, 28, zmm},
    {"sha", 7, 0, ebx, 29, noState},
    {"avx512bw", 7, 0, ebx, 30, zmm},
    {"avx512vl", 7, 0, ebx, 31, zmm},
    {"avx512vbmi", 7, 0, ecx, 1, zmm},
    {"pku", 7, 0, ecx, 4, noState},
    {"waitpkg", 7, 0, ecx, 5, noState},
    {"avx512vbmi2", 7, 0, ecx, 6, zmm},
    {"shstk", 7, 0, ecx, 7, noState},
    {"gfni", 7, 0, ecx, 8, noState},
    {"vaes", 7, 0, ecx, 9, ymm},
    {"vpclmulqdq", 7, 0, ecx, 10, ymm},
    {"avx512vnni", 7, 0, ecx, 11, zmm},
    {"avx512bitalg", 7, 0, ecx, 12, zmm},
    {"avx512vpopcntdq", 7, 0, ecx, 14, zmm},
    {"rdpid", 7, 0, ecx, 22, noState},
    {"cldemote", 7, 0, ecx, 25, noState},
    {"movdiri", 7, 0, ecx, 27, noState},
    {"movdir64b", 7, 0, ecx, 28, noState},
    {"enqcmd", 7, 0, ecx, 29, noState},
    {"uintr", 7, 0, edx, 5, noState},
    {"avx512vp2intersect", 7, 0, edx, 8, zmm},
    {"serialize", 7, 0, edx, 14, noState},
    {"tsxldtrk", 7, 0, edx, 16, noState},
    {"pconfig", 7, 0, edx, 18, noState},
    {"amx-bf16", 7, 0, edx, 22, tiles},
    {"avx512fp16", 7, 0, edx, 23, zmm},
    {"amx-tile", 7, 0, edx, 24, tiles},
    {"amx-int8", 7, 0, edx, 25, tiles},
    {"avxvnni", 7, 1, eax, 4, ymm},
    {"avx512bf16", 7, 1, eax, 5, zmm},
    {"cmpccxadd", 7, 1, eax, 7, noState},
    {"amx-fp16", 7, 1, eax, 21, tiles},
    {"hreset", 7, 1, eax, 22, noState},
    {"avxifma", 7, 1, eax, 23, ymm},
    {"avxvnniint8", 7, 1, edx, 4, ymm},
    {"avxneconvert", 7, 1, edx, 5, ymm},
    {"avxvnniint16", 7, 1, edx, 10, ymm},
    {"prefetchi", 7, 1, edx, 14, noState},
    {"xsaveopt", 0xD, 1, eax, 0, noState},
    {"xsavec", 0xD, 1, eax, 1, noState},
    {"xsaves", 0xD, 1, eax, 3, noState},
    {"ptwrite", 0x14, 0, ebx, 4, noState},
    {"sahf", ext, 0, ecx, 0, noState},
    {"lzcnt", ext, 0, ecx, 5, noState},
    {"sse4a", ext, 0, ecx, 6, noState},
    {"prfchw", ext, 0, ecx, 8, noState},
    {"xop", ext, 0, ecx, 11, ymm},
    {"lwp", ext, 0, ecx, 15, noState},
    {"fma4", ext, 0, ecx, 16, ymm},
    {"tbm", ext, 0, ecx, 21, noState},
    {"mwaitx", ext, 0, ecx, 29, noState},
    {"64bit", ext, 0, edx, 29, noState},
    {"clzero", 0x80000008, 0, ebx, 0, noState},
    {"rdpru", 0x80000008, 0, ebx, 4, noState},
    {"wbnoinvd", 0x80000008, 0, ebx, 9, noState},
};

bool savedByTheSystem(uint32_t state) {
  if (!state)
    return true;
  uint32_t r[4];
  if (!__get_cpuid(1, &r[0], &r[1], &r[2], &r[3]) || !(r[ecx] >> 27 & 1)) // OSXSAVE
    return false;
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & state) == state;
}

bool present(const Row &row) {
  uint32_t r[4] = {};
  return __get_cpuid_count(row.leaf, row.subleaf, &r[0], &r[1], &r[2], &r[3]) &&
         (r[row.reg] >> row.bit & 1) && savedByTheSystem(row.state);
}

} // namespace

CpuFeature cpuFeature(std::string_view name) {
  if (name.starts_with('+'))
    name.remove_prefix(1);
  for (const Row &row : rows)
    if (name == row.name)
      return present(row) ? CpuFeature::Present : CpuFeature::Missing;
  return CpuFeature::Unknown;
}
#else
CpuFeature cpuFeature(std::string_view) { return CpuFeature::Unknown; }
#endif

} // namespace hone::rt
