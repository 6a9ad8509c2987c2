// A scale that is no row of the last dimension, and a sum that is no mean, stay as they are.
// RUN: hone-opt %s --hone-raise-norms | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-NOT: hone.rms_norm
// CHECK: return
func.func @main(%x: tensor<?x?x64xf32>, %w: tensor<1x2x64xf32>, %b: tensor<64xf32>) -> tensor<?x?x64xf32> {
  %two = hone.constant dense<2.0> : tensor<f32> : tensor<f32>
  %eps = hone.constant dense<1.0e-6> : tensor<f32> : tensor<f32>
  %p = hone.pow %x, %two : (tensor<?x?x64xf32>, tensor<f32>) -> tensor<?x?x64xf32>
  %m = hone.reduce mean %p [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %e = hone.add %m, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %s = hone.sqrt %e : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %n = hone.div %x, %s : (tensor<?x?x64xf32>, tensor<?x?x1xf32>) -> tensor<?x?x64xf32>
  %a = hone.mul %n, %w : (tensor<?x?x64xf32>, tensor<1x2x64xf32>) -> tensor<?x?x64xf32>
  %q = hone.reduce sum %p [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %f = hone.add %q, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %t = hone.sqrt %f : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %o = hone.div %a, %t : (tensor<?x?x64xf32>, tensor<?x?x1xf32>) -> tensor<?x?x64xf32>
  %y = hone.mul %o, %b : (tensor<?x?x64xf32>, tensor<64xf32>) -> tensor<?x?x64xf32>
  return %y : tensor<?x?x64xf32>
}
