#include "runtime/devices/sim/ops/Copy.h"
namespace hone::rt::sim {
void decodeBulk(Decoding &d) { d.fail("not yet"); }
std::span<const Instruction> bulkInstructions() { return {}; }
} // namespace hone::rt::sim
