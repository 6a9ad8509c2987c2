// Tokens of each expert, then their offsets: counts by atomics in shared and global memory; the last block to arrive sums up.
extern "C" __global__ void moe_count(const int *experts, unsigned *counts, unsigned *offsets, unsigned *arrived, int tokens, int total) {
  extern __shared__ unsigned mine[];
  __shared__ bool last;
  for (int i = threadIdx.x; i < total; i += blockDim.x)
    mine[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < tokens; i += gridDim.x * blockDim.x)
    atomicAdd(&mine[experts[i]], 1u);
  __syncthreads();
  for (int i = threadIdx.x; i < total; i += blockDim.x)
    atomicAdd(&counts[i], mine[i]);
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0)
    last = atomicAdd(arrived, 1u) == gridDim.x - 1;
  __syncthreads();
  if (!last)
    return;
  __threadfence();
  if (threadIdx.x == 0) {
    unsigned sum = 0;
    for (int i = 0; i < total; ++i) {
      offsets[i] = sum;
      sum += counts[i];
    }
  }
}
