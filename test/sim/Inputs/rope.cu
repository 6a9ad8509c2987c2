// Rotary embedding with sincosf, whose slow path for large angles uses carries and local memory.
#include <cuda_fp16.h>
extern "C" __global__ void rope(__half *x, const int *positions, int heads, int half, float base) {
  int token = blockIdx.x;
  for (int i = threadIdx.x; i < heads * half; i += blockDim.x) {
    int head = i / half, d = i % half;
    float angle = positions[token] * powf(base, -static_cast<float>(d) / half), s, c;
    sincosf(angle, &s, &c);
    __half *at = x + (static_cast<size_t>(token) * heads + head) * 2 * half + d;
    float a = __half2float(at[0]), b = __half2float(at[half]);
    at[0] = __float2half(a * c - b * s);
    at[half] = __float2half(a * s + b * c);
  }
}
