// The attention families' target-neutral halves.
#ifndef HONE_LOWERING_KERNELS_ATTENTION_H
#define HONE_LOWERING_KERNELS_ATTENTION_H
#include "lowering/kernels/KernelFamily.h"

namespace hone {
const KernelFamily &getAttentionFamily();     // "attention", of the host
const KernelFamily &getCudaAttentionFamily(); // "cuda_attention"
} // namespace hone
#endif
