// A file for GPUs on the simulator: it runs, says what it runs on, and leaves the host's limit out of its times; what can't be is one line.
// RUN: hone-compile %s --target=x86-64-v3,sm_80 -o %t.hone
// RUN: hone-run %t.hone --random-inputs --dim n=3 --device=sim --check=all --verbose 2>&1 | FileCheck %s
// RUN: hone-run %t.hone --random-inputs --dim n=3 --device=sim:sm_90 --bench --reps=2 --warmup=1 --json | FileCheck %s --check-prefix=BENCH
// RUN: not hone-run %t.hone --random-inputs --dim n=3 --device=sim:sm_75 2>&1 | FileCheck %s --check-prefix=OLD
// RUN: not hone-run %t.hone --random-inputs --dim n=3 --device=host 2>&1 | FileCheck %s --check-prefix=HOST
// RUN: not hone-run %t.hone --random-inputs --dim n=3 --device=tpu 2>&1 | FileCheck %s --check-prefix=TPU
// RUN: not hone-run %t.hone --random-inputs --dim n=300 --device=sim:sm_80,memory=1000 2>&1 | FileCheck %s --check-prefix=FULL
// CHECK: note: sim:sm_80: PTX
// CHECK: y: f32 [3,8]
// BENCH-NOT: "limit"
// BENCH: "device": "sim:sm_90: PTX"
// OLD: error: {{.*}}kernel 'g0_loops': {{.*}}the code is for sm_80, the device is sim:sm_75
// HOST: error: {{.*}}has kernels for sm_80 only: compile it with --target=host
// TPU: error: {{.*}}device 'tpu' does not exist; devices: host cuda[:N] sim[:sm_80]
// FULL: error: {{.*}}out of memory: asked for 9600 bytes, 1000 of 1000 are free
func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
  %y = hone.silu %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
