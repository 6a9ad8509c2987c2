/* Opens a compiled model, runs it once on zeros (sizes that are free are the smallest allowed, at least 1),
 * and prints the outputs:   example model.hone */
#include "runtime/api/hone.h"
#include <stdio.h>
#include <stdlib.h>

static int fail(void) {
  fprintf(stderr, "error: %s\n", hone_error());
  return 1;
}

static void print(const HoneTensor *tensor) {
  int64_t count = 1;
  printf("%s %s [", tensor->name, hone_dtype_name(tensor->dtype));
  for (int i = 0; i < tensor->rank; ++i) {
    printf("%s%lld", i ? ", " : "", (long long)tensor->dims[i]);
    count *= tensor->dims[i];
  }
  printf("] =");
  for (int64_t i = 0; i < count && i < 8; ++i)
    printf(" %g", hone_element(tensor->dtype, tensor->data, i));
  printf("%s\n", count > 8 ? " ..." : "");
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s model.hone\n", argv[0]);
    return 1;
  }
  HoneModule *module;
  HoneContext *context;
  if (hone_module_open(argv[1], NULL, &module) != HONE_OK || hone_context_create(module, &context) != HONE_OK)
    return fail();

  size_t count = hone_module_input_count(module);
  HoneTensor *inputs = calloc(count, sizeof *inputs);
  for (size_t i = 0; i < count; ++i) {
    const HoneTensorInfo *info = hone_module_input(module, i);
    inputs[i] = (HoneTensor){.name = info->name, .dtype = info->dtype, .rank = info->rank};
    for (int d = 0; d < info->rank; ++d)
      inputs[i].dims[d] = info->dims[d].name && info->dims[d].min < 1 ? 1 : info->dims[d].min;
    inputs[i].data = calloc(1, (size_t)hone_tensor_bytes(&inputs[i]) + 1);
  }

  int result = 0;
  if (hone_run(context, inputs, count) != HONE_OK)
    result = fail();
  HoneTensor output;
  for (size_t i = 0; !result && i < hone_module_output_count(module); ++i) {
    if (hone_output(context, i, &output) != HONE_OK)
      result = fail();
    else
      print(&output);
  }

  for (size_t i = 0; i < count; ++i)
    free((void *)inputs[i].data);
  free(inputs);
  hone_context_destroy(context);
  hone_module_close(module);
  return result;
}
