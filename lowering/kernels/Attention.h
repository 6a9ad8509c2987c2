// The attention family's target-neutral half.
#ifndef HONE_LOWERING_KERNELS_ATTENTION_H
#define HONE_LOWERING_KERNELS_ATTENTION_H
#include "lowering/kernels/KernelFamily.h"

namespace hone {
const KernelFamily &getAttentionFamily();
} // namespace hone
#endif
