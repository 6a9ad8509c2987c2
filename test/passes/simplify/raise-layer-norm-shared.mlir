// The product with the scale has another reader: the bias stays outside of the norm.
// RUN: hone-opt %s --hone-raise-norms | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: %[[N:.*]] = hone.layer_norm %arg0, %arg1 {epsilon
// CHECK: %[[A:.*]] = hone.add %[[N]], %arg2
// CHECK: hone.mul %[[A]], %[[N]]
func.func @main(%x: tensor<?x?x64xf32>, %w: tensor<64xf32>, %b: tensor<64xf32>) -> tensor<?x?x64xf32> {
  %two = hone.constant dense<2.0> : tensor<f32> : tensor<f32>
  %eps = hone.constant dense<1.0e-12> : tensor<f32> : tensor<f32>
  %mean = hone.reduce mean %x [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %c = hone.sub %x, %mean : (tensor<?x?x64xf32>, tensor<?x?x1xf32>) -> tensor<?x?x64xf32>
  %p = hone.pow %c, %two : (tensor<?x?x64xf32>, tensor<f32>) -> tensor<?x?x64xf32>
  %v = hone.reduce mean %p [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %e = hone.add %v, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %s = hone.sqrt %e : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %n = hone.div %c, %s : (tensor<?x?x64xf32>, tensor<?x?x1xf32>) -> tensor<?x?x64xf32>
  %m = hone.mul %w, %n : (tensor<64xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  %a = hone.add %m, %b : (tensor<?x?x64xf32>, tensor<64xf32>) -> tensor<?x?x64xf32>
  %y = hone.mul %a, %m : (tensor<?x?x64xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  return %y : tensor<?x?x64xf32>
}
