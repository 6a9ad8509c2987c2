// GPT-2 as torch exports it: a causal condition in front of the softmax, the lowest number where it is false.
// RUN: hone-opt %s --hone-raise-attention --hone-simplify-movement | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: %[[M:.*]] = hone.select %arg3
// CHECK: "hone.attention"(%{{.*}}, %{{.*}}, %{{.*}}, %[[M]])
// CHECK-NOT: hone.softmax
func.func @main(%q: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]},
                %k: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "t", 16]},
                %v: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "t", 16]},
                %mask: tensor<1x1x?x?xi1> {hone.dims = [1, 1, "s", "t"]}) -> tensor<?x4x?x16xf32> {
  %root = hone.constant dense<4.0> : tensor<f32> : tensor<f32>
  %low = hone.constant dense<-3.40282347E+38> : tensor<f32> : tensor<f32>
  %kt = hone.transpose %k [0, 1, 3, 2] : (tensor<?x4x?x16xf32>) -> tensor<?x4x16x?xf32>
  %s = hone.matmul %q, %kt : (tensor<?x4x?x16xf32>, tensor<?x4x16x?xf32>) -> tensor<?x4x?x?xf32>
  %d = hone.div %s, %root : (tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %w = hone.select %mask, %d, %low : (tensor<1x1x?x?xi1>, tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %p = hone.softmax %w axis 3 : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %o = hone.matmul %p, %v : (tensor<?x4x?x?xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}
