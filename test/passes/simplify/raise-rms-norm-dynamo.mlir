// torch.onnx.export(dynamo=True): torch.rsqrt as sqrt and reciprocal, the scale behind.
// RUN: hone-opt %s --hone-raise-norms | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.rms_norm %arg0, %arg1 {epsilon = 9.99999997E-7 : f32}
// CHECK-NOT: hone.reciprocal
func.func @main(%x: tensor<?x?x64xf32>, %w: tensor<64xf32>) -> tensor<?x?x64xf32> {
  %eps = hone.constant dense<1.0e-6> : tensor<f32> : tensor<f32>
  %p = hone.mul %x, %x : (tensor<?x?x64xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  %m = hone.reduce mean %p [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %e = hone.add %m, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %s = hone.sqrt %e : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %r = hone.reciprocal %s : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %n = hone.mul %x, %r : (tensor<?x?x64xf32>, tensor<?x?x1xf32>) -> tensor<?x?x64xf32>
  %y = hone.mul %n, %w : (tensor<?x?x64xf32>, tensor<64xf32>) -> tensor<?x?x64xf32>
  return %y : tensor<?x?x64xf32>
}
