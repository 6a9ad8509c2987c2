// The convolution family's target-neutral half.
#ifndef HONE_LOWERING_KERNELS_CONV_H
#define HONE_LOWERING_KERNELS_CONV_H
#include "lowering/kernels/KernelFamily.h"

namespace hone {
const KernelFamily &getConvFamily();
} // namespace hone
#endif
