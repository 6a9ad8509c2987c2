// C = A B^T, f16 in and f32 out: tiles of 64x64x32 by four warps, cp.async in two stages, ldmatrix from swizzled rows, mma.sync.
#include <cuda_fp16.h>
static __device__ unsigned shared_address(const void *p) { return static_cast<unsigned>(__cvta_generic_to_shared(p)); }
static __device__ void copy16(unsigned to, const void *from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
static __device__ void load4(unsigned (&r)[4], unsigned from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(from) : "memory");
}
static __device__ void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
// Rows of 32 halves are four chunks of 16 bytes; chunk c of row r lies at c ^ (r / 2 % 4).
static __device__ unsigned place(int row, int chunk) { return row * 64 + (chunk ^ (row / 2 % 4)) * 16; }

extern "C" __global__ void __launch_bounds__(128) matmul_f16(const __half *a, const __half *b, float *c, int n, int k) {
  __shared__ __align__(128) unsigned char tiles[2][2][64 * 64];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32, row0 = warp / 2 * 32, column0 = warp % 2 * 32;
  const __half *rows = a + static_cast<size_t>(blockIdx.y) * 64 * k, *columns = b + static_cast<size_t>(blockIdx.x) * 64 * k;
  auto fetch = [&](int stage, int at) {
    for (int i = threadIdx.x; i < 256; i += 128) {
      copy16(shared_address(tiles[stage][0]) + place(i / 4, i % 4), rows + static_cast<size_t>(i / 4) * k + at + i % 4 * 8);
      copy16(shared_address(tiles[stage][1]) + place(i / 4, i % 4), columns + static_cast<size_t>(i / 4) * k + at + i % 4 * 8);
    }
    asm volatile("cp.async.commit_group;" ::: "memory");
  };
  float sum[2][4][4] = {};
  fetch(0, 0);
  for (int at = 0, stage = 0; at < k; at += 32, stage ^= 1) {
    if (at + 32 < k) {
      fetch(stage ^ 1, at + 32);
      asm volatile("cp.async.wait_group 1;" ::: "memory");
    } else {
      asm volatile("cp.async.wait_group 0;" ::: "memory");
    }
    __syncthreads();
    unsigned left = shared_address(tiles[stage][0]), right = shared_address(tiles[stage][1]);
#pragma unroll
    for (int step = 0; step < 2; ++step) {
      unsigned fa[2][4], fb[2][4];
      for (int i = 0; i < 2; ++i)
        load4(fa[i], left + place(row0 + i * 16 + lane % 16, step * 2 + lane / 16));
      for (int i = 0; i < 2; ++i)
        load4(fb[i], right + place(column0 + i * 16 + lane % 8 + lane / 16 * 8, step * 2 + lane / 8 % 2));
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 4; ++j)
          mma(sum[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
    }
    __syncthreads();
  }
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 4; ++j) {
      int row = blockIdx.y * 64 + row0 + i * 16 + lane / 4, column = blockIdx.x * 64 + column0 + j * 8 + lane % 4 * 2;
      *reinterpret_cast<float2 *>(c + static_cast<size_t>(row) * n + column) = make_float2(sum[i][j][0], sum[i][j][1]);
      *reinterpret_cast<float2 *>(c + static_cast<size_t>(row + 8) * n + column) = make_float2(sum[i][j][2], sum[i][j][3]);
    }
}
