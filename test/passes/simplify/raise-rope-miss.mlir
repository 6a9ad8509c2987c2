// A rotation whose tables are not known to repeat their first half is left, and --explain says why.
// RUN: hone-opt %s --hone-raise-rope --verify-diagnostics | FileCheck %s

// CHECK-NOT: hone.rope
func.func @main(%q: tensor<?x2x?x8xf32> {hone.dims = ["b", 2, "s", 8]}, %c: tensor<?x1x?x8xf32> {hone.dims = ["b", 1, "s", 8]},
                %s: tensor<?x1x?x8xf32> {hone.dims = ["b", 1, "s", 8]}) -> tensor<?x2x?x8xf32> {
  %zero = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %one = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %mid = hone.constant dense<4> : tensor<1xi64> : tensor<1xi64>
  %end = hone.constant dense<8> : tensor<1xi64> : tensor<1xi64>
  %straight = hone.mul %q, %c : (tensor<?x2x?x8xf32>, tensor<?x1x?x8xf32>) -> tensor<?x2x?x8xf32>
  %first = hone.slice %q, %zero, %mid, %one [3] : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %second = hone.slice %q, %mid, %end, %one [3] : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %minus = hone.neg %second : (tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %half = hone.concat %minus, %first axis 3 : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x8xf32>
  %turned = hone.mul %half, %s : (tensor<?x2x?x8xf32>, tensor<?x1x?x8xf32>) -> tensor<?x2x?x8xf32>
  // expected-remark @+1 {{rope not raised: cos or sin isn't a doubled table of [batch, 1, sequence, size]}}
  %y = hone.add %straight, %turned : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}
