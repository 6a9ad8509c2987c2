// What the device has no code for runs on the host, between planned transfers; the reason is a remark.
// RUN: hone-opt %s --hone-phase-partition --hone-phase-kernels --hone-phase-schedule --verify-diagnostics | FileCheck %s
module attributes {hone.target = #hone.target<"x86-64-v3", "x86-64-v3", "+avx2,+fma", {vector_bits = 256 : i64}>,
                   hone.device_target = #hone.target<"sm_80", "sm_80", "+ptx85", {capability = 80 : i64, cuda = 1 : i64, sms = 108 : i64}>} {
// CHECK: exec.dispatch @k0_loops
// CHECK-NOT: exec.launch
func.func @main(%x: tensor<4x8xf64> {hone.dims = [4, 8], hone.name = "x"}) -> (tensor<4x8xf64> {hone.name = "y"}) {
  // expected-remark @below {{runs on the host: erf of f64 has no device code}}
  %y = hone.erf %x : (tensor<4x8xf64>) -> tensor<4x8xf64>
  return %y : tensor<4x8xf64>
}
}
