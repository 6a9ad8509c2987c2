// x * (mean(x^2) + e)^-0.5, as older exporters write torch.rsqrt, and hone.rsqrt itself.
// RUN: hone-opt %s --hone-raise-norms | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = hone.rms_norm %arg0, %arg1
// CHECK: hone.rms_norm %[[A]], %arg1
// CHECK-NOT: hone.pow
// CHECK-NOT: hone.rsqrt
func.func @main(%x: tensor<?x?x64xf32>, %w: tensor<64xf32>) -> tensor<?x?x64xf32> {
  %eps = hone.constant dense<1.0e-6> : tensor<f32> : tensor<f32>
  %half = hone.constant dense<-0.5> : tensor<f32> : tensor<f32>
  %p = hone.mul %x, %x : (tensor<?x?x64xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  %m = hone.reduce mean %p [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %e = hone.add %eps, %m : (tensor<f32>, tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %r = hone.pow %e, %half : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %n = hone.mul %r, %x : (tensor<?x?x1xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  %y = hone.mul %w, %n : (tensor<64xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  %p1 = hone.mul %y, %y : (tensor<?x?x64xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  %m1 = hone.reduce mean %p1 [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %e1 = hone.add %m1, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r1 = hone.rsqrt %e1 : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %n1 = hone.mul %y, %r1 : (tensor<?x?x64xf32>, tensor<?x?x1xf32>) -> tensor<?x?x64xf32>
  %z = hone.mul %n1, %w : (tensor<?x?x64xf32>, tensor<64xf32>) -> tensor<?x?x64xf32>
  return %z : tensor<?x?x64xf32>
}
