// y = W x in 8 bits by dp4a; the lanes' sums go through redux.
extern "C" __global__ void gemv_int8(const int *weights, const int *x, int *y, int words) {
  int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x % 32, sum = 0;
  for (int i = lane; i < words; i += 32)
    sum = __dp4a(weights[row * words + i], x[i], sum);
  sum = __reduce_add_sync(0xffffffffu, sum);
  if (lane == 0)
    y[row] = sum;
}
