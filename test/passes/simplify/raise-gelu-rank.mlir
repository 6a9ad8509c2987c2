// Constants of a higher rank than x add a dimension: GELU of x alone would have the wrong shape.
// RUN: hone-opt %s --hone-raise-activations | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-NOT: hone.gelu
// CHECK: return
func.func @main(%x: tensor<?x8xf32>) -> tensor<1x?x8xf32> {
  %r = hone.constant dense<0.707106769> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = hone.constant dense<0.5> : tensor<1x1x1xf32> : tensor<1x1x1xf32>
  %d = hone.mul %x, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %e = hone.erf %d : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %e, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %m = hone.mul %x, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %m, %half : (tensor<?x8xf32>, tensor<1x1x1xf32>) -> tensor<1x?x8xf32>
  return %y : tensor<1x?x8xf32>
}
