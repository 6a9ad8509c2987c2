// The sum of a vector by a cluster: every block adds its part into rank 0's shared memory, which writes the total.
extern "C" __global__ void __cluster_dims__(2, 1, 1) cluster_sum(const float *x, float *y, int n) {
  __shared__ float total, parts[4];
  unsigned rank, zero = static_cast<unsigned>(__cvta_generic_to_shared(&total)), remote;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  float sum = 0;
  for (int i = rank * blockDim.x + threadIdx.x; i < n; i += 2 * blockDim.x)
    sum += x[i];
  for (int offset = 16; offset; offset /= 2)
    sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  if (threadIdx.x % 32 == 0)
    parts[threadIdx.x / 32] = sum;
  if (threadIdx.x == 0)
    total = 0;
  asm volatile("barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;" ::: "memory");
  if (threadIdx.x == 0) {
    sum = parts[0] + parts[1] + parts[2] + parts[3];
    asm volatile("mapa.shared::cluster.u32 %0, %1, 0;" : "=r"(remote) : "r"(zero));
    asm volatile("red.relaxed.cluster.shared::cluster.add.f32 [%0], %1;" ::"r"(remote), "f"(sum) : "memory");
  }
  asm volatile("barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;" ::: "memory");
  if (rank == 0 && threadIdx.x == 0)
    *y = total;
}
