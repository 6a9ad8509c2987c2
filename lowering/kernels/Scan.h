// The scan family's target-neutral half.
#ifndef HONE_LOWERING_KERNELS_SCAN_H
#define HONE_LOWERING_KERNELS_SCAN_H
#include "lowering/kernels/KernelFamily.h"

namespace hone {
const KernelFamily &getScanFamily();
} // namespace hone
#endif
