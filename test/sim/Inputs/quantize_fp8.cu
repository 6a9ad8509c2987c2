// Rows in fp8 with a scale each: the largest magnitude by shuffles, then conversions in pairs.
#include <cuda_fp8.h>
extern "C" __global__ void quantize_fp8(const float *x, __nv_fp8_e4m3 *y, float *scales, int columns) {
  int row = blockIdx.x;
  float most = 0;
  for (int i = threadIdx.x; i < columns; i += 32)
    most = fmaxf(most, fabsf(x[row * columns + i]));
  for (int offset = 16; offset; offset /= 2)
    most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, offset));
  float scale = most / 448.0f;
  for (int i = threadIdx.x; i < columns; i += 32)
    y[row * columns + i] = __nv_fp8_e4m3(x[row * columns + i] / scale);
  if (threadIdx.x == 0)
    scales[row] = scale;
}
