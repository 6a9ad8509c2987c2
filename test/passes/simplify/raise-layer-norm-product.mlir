// LayerNorm with the square as a product and the root as a reciprocal; without a bias it has none.
// RUN: hone-opt %s --hone-raise-norms | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.layer_norm %arg0, %arg1 {epsilon
// CHECK-NOT: hone.sub
func.func @main(%x: tensor<?x?x64xf32>, %w: tensor<64xf32>) -> tensor<?x?x64xf32> {
  %eps = hone.constant dense<1.0e-5> : tensor<f32> : tensor<f32>
  %mean = hone.reduce mean %x [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %c = hone.sub %x, %mean : (tensor<?x?x64xf32>, tensor<?x?x1xf32>) -> tensor<?x?x64xf32>
  %p = hone.mul %c, %c : (tensor<?x?x64xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  %v = hone.reduce mean %p [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %e = hone.add %v, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %s = hone.sqrt %e : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %i = hone.reciprocal %s : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %n = hone.mul %c, %i : (tensor<?x?x64xf32>, tensor<?x?x1xf32>) -> tensor<?x?x64xf32>
  %y = hone.mul %n, %w : (tensor<?x?x64xf32>, tensor<64xf32>) -> tensor<?x?x64xf32>
  return %y : tensor<?x?x64xf32>
}
