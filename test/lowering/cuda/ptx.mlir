// Kernels reach the file as PTX, each in a section of its own; their names, and what ptxas says, stand in the metadata.
// RUN: rm -rf %t && mkdir %t && hone-compile %s --target=x86-64-v3,sm_80,sm_90a -o %t/m.hone --save-temps=%t
// RUN: FileCheck %s < %t/g0_cuda_matmul.ptx
// RUN: llvm-readelf -SW %t/m.hone | FileCheck %s --check-prefix=SECTION
// RUN: hone-run %t/m.hone --inspect --json | FileCheck %s --check-prefix=META
// CHECK: .version 8.5
// CHECK: .target sm_80
// CHECK: .visible .entry g0_cuda_matmul(
// CHECK: .param .u64 .ptr .global .align 16
// CHECK: .reqntid 256
// CHECK: .minnctapersm 1
// CHECK: .shared .align 16 .b8 {{.*}}g0_cuda_matmul_left
// CHECK: bar.sync
// CHECK: fma.rn.f32
// SECTION: .hone.g0_cuda_matmul.ptx
// META: "family": "cuda_matmul"
func.func @main(%x: tensor<?x24xf32> {hone.dims = ["n", 24], hone.name = "x"}, %w: tensor<24x40xf32> {hone.dims = [24, 40], hone.name = "w"})
    -> (tensor<?x40xf32> {hone.name = "y"}) {
  %p = hone.matmul %x, %w : (tensor<?x24xf32>, tensor<24x40xf32>) -> tensor<?x40xf32>
  %y = hone.relu %p : (tensor<?x40xf32>) -> tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}
