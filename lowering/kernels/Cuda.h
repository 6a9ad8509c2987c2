// Families that only GPUs have an emitter for.
#ifndef HONE_LOWERING_KERNELS_CUDA_H
#define HONE_LOWERING_KERNELS_CUDA_H
#include "lowering/kernels/KernelFamily.h"

namespace hone {
const KernelFamily &getCudaMatmulFamily(); // "cuda_matmul": products of floats
const KernelFamily &
getCudaQuantMatmulFamily();              // "cuda_quant_matmul": products of 16-bit floats with 4-bit weights
const KernelFamily &getCudaConvFamily(); // "cuda_conv": convolutions over several input channels
const KernelFamily &getCudaRowsFamily(); // "cuda_rows": softmax and norms

/// Elementwise, at the root's own indices; why not otherwise.
std::string refusesElementwiseBehind(mlir::Operation *op, const KernelGroup &group,
                                     mlir::hone::Shapes &shapes);
} // namespace hone
#endif
