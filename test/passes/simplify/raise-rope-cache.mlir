// Tables gathered from a cache by position, [B, 1, S, H], as exports of older models hold them; the turned part stands first.
// RUN: hone-opt %s --hone-raise-rope --hone-simplify-movement | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.rope
// CHECK-SAME: heads = 2
// CHECK-NOT: hone.neg
func.func @main(%q: tensor<?x2x?x8xf32> {hone.dims = ["b", 2, "s", 8]}, %f: tensor<128x4xf32>,
                %p: tensor<?x?xi64> {hone.dims = ["b", "s"]}) -> tensor<?x2x?x8xf32> {
  %zero = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %one = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %mid = hone.constant dense<4> : tensor<1xi64> : tensor<1xi64>
  %end = hone.constant dense<8> : tensor<1xi64> : tensor<1xi64>
  %both = hone.concat %f, %f axis 1 : (tensor<128x4xf32>, tensor<128x4xf32>) -> tensor<128x8xf32>
  %cos = hone.cos %both : (tensor<128x8xf32>) -> tensor<128x8xf32>
  %sin = hone.sin %both : (tensor<128x8xf32>) -> tensor<128x8xf32>
  %cg = hone.gather %cos, %p axis 0 : (tensor<128x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  %sg = hone.gather %sin, %p axis 0 : (tensor<128x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  %c = hone.unsqueeze %cg [1] : (tensor<?x?x8xf32>) -> tensor<?x1x?x8xf32>
  %s = hone.unsqueeze %sg [1] : (tensor<?x?x8xf32>) -> tensor<?x1x?x8xf32>
  %first = hone.slice %q, %zero, %mid, %one [3] : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %second = hone.slice %q, %mid, %end, %one [3] : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %minus = hone.neg %second : (tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %half = hone.concat %minus, %first axis 3 : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x8xf32>
  %turned = hone.mul %s, %half : (tensor<?x1x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %straight = hone.mul %c, %q : (tensor<?x1x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %y = hone.add %turned, %straight : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}
