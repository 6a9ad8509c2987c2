// FlashAttention-2 form: 64 queries a block by four warps, keys in tiles of 64 through cp.async, causal with the queries at the end.
#include <cuda_fp16.h>
static __device__ unsigned shared_address(const void *p) { return static_cast<unsigned>(__cvta_generic_to_shared(p)); }
static __device__ void copy16(unsigned to, const void *from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
static __device__ void load4(unsigned (&r)[4], unsigned from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(from) : "memory");
}
static __device__ void load4t(unsigned (&r)[4], unsigned from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(from) : "memory");
}
static __device__ void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
static __device__ unsigned pack(float a, float b) {
  __half2 h = __floats2half2_rn(a, b);
  return *reinterpret_cast<unsigned *>(&h);
}
static __device__ unsigned place(int row, int chunk) { return row * 128 + (chunk ^ row % 8) * 16; }

extern "C" __global__ void __launch_bounds__(128) attention(const __half *q, const __half *k, const __half *v, float *o, int queries, int keys) {
  __shared__ __align__(128) unsigned char tiles[3][64 * 128];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  auto fetch = [&](int which, const __half *from) {
    for (int i = threadIdx.x; i < 512; i += 128)
      copy16(shared_address(tiles[which]) + place(i / 8, i % 8), from + i / 8 * 64 + i % 8 * 8);
    asm volatile("cp.async.commit_group;" ::: "memory");
  };
  fetch(0, q + static_cast<size_t>(blockIdx.x) * 64 * 64);
  asm volatile("cp.async.wait_group 0;" ::: "memory");
  __syncthreads();
  unsigned fq[4][4];
  for (int i = 0; i < 4; ++i)
    load4(fq[i], shared_address(tiles[0]) + place(warp * 16 + lane % 16, i * 2 + lane / 16));
  float out[8][4] = {}, most[2] = {-1e30f, -1e30f}, sum[2] = {};
  int row = blockIdx.x * 64 + warp * 16 + lane / 4 + keys - queries;
  for (int at = 0; at < keys; at += 64) {
    fetch(1, k + static_cast<size_t>(at) * 64);
    fetch(2, v + static_cast<size_t>(at) * 64);
    asm volatile("cp.async.wait_group 1;" ::: "memory");
    __syncthreads();
    float s[8][4] = {};
#pragma unroll
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) {
        unsigned fk[4];
        load4(fk, shared_address(tiles[1]) + place(j * 16 + lane % 8 + lane / 16 * 8, i * 2 + lane / 8 % 2));
        mma(s[2 * j], fq[i], fk[0], fk[1]);
        mma(s[2 * j + 1], fq[i], fk[2], fk[3]);
      }
    float next[2] = {most[0], most[1]};
    for (int j = 0; j < 8; ++j)
      for (int e = 0; e < 4; ++e) {
        s[j][e] = at + j * 8 + lane % 4 * 2 + e % 2 > row + e / 2 * 8 ? -1e30f : s[j][e] * 0.125f;
        next[e / 2] = fmaxf(next[e / 2], s[j][e]);
      }
    for (int h = 0; h < 2; ++h) {
      next[h] = fmaxf(next[h], __shfl_xor_sync(0xffffffffu, next[h], 1));
      next[h] = fmaxf(next[h], __shfl_xor_sync(0xffffffffu, next[h], 2));
      float scale = __expf(most[h] - next[h]);
      sum[h] *= scale;
      for (int j = 0; j < 8; ++j) {
        out[j][2 * h] *= scale;
        out[j][2 * h + 1] *= scale;
      }
      most[h] = next[h];
    }
    for (int j = 0; j < 8; ++j)
      for (int e = 0; e < 4; ++e) {
        s[j][e] = __expf(s[j][e] - most[e / 2]);
        sum[e / 2] += s[j][e];
      }
    asm volatile("cp.async.wait_group 0;" ::: "memory");
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      unsigned fp[4] = {pack(s[2 * i][0], s[2 * i][1]), pack(s[2 * i][2], s[2 * i][3]), pack(s[2 * i + 1][0], s[2 * i + 1][1]), pack(s[2 * i + 1][2], s[2 * i + 1][3])};
      for (int j = 0; j < 4; ++j) {
        unsigned fv[4];
        load4t(fv, shared_address(tiles[2]) + place(i * 16 + lane % 16, j * 2 + lane / 16));
        mma(out[2 * j], fp, fv[0], fv[1]);
        mma(out[2 * j + 1], fp, fv[2], fv[3]);
      }
    }
    __syncthreads();
  }
  for (int h = 0; h < 2; ++h) {
    sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 1);
    sum[h] += __shfl_xor_sync(0xffffffffu, sum[h], 2);
    for (int j = 0; j < 8; ++j)
      *reinterpret_cast<float2 *>(o + (static_cast<size_t>(blockIdx.x) * 64 + warp * 16 + lane / 4 + h * 8) * 64 + j * 8 + lane % 4 * 2) =
          make_float2(out[j][2 * h] / sum[h], out[j][2 * h + 1] / sum[h]);
  }
}
