// A guard that replaces NaN by another number than 0 is no attention.
// RUN: hone-opt %s --hone-raise-attention --hone-simplify-movement | FileCheck %s

// CHECK-NOT: hone.attention
// CHECK: hone.is_nan
// CHECK-NOT: hone.attention
func.func @main(%q: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]},
                %k: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "t", 16]},
                %v: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "t", 16]}) -> tensor<?x4x?x16xf32> {
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %kt = hone.transpose %k [0, 1, 3, 2] : (tensor<?x4x?x16xf32>) -> tensor<?x4x16x?xf32>
  %s = hone.matmul %q, %kt : (tensor<?x4x?x16xf32>, tensor<?x4x16x?xf32>) -> tensor<?x4x?x?xf32>
  %p = hone.softmax %s axis 3 : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %n = hone.is_nan %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %g = hone.select %n, %one, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %o = hone.matmul %g, %v : (tensor<?x4x?x?xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}
