// A PTX version that a chip is not part of is refused before LLVM is asked, which would end the process.
// RUN: not hone-compile %s -o %t.hone 2>&1 | FileCheck %s
// CHECK: error: {{.*}}PTX 6.0 for sm_90a: expected 8.0 to 9.0
module attributes {hone.device_target = #hone.target<"sm_90a", "sm_90a", "+ptx60", {capability = 90 : i64, cuda = 1 : i64, sms = 132 : i64}>} {
func.func @main(%x: tensor<4xf32> {hone.dims = [4], hone.name = "x"}) -> (tensor<4xf32> {hone.name = "y"}) {
  %y = hone.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
}
