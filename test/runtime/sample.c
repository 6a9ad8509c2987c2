/* What a compiler would have made of a tiny model: y = 2*x + bias and e = exp(x) for x of [batch, 4], total =
 * sums of the rows of ids [batch, seq]. Some values of ids[0] make it fail on purpose. */
#include "runtime/abi/Abi.h"
#include <math.h>
#include <string.h>

enum { topkFunction, nonzeroCount, nonzeroFunction, scatterElements, scatterNd };

typedef struct Arguments {
  const float *x, *bias;
  float *y;
} Arguments;

static void twice(const void *args, uint8_t *scratch, int64_t lo, int64_t hi) {
  const Arguments *a = args;
  float *row = (float *)scratch;
  for (int64_t i = lo; i < hi; ++i) {
    memcpy(row, a->x + 4 * i, 4 * sizeof(float));
    for (int j = 0; j < 4; ++j)
      a->y[4 * i + j] = 2 * row[j] + a->bias[j];
  }
}

static int32_t breakOnPurpose(HoneRuntime *rt, int64_t *ids) {
  float target[4] = {0}, update = 1;
  int64_t index = 9;
  HoneTensorRef scatter[3] = {{target, {4}}, {&index, {1}}, {&update, {1}}};
  const int64_t params[5] = {0 /*f32*/, 7 /*i64*/, 1, 0, 0};
  switch (ids[0]) {
  case -1:
    return rt->fail(rt, "expected ids that are not negative", 1);
  case -2:
    return rt->alloc(rt, INT64_C(1) << 60) ? 0 : 1;
  case -3:
    return rt->library(rt, scatterElements, scatter, params, 2);
  case -4:
    return 7;
  default:
    return 0;
  }
}

__attribute__((visibility("default"))) int32_t hone_entry(HoneRuntime *rt, const HoneTensorRef *inputs,
                                                          HoneTensorRef *outputs) {
  int64_t batch = inputs[0].dims[0], seq = inputs[1].dims[1], *ids = inputs[1].data;
  int32_t status = batch && seq ? breakOnPurpose(rt, ids) : 0;
  if (status)
    return status;
  int64_t bytes = batch * 4 * (int64_t)sizeof(float);
  float *y = rt->output(rt, 0, bytes), *e = rt->output(rt, 1, bytes), *copy = rt->alloc(rt, bytes);
  int64_t *total = rt->output(rt, 2, batch * 8);
  if (!y || !e || !copy || !total)
    return 1;
  memcpy(copy, inputs[0].data, (size_t)bytes);
  Arguments args = {copy, (const float *)rt->weights, y};
  rt->dispatch(rt, twice, &args, batch, 2000, 16, 0);
  for (int64_t i = 0; i < batch * 4; ++i)
    e[i] = expf(copy[i]);
  rt->release(rt, copy);
  for (int64_t i = 0; i < batch; ++i) {
    total[i] = 0;
    for (int64_t j = 0; j < seq; ++j)
      total[i] += ids[i * seq + j];
  }
  outputs[0] = (HoneTensorRef){y, {batch, 4}};
  outputs[1] = (HoneTensorRef){e, {batch, 4}};
  outputs[2] = (HoneTensorRef){total, {batch}};
  return 0;
}
