// The contract between generated host code and the runtime, in plain C. An artifact
// exports `hone_entry`; it gets everything else through HoneRuntime, so it has no
// undefined symbols but libc's and libm's. Any change here raises HONE_ABI_VERSION.
#ifndef HONE_RUNTIME_ABI_ABI_H
#define HONE_RUNTIME_ABI_ABI_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define HONE_ABI_VERSION 3
#define HONE_MAX_RANK 8
#define HONE_ENTRY_SYMBOL "hone_entry"
#define HONE_DEVICE_CODE_SYMBOL "hone_device_code"

// A dense row-major tensor. Elements of 4 bits are packed two a byte, low bits first.
typedef struct HoneTensorRef {
  void *data;
  int64_t dims[HONE_MAX_RANK];
} HoneTensorRef;

// One kernel, run for the units [lo, hi). `args` points to the kernel's argument block,
// `scratch` to memory that only this worker uses (64-byte aligned, may be null for 0 bytes).
typedef void (*HoneKernel)(const void *args, uint8_t *scratch, int64_t lo, int64_t hi);

// Code of one kernel for a device. A file with such kernels exports an array of these as `hone_device_code`;
// the last one has no name.
typedef struct HoneDeviceCode {
  const char *kernel, *chip; // chip: "ptx", or what a cubin is for ("sm_80")
  int64_t number;            // of the kernel, as launches name it
  const void *code;
  uint64_t size;
} HoneDeviceCode;

// A matrix in the memory of the device, of which a kernel copies boxes of `boxLines` lines and 128 bytes,
// swizzled by 128 bytes. Lines lie behind each other.
typedef struct HoneMatrix {
  const void *data;
  int64_t lines, lineLength, elementBytes, boxLines;
} HoneMatrix;

// How a kernel of the device is started: arguments[i] points to the value of its parameter i. The last
// `matrixCount` point nowhere: they are for the tensor maps of `matrices`, which the runtime makes.
typedef struct HoneLaunch {
  int64_t kernel, grid[3], threads, sharedBytes;
  void **arguments;
  const HoneMatrix *matrices;
  int64_t matrixCount, argumentCount;
} HoneLaunch;

// Where a transfer goes.
#define HONE_TO_DEVICE 0
#define HONE_FROM_DEVICE 1

typedef struct HoneRuntime HoneRuntime;
struct HoneRuntime {
  uint32_t abiVersion;
  uint32_t threads;
  const uint8_t *weights; // start of the mapped weight segment
  // Memory of this run's arena, 64-byte aligned; null when it can't be had (the runtime keeps the message).
  void *(*alloc)(HoneRuntime *, int64_t bytes);
  void (*release)(HoneRuntime *, void *);
  // Memory for output `index`, kept until the next run; null when it can't be had.
  void *(*output)(HoneRuntime *, int32_t index, int64_t bytes);
  // Runs `kernel` over [0, units), split over the workers when it pays. `cost`: estimated nanoseconds a unit.
  // `op` is the row of the artifact's kernel-call table ("calls" in its metadata): for profiles and messages.
  void (*dispatch)(HoneRuntime *, HoneKernel kernel, const void *args, int64_t units, int64_t cost,
                   int64_t scratchBytes, int32_t op);
  // Library function `function` (runtime/abi/Library.def) on `tensors`; `params` are its integers. 0 = ok.
  int32_t (*library)(HoneRuntime *, int32_t function, HoneTensorRef *tensors, const int64_t *params,
                     int32_t op);
  // Records why this run fails; generated code then returns what this returns (never 0).
  int32_t (*fail)(HoneRuntime *, const char *message, int32_t op);

  // The device, for files with kernels of a device. Its addresses are not the host's: only kernels read them.
  void *deviceWeights; // the weights that kernels of the device read, at their offsets in the segment
  void *(*deviceAlloc)(HoneRuntime *, int64_t bytes); // as alloc, aligned to 256 bytes
  void (*deviceRelease)(HoneRuntime *, void *);
  // Copies `bytes` to or from the device. 0 = ok; kernels in front may have failed.
  int32_t (*transfer)(HoneRuntime *, void *to, const void *from, int64_t bytes, int32_t direction,
                      int32_t op);
  int32_t (*launch)(HoneRuntime *, const HoneLaunch *, int32_t op); // 0 = ok
};

// Runs the model. 0 = ok; else the runtime holds the message. `inputs` are complete and agree with the
// signature; the callee fills data and dims of `outputs`.
typedef int32_t (*HoneEntry)(HoneRuntime *, const HoneTensorRef *inputs, HoneTensorRef *outputs);

#ifdef __cplusplus
}
#endif
#endif
