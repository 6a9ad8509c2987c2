// RUN: hone-opt %s --hone-raise-activations --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.silu %arg0
// CHECK-NOT: hone.mul
func.func @main(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %s = hone.sigmoid %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %x, %s : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// The order of torch's older exporter: x * (1 + erf(x / sqrt(2))) * 0.5
// CHECK-LABEL: func.func @main
// CHECK: hone.gelu %arg0 : (tensor
// CHECK-NOT: hone.erf
// Shown in the docs of hone-raise-activations.
func.func @main(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %r = hone.constant dense<1.41421354> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %d = hone.div %x, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %e = hone.erf %d : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %e, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %m = hone.mul %x, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %m, %half : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Another constant is another function.
// CHECK-LABEL: func.func @main
// CHECK-NOT: hone.gelu
// CHECK: hone.erf
func.func @main(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %r = hone.constant dense<2.0> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %d = hone.div %x, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %e = hone.erf %d : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %e, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %m = hone.mul %x, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %m, %half : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
