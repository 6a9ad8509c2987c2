// Softmax of a row with its argmax: two block reductions in one buffer, which the second may only overwrite after a barrier.
extern "C" __global__ void softmax(const float *x, float *y, int *argmax, int columns) {
  __shared__ float values[8];
  __shared__ int places[8];
  const float *row = x + static_cast<size_t>(blockIdx.x) * columns;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  float best = -INFINITY;
  int at = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    if (row[i] > best) {
      best = row[i];
      at = i;
    }
  for (int offset = 16; offset; offset /= 2) {
    float other = __shfl_down_sync(0xffffffffu, best, offset);
    int place = __shfl_down_sync(0xffffffffu, at, offset);
    if (other > best || (other == best && place < at)) {
      best = other;
      at = place;
    }
  }
  if (lane == 0) {
    values[warp] = best;
    places[warp] = at;
  }
  __syncthreads();
  best = values[0];
  at = places[0];
  for (int i = 1; i < blockDim.x / 32; ++i)
    if (values[i] > best || (values[i] == best && places[i] < at)) {
      best = values[i];
      at = places[i];
    }
  float sum = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    sum += __expf(row[i] - best);
  for (int offset = 16; offset; offset /= 2)
    sum += __shfl_xor_sync(0xffffffffu, sum, offset);
  __syncthreads();
  if (lane == 0)
    values[warp] = sum;
  __syncthreads();
  sum = 0;
  for (int i = 0; i < blockDim.x / 32; ++i)
    sum += values[i];
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    y[static_cast<size_t>(blockIdx.x) * columns + i] = __expf(row[i] - best) / sum;
  if (threadIdx.x == 0)
    argmax[blockIdx.x] = at;
}
