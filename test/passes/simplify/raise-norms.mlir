// RUN: hone-opt %s --hone-raise-norms --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.rms_norm %arg0, %arg1 {epsilon = 9.99999974E-6 : f32}
// CHECK-NOT: hone.mul
// Shown in the docs of hone-raise-norms.
func.func @main(%x: tensor<?x?x576xf32>, %w: tensor<576xf32>) -> tensor<?x?x576xf32> {
  %two = hone.constant dense<2.0> : tensor<f32> : tensor<f32>
  %eps = hone.constant dense<1.0e-5> : tensor<f32> : tensor<f32>
  %one = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  %p = hone.pow %x, %two : (tensor<?x?x576xf32>, tensor<f32>) -> tensor<?x?x576xf32>
  %m = hone.reduce mean %p [2] keepdims true : (tensor<?x?x576xf32>) -> tensor<?x?x1xf32>
  %e = hone.add %m, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %s = hone.sqrt %e : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %r = hone.div %one, %s : (tensor<f32>, tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %n = hone.mul %x, %r : (tensor<?x?x576xf32>, tensor<?x?x1xf32>) -> tensor<?x?x576xf32>
  %y = hone.mul %w, %n : (tensor<576xf32>, tensor<?x?x576xf32>) -> tensor<?x?x576xf32>
  return %y : tensor<?x?x576xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: hone.layer_norm %arg0, %arg1, %arg2 {epsilon = 9.99999996E-13 : f32}
// CHECK-NOT: hone.sub
func.func @main(%x: tensor<?x384xf32>, %w: tensor<384xf32>, %b: tensor<384xf32>) -> tensor<?x384xf32> {
  %two = hone.constant dense<2.0> : tensor<f32> : tensor<f32>
  %eps = hone.constant dense<1.0e-12> : tensor<f32> : tensor<f32>
  %mean = hone.reduce mean %x [1] keepdims true : (tensor<?x384xf32>) -> tensor<?x1xf32>
  %c = hone.sub %x, %mean : (tensor<?x384xf32>, tensor<?x1xf32>) -> tensor<?x384xf32>
  %p = hone.pow %c, %two : (tensor<?x384xf32>, tensor<f32>) -> tensor<?x384xf32>
  %v = hone.reduce mean %p [1] keepdims true : (tensor<?x384xf32>) -> tensor<?x1xf32>
  %e = hone.add %v, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %s = hone.sqrt %e : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = hone.div %c, %s : (tensor<?x384xf32>, tensor<?x1xf32>) -> tensor<?x384xf32>
  %m = hone.mul %n, %w : (tensor<?x384xf32>, tensor<384xf32>) -> tensor<?x384xf32>
  %y = hone.add %m, %b : (tensor<?x384xf32>, tensor<384xf32>) -> tensor<?x384xf32>
  return %y : tensor<?x384xf32>
}

// -----

// A mean over another dimension is not a norm.
// CHECK-LABEL: func.func @main
// CHECK-NOT: hone.rms_norm
// CHECK: hone.reduce
func.func @main(%x: tensor<576x576xf32>, %w: tensor<576xf32>) -> tensor<576x576xf32> {
  %two = hone.constant dense<2.0> : tensor<f32> : tensor<f32>
  %eps = hone.constant dense<1.0e-5> : tensor<f32> : tensor<f32>
  %p = hone.pow %x, %two : (tensor<576x576xf32>, tensor<f32>) -> tensor<576x576xf32>
  %m = hone.reduce mean %p [0] keepdims true : (tensor<576x576xf32>) -> tensor<1x576xf32>
  %e = hone.add %m, %eps : (tensor<1x576xf32>, tensor<f32>) -> tensor<1x576xf32>
  %s = hone.sqrt %e : (tensor<1x576xf32>) -> tensor<1x576xf32>
  %n = hone.div %x, %s : (tensor<576x576xf32>, tensor<1x576xf32>) -> tensor<576x576xf32>
  %y = hone.mul %n, %w : (tensor<576x576xf32>, tensor<576xf32>) -> tensor<576x576xf32>
  return %y : tensor<576x576xf32>
}
