// x * cos + rotate_half(x) * sin on split heads is one op on merged heads; nothing is reported as an error.
// RUN: hone-opt %s --hone-raise-rope --hone-simplify-movement --split-input-file 2>&1 | FileCheck %s

// CHECK-NOT: error
// CHECK-LABEL: func.func @main
// CHECK: hone.rope
// CHECK-SAME: heads = 4
// CHECK-SAME: tensor<?x?x64xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>
// CHECK-NOT: hone.neg
// Shown in the docs of hone-raise-rope.
func.func @main(%x: tensor<?x?x64xf32> {hone.dims = ["b", "s", 64]},
                %f: tensor<?x?x8xf32> {hone.dims = ["b", "s", 8]}) -> tensor<?x4x?x16xf32> {
  %heads = hone.constant dense<[0, 0, 4, 16]> : tensor<4xi64> : tensor<4xi64>
  %zero = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %one = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %mid = hone.constant dense<8> : tensor<1xi64> : tensor<1xi64>
  %end = hone.constant dense<9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %x4 = hone.reshape %x, %heads : (tensor<?x?x64xf32>, tensor<4xi64>) -> tensor<?x?x4x16xf32>
  %q = hone.transpose %x4 [0, 2, 1, 3] : (tensor<?x?x4x16xf32>) -> tensor<?x4x?x16xf32>
  %both = hone.concat %f, %f axis 2 : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x16xf32>
  %cos = hone.cos %both : (tensor<?x?x16xf32>) -> tensor<?x?x16xf32>
  %sin = hone.sin %both : (tensor<?x?x16xf32>) -> tensor<?x?x16xf32>
  %c = hone.unsqueeze %cos [1] : (tensor<?x?x16xf32>) -> tensor<?x1x?x16xf32>
  %s = hone.unsqueeze %sin [1] : (tensor<?x?x16xf32>) -> tensor<?x1x?x16xf32>
  %straight = hone.mul %q, %c : (tensor<?x4x?x16xf32>, tensor<?x1x?x16xf32>) -> tensor<?x4x?x16xf32>
  %first = hone.slice %q, %zero, %mid, %one [3] : (tensor<?x4x?x16xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4x?x8xf32>
  %second = hone.slice %q, %mid, %end, %one [3] : (tensor<?x4x?x16xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4x?x8xf32>
  %minus = hone.neg %second : (tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %half = hone.concat %minus, %first axis 3 : (tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x16xf32>
  %turned = hone.mul %half, %s : (tensor<?x4x?x16xf32>, tensor<?x1x?x16xf32>) -> tensor<?x4x?x16xf32>
  %y = hone.add %straight, %turned : (tensor<?x4x?x16xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %y : tensor<?x4x?x16xf32>
}
