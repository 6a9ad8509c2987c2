// What comes close to an activation stays and is named; a gate that is no activation is not.
// RUN: hone-opt %s --hone-raise-activations --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @scaled_erf
// CHECK-NOT: hone.gelu
// CHECK: return
func.func @scaled_erf(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %r = hone.constant dense<2.0> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %d = hone.div %x, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  // expected-remark @+1 {{gelu not raised: erf's argument is not x / sqrt(2)}}
  %e = hone.erf %d : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %e, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %m = hone.mul %x, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %m, %half : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @no_half
// CHECK-NOT: hone.gelu
// CHECK: return
func.func @no_half(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %r = hone.constant dense<0.707106769> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %d = hone.mul %x, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  // expected-remark @+1 {{gelu not raised: 1 + erf(x / sqrt(2)) is not multiplied by x and one half alone}}
  %e = hone.erf %d : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %e, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %y = hone.mul %x, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @other_cubic
// CHECK-NOT: hone.gelu
// CHECK: return
func.func @other_cubic(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c = hone.constant dense<0.05> : tensor<f32> : tensor<f32>
  %r = hone.constant dense<0.797884583> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %half = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %three = hone.constant dense<3.0> : tensor<f32> : tensor<f32>
  %p = hone.pow %x, %three : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %q = hone.mul %p, %c : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %s = hone.add %x, %q : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = hone.mul %s, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  // expected-remark @+1 {{gelu not raised: its constants are not those of 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}}
  %t = hone.tanh %m : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %t, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %h = hone.mul %x, %half : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %y = hone.mul %h, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @quick_gelu
// CHECK-NOT: hone.silu
// CHECK: return
func.func @quick_gelu(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c = hone.constant dense<1.702> : tensor<f32> : tensor<f32>
  %m = hone.mul %x, %c : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  // expected-remark @+1 {{silu not raised: the sigmoid's argument is a multiple of x, expected x}}
  %s = hone.sigmoid %m : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %x, %s : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @gate
// CHECK: hone.sigmoid
func.func @gate(%x: tensor<?x8xf32>, %g: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %s = hone.sigmoid %g : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %x, %s : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
