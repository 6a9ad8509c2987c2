// y = W x with W in 4 bits, groups of 32 with an f16 scale: one warp a row, 8 weights a word.
#include <cuda_fp16.h>
extern "C" __global__ void gemv_q4(const unsigned *weights, const __half *scales, const __half *x, float *y, int columns, int rows) {
  int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (row >= rows)
    return;
  float sum = 0;
  for (int word = lane; word < columns / 8; word += 32) {
    unsigned packed = weights[static_cast<size_t>(row) * (columns / 8) + word];
    float scale = __half2float(scales[static_cast<size_t>(row) * (columns / 32) + word / 4]), part = 0;
    uint4 eight = *reinterpret_cast<const uint4 *>(x + word * 8);
    const __half *values = reinterpret_cast<const __half *>(&eight);
#pragma unroll
    for (int i = 0; i < 8; ++i)
      part += (static_cast<int>(packed >> (4 * i) & 15) - 8) * __half2float(values[i]);
    sum += part * scale;
  }
  for (int offset = 16; offset; offset /= 2)
    sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  if (lane == 0)
    y[row] = sum;
}
