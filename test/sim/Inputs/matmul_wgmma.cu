// C = A B^T on Hopper: a producer thread fills a ring of two stages by TMA with 128-byte swizzle, one warpgroup multiplies 64x128 tiles
// by wgmma and releases a stage when it has waited for the ops that read it.
#include "tma.h"
#include <cuda_fp16.h>
struct __align__(64) Map {
  unsigned char bytes[128];
};
static __device__ void load(void *to, const Map *map, int column, int row, void *barrier) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(shared_address(to)),
               "l"(map), "r"(column), "r"(row), "r"(shared_address(barrier)) : "memory");
}
static __device__ unsigned long long descriptor(const void *tile) {
  unsigned long long start = shared_address(tile) >> 4 & 0x3fff;
  return 1ull << 62 | 64ull << 32 | 1ull << 16 | start;
}
static __device__ void multiply(float (&d)[64], unsigned long long a, unsigned long long b) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
               "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
               "%64, %65, 1, 1, 1, 0, 0;"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
               : "l"(a), "l"(b));
}
static __device__ void wait_all(float (&d)[64]) {
  asm volatile("wgmma.wait_group.sync.aligned 0;" : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]) : : "memory");
}

extern "C" __global__ void __launch_bounds__(160) matmul_wgmma(const __grid_constant__ Map a, const __grid_constant__ Map b, float *c, int n, int k) {
  extern __shared__ __align__(1024) unsigned char tiles[];
  __shared__ unsigned long long full[2], empty[2];
  constexpr int stage = 64 * 128 + 128 * 128;
  if (threadIdx.x == 0) {
    for (int i = 0; i < 2; ++i) {
      init(&full[i], 1);
      init(&empty[i], 128);
    }
    fence_init();
  }
  __syncthreads();
  if (threadIdx.x >= 128) {
    if (threadIdx.x == 128)
      for (int at = 0; at < k / 64; ++at) {
        wait(&empty[at % 2], (at / 2 + 1) % 2);
        expect(&full[at % 2], stage);
        load(tiles + at % 2 * stage, &a, at * 64, blockIdx.y * 64, &full[at % 2]);
        load(tiles + at % 2 * stage + 64 * 128, &b, at * 64, blockIdx.x * 128, &full[at % 2]);
      }
    return;
  }
  float d[64] = {};
  for (int at = 0; at < k / 64; ++at) {
    wait(&full[at % 2], at / 2 % 2);
    unsigned long long left = descriptor(tiles + at % 2 * stage), right = descriptor(tiles + at % 2 * stage + 64 * 128);
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
    for (int i = 0; i < 4; ++i)
      multiply(d, left + 2 * i, right + 2 * i);
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    wait_all(d);
    arrive(&empty[at % 2]);
  }
  int row = blockIdx.y * 64 + threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = blockIdx.x * 128 + threadIdx.x % 4 * 2;
#pragma unroll
  for (int i = 0; i < 64; i += 2)
    *reinterpret_cast<float2 *>(c + static_cast<size_t>(row + i / 2 % 2 * 8) * n + column + i / 4 * 8) = make_float2(d[i], d[i + 1]);
}
