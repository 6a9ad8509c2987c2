// Thread affinity through the scheduler's calls.
#include "runtime/devices/host/Affinity.h"
#include <sched.h>

namespace hone::rt {

static thread_local int pinnedCore = -1;
static thread_local std::vector<int> coresBefore;

static std::vector<int> currentCores() {
  std::vector<int> cores;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int i = 0; i < CPU_SETSIZE; ++i)
      if (CPU_ISSET(i, &set))
        cores.push_back(i);
  if (cores.empty())
    cores.push_back(0);
  return cores;
}

std::vector<int> allowedCores() {
  std::vector<int> cores = currentCores();
  bool stillPinned = pinnedCore >= 0 && cores.size() == 1 && cores[0] == pinnedCore;
  return stillPinned ? coresBefore : cores;
}

void allow(const std::vector<int> &cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int core : cores)
    CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

void pinTo(int core) {
  coresBefore = allowedCores();
  pinnedCore = core;
  allow({core});
}

} // namespace hone::rt
