// The tanh form of GPT-2 (gelu_new), with x^3 as a power and as a product.
// RUN: hone-opt %s --hone-raise-activations --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @power
// CHECK: hone.gelu %arg0 {tanh} : (tensor
// CHECK-NOT: hone.mul
func.func @power(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %three = hone.constant dense<3.0> : tensor<f32> : tensor<f32>
  %c = hone.constant dense<0.044715> : tensor<f32> : tensor<f32>
  %r = hone.constant dense<0.797884583> : tensor<f32> : tensor<f32>
  %h = hone.mul %x, %half : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %p = hone.pow %x, %three : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %q = hone.mul %p, %c : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %s = hone.add %x, %q : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = hone.mul %s, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %t = hone.tanh %m : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %t, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %y = hone.mul %h, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @product
// CHECK: hone.gelu %arg0 {tanh} : (tensor
// CHECK-NOT: hone.mul
func.func @product(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %c = hone.constant dense<0.044715> : tensor<f32> : tensor<f32>
  %r = hone.constant dense<0.797884583> : tensor<f32> : tensor<f32>
  %p = hone.mul %x, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %p3 = hone.mul %p, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %q = hone.mul %c, %p3 : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = hone.add %q, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = hone.mul %r, %s : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %t = hone.tanh %m : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %one, %t : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %g = hone.mul %x, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %half, %g : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Another cubic is another function.
// CHECK-LABEL: func.func @other
// CHECK-NOT: hone.gelu
func.func @other(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %three = hone.constant dense<3.0> : tensor<f32> : tensor<f32>
  %c = hone.constant dense<0.05> : tensor<f32> : tensor<f32>
  %r = hone.constant dense<0.797884583> : tensor<f32> : tensor<f32>
  %h = hone.mul %x, %half : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %p = hone.pow %x, %three : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %q = hone.mul %p, %c : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %s = hone.add %x, %q : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = hone.mul %s, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %t = hone.tanh %m : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %t, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %y = hone.mul %h, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// BLOOM takes x out of the sum.
// CHECK-LABEL: func.func @factored
// CHECK: hone.gelu %arg0 {tanh} : (tensor
// CHECK-NOT: hone.mul
func.func @factored(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %c = hone.constant dense<0.044715> : tensor<f32> : tensor<f32>
  %r = hone.constant dense<0.797884583> : tensor<f32> : tensor<f32>
  %h = hone.mul %x, %half : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %k = hone.mul %x, %r : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %p = hone.mul %x, %c : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %q = hone.mul %p, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = hone.add %q, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %m = hone.mul %k, %s : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %t = hone.tanh %m : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = hone.add %t, %one : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %y = hone.mul %h, %a : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
