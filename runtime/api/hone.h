/* Runs files made by hone-compile. Plain C; link with libHoneRuntime, -lpthread -ldl -lm and -lstdc++.
 *
 * Threads: a module may be used by any number of threads at once. A context runs one thing at a time; make
 * one for each thread. Everything else of a context is called from the thread that runs it.
 * Errors: functions that can fail return a HoneStatus; hone_error() then says why in one line. Nothing
 * aborts, exits or prints.
 * Names: a pointer to text or to a HoneTensorInfo lives as long as its module.
 */
#ifndef HONE_RUNTIME_API_HONE_H
#define HONE_RUNTIME_API_HONE_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#ifndef HONE_MAX_RANK
#define HONE_MAX_RANK 8
#endif

/* HONE_F32, HONE_I64, ...: one for each row of runtime/abi/DType.def. HONE_Bool is a byte of 0 or 1;
 * HONE_I4 and HONE_U4 are packed two a byte, low bits first. */
typedef enum HoneDType {
#define HONE_DTYPE(id, name, bits, npy) HONE_##id,
#include "runtime/abi/DType.def"
} HoneDType;

typedef enum HoneStatus {
  HONE_OK = 0,
  HONE_INVALID = 1,  /* the file, an argument or an input is at fault, or memory ran out */
  HONE_INTERNAL = 70 /* a bug of Hone */
} HoneStatus;

typedef struct HoneModule HoneModule;
typedef struct HoneContext HoneContext;

/* Zero-initialise, then set what is wanted. */
typedef struct HoneModuleOptions {
  int threads; /* of each context, the caller included; 0: one for each core the process may use */
  int pin; /* not 0: thread i (the caller is 0) stays on the i-th allowed core; for one context a process */
  int skip_verification; /* not 0: do not compare the checksums of code and weights */
  const char *device;    /* "host", "cuda", "cuda:1", "sim:sm_80"; null: what the file is made for */
  const char *check;     /* of the simulator: "bounds,races", "all"; null: its default */
} HoneModuleOptions;

/* A dimension. Fixed: name is null, min == max == the size. Else min <= size <= max (INT64_MAX: no bound);
 * equal names mean equal sizes. A name may be an expression of other names, or "" when
 * the model gave none. */
typedef struct HoneDimInfo {
  const char *name;
  int64_t min, max;
} HoneDimInfo;

typedef struct HoneTensorInfo {
  const char *name;
  HoneDType dtype;
  int rank;
  const HoneDimInfo *dims;
} HoneTensorInfo;

/* A dense row-major tensor. `data` is aligned to its element size at least; it is not written to. */
typedef struct HoneTensor {
  const char *name;
  HoneDType dtype;
  int rank; /* 0 .. HONE_MAX_RANK */
  int64_t dims[HONE_MAX_RANK];
  const void *data;
} HoneTensor;

/* A dispatch of the last run: row of "calls" in the metadata, ns since the run began. */
typedef struct HoneSlice {
  int32_t call;
  int64_t start_ns, end_ns;
} HoneSlice;

typedef struct HoneStats {
  uint64_t arena_bytes;     /* working memory asked of the system */
  uint64_t arena_peak;      /* the most of it in use at once */
  uint64_t memory_requests; /* how often the system was asked for memory: constant after warm-up */
} HoneStats;

/* "0.1.0" */
const char *hone_version(void);
/* Why the last failed call of this thread failed; "" when none has. Valid until the next call that fails. */
const char *hone_error(void);
/* "f32"; null when `dtype` is no element type. */
const char *hone_dtype_name(HoneDType dtype);
/* Bytes of the tensor's elements; -1 when its dtype, rank or dims are impossible. */
int64_t hone_tensor_bytes(const HoneTensor *tensor);
/* Element `index` of a dense tensor's data, of any element type, as a double (i64 beyond 2^53 is rounded),
 * and the reverse: floats are rounded to nearest even, integers cut to their range. For printing and tests;
 * not fast. */
double hone_element(HoneDType dtype, const void *data, int64_t index);
void hone_set_element(HoneDType dtype, void *data, int64_t index, double value);

/* Opens a .hone file: checks its format, sizes and checksums and that this CPU can run it, maps the weights
 * (no copy) and loads the code. `options` may be null. *module is null on failure. */
HoneStatus hone_module_open(const char *path, const HoneModuleOptions *options, HoneModule **module);
/* Null is ignored. Contexts made from it keep what they need. */
void hone_module_close(HoneModule *module);
size_t hone_module_input_count(const HoneModule *module);
size_t hone_module_output_count(const HoneModule *module);
/* Null when there is no such index. */
const HoneTensorInfo *hone_module_input(const HoneModule *module, size_t index);
const HoneTensorInfo *hone_module_output(const HoneModule *module, size_t index);
/* The file's description of itself, JSON as in docs/artifact.md. */
const char *hone_module_metadata(const HoneModule *module);

/* The device that runs it and which code of the file it takes, in one line; "host" for the host. Devices are
 * opened with the first context. */
const char *hone_module_device(const HoneModule *module);

HoneStatus hone_context_create(HoneModule *module, HoneContext **context);
void hone_context_destroy(HoneContext *context);
/* Runs the model. `inputs` are in any order and are found by name; each input is given once. The
 * data is only read during the call. An output of this context's last run may be given as an input, without a
 * copy. */
HoneStatus hone_run(HoneContext *context, const HoneTensor *inputs, size_t count);
/* Output `index` of the last run. Its data is valid until the next run of the context. */
HoneStatus hone_output(const HoneContext *context, size_t index, HoneTensor *output);

/* Measures each dispatch of the runs that follow. */
void hone_context_profile(HoneContext *context, int on);
/* The slices of the last run; valid until the next one. */
const HoneSlice *hone_context_slices(const HoneContext *context, size_t *count);
void hone_context_stats(const HoneContext *context, HoneStats *stats);

#ifdef __cplusplus
}
#endif
#endif
