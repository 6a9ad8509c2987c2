// Sums of parts by several blocks in a fixed order: each block waits for its turn at a flag in global memory, adds, and passes it on.
extern "C" __global__ void split_k(const float *x, float *y, volatile int *turn, int columns, int parts) {
  int column = threadIdx.x, part = blockIdx.x;
  float sum = 0;
  for (int i = part; i < parts; i += gridDim.x)
    sum += x[i * columns + column];
  if (threadIdx.x == 0)
    while (*turn != part) {
    }
  __syncthreads();
  __threadfence();
  y[column] = (part ? y[column] : 0.0f) + sum;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0)
    *turn = part + 1;
}
