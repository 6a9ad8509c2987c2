// A row gets a warp: its sums are taken out of the loop over the elements and shared by the lanes.
// RUN: hone-opt %s --hone-phase-partition --hone-phase-kernels --hone-phase-schedule | FileCheck %s
module attributes {hone.target = #hone.target<"x86-64-v3", "x86-64-v3", "+avx2,+fma", {vector_bits = 256 : i64}>,
                   hone.device_target = #hone.target<"sm_80", "sm_80", "+ptx85", {capability = 80 : i64, cuda = 1 : i64, sms = 108 : i64}>} {
// CHECK-LABEL: func.func @g0_cuda_rows
// CHECK: %[[LANE:.*]] = arith.remui %{{.*}}, %c32
// CHECK: scf.for
// CHECK: scf.for %{{.*}} = %[[LANE]] to %{{.*}} step %c32{{.*}} iter_args
// CHECK: arith.maximumf
// CHECK-COUNT-5: nvvm.shfl.sync  bfly
// CHECK: scf.for %{{.*}} = %[[LANE]] to %{{.*}} step %c32{{.*}} iter_args
// CHECK: arith.addf
// CHECK-COUNT-5: nvvm.shfl.sync  bfly
// CHECK: scf.for %{{.*}} = %[[LANE]] to %{{.*}} step %c32
// CHECK-NOT: iter_args
// CHECK: memref.store
func.func @main(%x: tensor<?x100xf32> {hone.dims = ["n", 100], hone.name = "x"}) -> (tensor<?x100xf32> {hone.name = "y"}) {
  %y = hone.softmax %x axis 1 : (tensor<?x100xf32>) -> tensor<?x100xf32>
  return %y : tensor<?x100xf32>
}
}
