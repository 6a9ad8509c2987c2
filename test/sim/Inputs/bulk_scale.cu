// y = 2 x by bulk copies: in through a transaction barrier, out after a proxy fence; the last write is waited for.
#include "tma.h"
extern "C" __global__ void bulk_scale(const float *x, float *y) {
  __shared__ __align__(16) float tile[256];
  __shared__ unsigned long long barrier;
  if (threadIdx.x == 0) {
    init(&barrier, 1);
    fence_init();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    expect(&barrier, 1024);
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(shared_address(tile)),
                 "l"(x + blockIdx.x * 256), "r"(1024), "r"(shared_address(&barrier)) : "memory");
  }
  wait(&barrier, 0);
  tile[threadIdx.x] *= 2;
  fence_proxy();
  __syncthreads();
  if (threadIdx.x == 0) {
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(y + blockIdx.x * 256), "r"(shared_address(tile)), "r"(1024) : "memory");
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
    asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
  }
}
