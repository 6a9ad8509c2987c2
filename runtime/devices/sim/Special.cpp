// Special registers: %tid.x and its like.
#include "runtime/devices/sim/Decode.h"
#include "runtime/devices/sim/Machine.h"
#include <chrono>

namespace hone::rt::sim {
namespace {

struct SpecialRegister {
  std::string_view name;
  int bytes;
  bool changes;
  uint64_t (*value)(const Warp &, uint32_t lane);
};

const Launch &launchOf(const Warp &w) { return *w.group->launch; }

template <int d>
uint64_t tid(const Warp &w, uint32_t lane) {
  uint32_t linear = w.index * 32 + lane;
  const uint32_t *n = launchOf(w).block;
  return d == 0 ? linear % n[0] : d == 1 ? linear / n[0] % n[1] : linear / n[0] / n[1];
}
template <int d>
uint64_t ntid(const Warp &w, uint32_t) {
  return launchOf(w).block[d];
}
template <int d>
uint64_t ctaid(const Warp &w, uint32_t) {
  return w.block->index[d];
}
template <int d>
uint64_t nctaid(const Warp &w, uint32_t) {
  return launchOf(w).grid[d];
}
template <int d>
uint64_t clusterid(const Warp &w, uint32_t) {
  return w.block->index[d] / launchOf(w).cluster[d];
}
template <int d>
uint64_t nclusterid(const Warp &w, uint32_t) {
  return launchOf(w).grid[d] / launchOf(w).cluster[d];
}
template <int d>
uint64_t clusterCtaid(const Warp &w, uint32_t) {
  return w.block->index[d] % launchOf(w).cluster[d];
}
template <int d>
uint64_t clusterNctaid(const Warp &w, uint32_t) {
  return launchOf(w).cluster[d];
}
uint64_t now() { return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()); }

constexpr SpecialRegister registers[] = {
    {"%tid.x", 4, false, tid<0>},
    {"%tid.y", 4, false, tid<1>},
    {"%tid.z", 4, false, tid<2>},
    {"%ntid.x", 4, false, ntid<0>},
    {"%ntid.y", 4, false, ntid<1>},
    {"%ntid.z", 4, false, ntid<2>},
    {"%ctaid.x", 4, false, ctaid<0>},
    {"%ctaid.y", 4, false, ctaid<1>},
    {"%ctaid.z", 4, false, ctaid<2>},
    {"%nctaid.x", 4, false, nctaid<0>},
    {"%nctaid.y", 4, false, nctaid<1>},
    {"%nctaid.z", 4, false, nctaid<2>},
    {"%clusterid.x", 4, false, clusterid<0>},
    {"%clusterid.y", 4, false, clusterid<1>},
    {"%clusterid.z", 4, false, clusterid<2>},
    {"%nclusterid.x", 4, false, nclusterid<0>},
    {"%nclusterid.y", 4, false, nclusterid<1>},
    {"%nclusterid.z", 4, false, nclusterid<2>},
    {"%cluster_ctaid.x", 4, false, clusterCtaid<0>},
    {"%cluster_ctaid.y", 4, false, clusterCtaid<1>},
    {"%cluster_ctaid.z", 4, false, clusterCtaid<2>},
    {"%cluster_nctaid.x", 4, false, clusterNctaid<0>},
    {"%cluster_nctaid.y", 4, false, clusterNctaid<1>},
    {"%cluster_nctaid.z", 4, false, clusterNctaid<2>},
    {"%cluster_ctarank", 4, false, [](const Warp &w, uint32_t) -> uint64_t { return w.block->rank; }},
    {"%cluster_nctarank", 4, false,
     [](const Warp &w, uint32_t) -> uint64_t { return w.group->blocks.size(); }},
    {"%is_explicit_cluster", 1, false,
     [](const Warp &w, uint32_t) -> uint64_t { return w.group->blocks.size() > 1; }},
    {"%laneid", 4, false, [](const Warp &, uint32_t l) -> uint64_t { return l; }},
    {"%warpid", 4, false, [](const Warp &w, uint32_t) -> uint64_t { return w.index; }},
    {"%nwarpid", 4, false, [](const Warp &w, uint32_t) -> uint64_t { return w.block->warps.size(); }},
    {"%smid", 4, false, [](const Warp &w, uint32_t) -> uint64_t { return w.group->linear % 108; }},
    {"%nsmid", 4, false, [](const Warp &, uint32_t) -> uint64_t { return 108; }},
    {"%gridid", 8, false, [](const Warp &, uint32_t) -> uint64_t { return 1; }},
    {"%lanemask_eq", 4, false, [](const Warp &, uint32_t l) -> uint64_t { return 1u << l; }},
    {"%lanemask_lt", 4, false, [](const Warp &, uint32_t l) -> uint64_t { return (1u << l) - 1; }},
    {"%lanemask_le", 4, false, [](const Warp &, uint32_t l) -> uint64_t { return (2ull << l) - 1; }},
    {"%lanemask_gt", 4, false,
     [](const Warp &, uint32_t l) -> uint64_t { return ~static_cast<uint32_t>((2ull << l) - 1); }},
    {"%lanemask_ge", 4, false, [](const Warp &, uint32_t l) -> uint64_t { return ~((1u << l) - 1); }},
    {"%dynamic_smem_size", 4, false,
     [](const Warp &w, uint32_t) -> uint64_t { return launchOf(w).dynamicShared; }},
    {"%total_smem_size", 4, false,
     [](const Warp &w, uint32_t) -> uint64_t { return launchOf(w).sharedBytes; }},
    {"%aggr_smem_size", 4, false,
     [](const Warp &w, uint32_t) -> uint64_t { return launchOf(w).sharedBytes; }},
    {"%clock", 4, true,
     [](const Warp &w, uint32_t) -> uint64_t { return w.group->warpInstructions & 0xffffffff; }},
    {"%clock64", 8, true, [](const Warp &w, uint32_t) -> uint64_t { return w.group->warpInstructions; }},
    {"%globaltimer", 8, true, [](const Warp &, uint32_t) -> uint64_t { return now(); }},
    {"%globaltimer_lo", 4, true, [](const Warp &, uint32_t) -> uint64_t { return now() & 0xffffffff; }},
    {"%globaltimer_hi", 4, true, [](const Warp &, uint32_t) -> uint64_t { return now() >> 32; }},
};

} // namespace

int findSpecial(std::string_view name) {
  for (size_t i = 0; i < std::size(registers); ++i)
    if (registers[i].name == name)
      return static_cast<int>(i);
  return -1;
}
int specialBytes(int special) { return registers[special].bytes; }
bool specialChanges(int special) { return registers[special].changes; }
uint64_t specialValue(int special, const Warp &warp, uint32_t lane) {
  return registers[special].value(warp, lane);
}

} // namespace hone::rt::sim
