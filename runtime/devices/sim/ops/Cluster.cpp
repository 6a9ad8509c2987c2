#include "runtime/devices/sim/ops/Lanes.h"
namespace hone::rt::sim {
std::span<const Instruction> clusterInstructions() { return {}; }
} // namespace hone::rt::sim
