// RUN: hone-opt %s --hone-raise-attention --hone-simplify-movement --split-input-file | FileCheck %s

// The heads' movement of the model cancels with the op's.
// CHECK-LABEL: func.func @main
// CHECK-NOT: hone.transpose
// CHECK: "hone.attention"(%arg0, %arg1, %arg2, %arg3)
// CHECK-SAME: heads = 12
// CHECK-SAME: scale = 0.176776
// CHECK-NOT: hone.softmax
// Shown in the docs of hone-raise-attention.
func.func @main(%q: tensor<?x?x384xf32> {hone.dims = ["b", "s", 384]}, %k: tensor<?x?x384xf32> {hone.dims = ["b", "s", 384]},
                %v: tensor<?x?x384xf32> {hone.dims = ["b", "s", 384]}, %mask: tensor<?x1x1x?xf32> {hone.dims = ["b", 1, 1, "s"]}) -> tensor<?x?x384xf32> {
  %heads = hone.constant dense<[0, 0, 12, 32]> : tensor<4xi64> : tensor<4xi64>
  %flat = hone.constant dense<[0, 0, 384]> : tensor<3xi64> : tensor<3xi64>
  %root = hone.constant dense<5.65685415> : tensor<f32> : tensor<f32>
  %q4 = hone.reshape %q, %heads : (tensor<?x?x384xf32>, tensor<4xi64>) -> tensor<?x?x12x32xf32>
  %k4 = hone.reshape %k, %heads : (tensor<?x?x384xf32>, tensor<4xi64>) -> tensor<?x?x12x32xf32>
  %v4 = hone.reshape %v, %heads : (tensor<?x?x384xf32>, tensor<4xi64>) -> tensor<?x?x12x32xf32>
  %qt = hone.transpose %q4 [0, 2, 1, 3] : (tensor<?x?x12x32xf32>) -> tensor<?x12x?x32xf32>
  %kt = hone.transpose %k4 [0, 2, 3, 1] : (tensor<?x?x12x32xf32>) -> tensor<?x12x32x?xf32>
  %vt = hone.transpose %v4 [0, 2, 1, 3] : (tensor<?x?x12x32xf32>) -> tensor<?x12x?x32xf32>
  %s = hone.matmul %qt, %kt : (tensor<?x12x?x32xf32>, tensor<?x12x32x?xf32>) -> tensor<?x12x?x?xf32>
  %d = hone.div %s, %root : (tensor<?x12x?x?xf32>, tensor<f32>) -> tensor<?x12x?x?xf32>
  %a = hone.add %d, %mask : (tensor<?x12x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x12x?x?xf32>
  %p = hone.softmax %a axis 3 : (tensor<?x12x?x?xf32>) -> tensor<?x12x?x?xf32>
  %o = hone.matmul %p, %vt : (tensor<?x12x?x?xf32>, tensor<?x12x?x32xf32>) -> tensor<?x12x?x32xf32>
  %ot = hone.transpose %o [0, 2, 1, 3] : (tensor<?x12x?x32xf32>) -> tensor<?x?x12x32xf32>
  %y = hone.reshape %ot, %flat : (tensor<?x?x12x32xf32>, tensor<3xi64>) -> tensor<?x?x384xf32>
  return %y : tensor<?x?x384xf32>
}

// -----

// Scores that a condition keeps, with a bias in front of it: both masks become one that is added.
// CHECK-LABEL: func.func @main
// CHECK: %[[M:.*]] = hone.select %arg4, %arg3, %{{.*}} :
// CHECK: "hone.attention"(%{{.*}}, %{{.*}}, %{{.*}}, %[[M]])
// CHECK-NOT: hone.softmax
func.func @main(%q: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]}, %k: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]},
                %v: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]}, %bias: tensor<1x4x?x?xf32> {hone.dims = [1, 4, "s", "s"]},
                %keep: tensor<?x1x1x?xi1> {hone.dims = ["b", 1, 1, "s"]}) -> tensor<?x4x?x16xf32> {
  %low = hone.constant dense<-3.40282347E+38> : tensor<f32> : tensor<f32>
  %kt = hone.transpose %k [0, 1, 3, 2] : (tensor<?x4x?x16xf32>) -> tensor<?x4x16x?xf32>
  %s = hone.matmul %q, %kt : (tensor<?x4x?x16xf32>, tensor<?x4x16x?xf32>) -> tensor<?x4x?x?xf32>
  %a = hone.add %s, %bias : (tensor<?x4x?x?xf32>, tensor<1x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %m = hone.select %keep, %a, %low : (tensor<?x1x1x?xi1>, tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %p = hone.softmax %m axis 3 : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %o = hone.matmul %p, %v : (tensor<?x4x?x?xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}
