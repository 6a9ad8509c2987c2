// y[row] = x[row] / sqrt(mean(x^2) + eps) * weight; one block a row, bf16 in and out, block reduction through shared memory.
#include <cuda_bf16.h>
extern "C" __global__ void rms_norm(const __nv_bfloat16 *x, const __nv_bfloat16 *weight, __nv_bfloat16 *y, int columns, float epsilon) {
  __shared__ float parts[32];
  const __nv_bfloat16 *row = x + static_cast<size_t>(blockIdx.x) * columns;
  float sum = 0;
  for (int i = threadIdx.x * 2; i < columns; i += blockDim.x * 2) {
    float2 v = __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162 *>(row + i));
    sum += v.x * v.x + v.y * v.y;
  }
  for (int offset = 16; offset; offset /= 2)
    sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  if (threadIdx.x % 32 == 0)
    parts[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    float part = threadIdx.x < blockDim.x / 32 ? parts[threadIdx.x] : 0;
    for (int offset = 16; offset; offset /= 2)
      part += __shfl_xor_sync(0xffffffffu, part, offset);
    if (threadIdx.x == 0)
      parts[0] = part;
  }
  __syncthreads();
  float scale = rsqrtf(parts[0] / columns + epsilon);
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    y[static_cast<size_t>(blockIdx.x) * columns + i] =
        __float2bfloat16(__bfloat162float(row[i]) * scale * __bfloat162float(weight[i]));
}
