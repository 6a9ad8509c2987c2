// Families that only GPUs have an emitter for.
#ifndef HONE_LOWERING_KERNELS_CUDA_H
#define HONE_LOWERING_KERNELS_CUDA_H
#include "lowering/kernels/KernelFamily.h"

namespace hone {
const KernelFamily &getCudaMatmulFamily(); // "cuda_matmul": products of floats
const KernelFamily &getCudaConvFamily();   // "cuda_conv": convolutions over several input channels
const KernelFamily &getCudaRowsFamily();   // "cuda_rows": softmax and norms
} // namespace hone
#endif
