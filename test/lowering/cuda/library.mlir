// Library ops work on the host: what they read is copied out, what they give to a kernel is copied in.
// RUN: hone-opt %s --hone-phase-partition --hone-phase-kernels --hone-phase-schedule | FileCheck %s
module attributes {hone.target = #hone.target<"x86-64-v3", "x86-64-v3", "+avx2,+fma", {vector_bits = 256 : i64}>,
                   hone.device_target = #hone.target<"sm_80", "sm_80", "+ptx85", {capability = 80 : i64, cuda = 1 : i64, sms = 108 : i64}>} {
// CHECK: exec.launch @g0_loops
// CHECK: exec.transfer %{{.*}} to %[[IN:[0-9]+]] call {{[0-9]+}} : memref<4x8xf32, 1> to memref<4x8xf32>
// CHECK: exec.library "topk"(%[[IN]], %[[VALUES:[0-9]+]], %{{[0-9]+}})
// CHECK: exec.transfer %[[VALUES]] to %[[THERE:[0-9]+]] call {{[0-9]+}} : memref<4x2xf32> to memref<4x2xf32, 1>
// CHECK: exec.launch @g{{.*}}_loops(%[[THERE]]
func.func @main(%x: tensor<4x8xf32> {hone.dims = [4, 8], hone.name = "x"}) -> (tensor<4x2xf32> {hone.name = "y"}) {
  %a = hone.relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %k = hone.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %v, %i = hone.topk %a, %k axis 1 : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x2xi64>)
  %y = hone.neg %v : (tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
}
