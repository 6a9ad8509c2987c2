// A scale that is no row of the last dimension stays and is named; a sum that is no mean is no norm at all.
// RUN: hone-opt %s --hone-raise-norms --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-NOT: hone.rms_norm
// CHECK: return
func.func @main(%x: tensor<?x?x64xf32>, %w: tensor<1x2x64xf32>, %b: tensor<64xf32>) -> tensor<?x?x64xf32> {
  %two = hone.constant dense<2.0> : tensor<f32> : tensor<f32>
  %eps = hone.constant dense<1.0e-6> : tensor<f32> : tensor<f32>
  %p = hone.pow %x, %two : (tensor<?x?x64xf32>, tensor<f32>) -> tensor<?x?x64xf32>
  %m = hone.reduce mean %p [2] keepdims true : (tensor<?x?x64xf32>) -> tensor<?x?x1xf32>
  %e = hone.add %m, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  // expected-remark @+1 {{rms_norm not raised: nothing multiplies x / sqrt(mean(x^2) + epsilon) by a scale with one number an element of the last dimension}}
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

// -----

// CHECK-LABEL: func.func @other_axis
// CHECK-NOT: hone.layer_norm
// CHECK: return
func.func @other_axis(%x: tensor<?x8x64xf32>, %w: tensor<64xf32>) -> tensor<?x8x64xf32> {
  %eps = hone.constant dense<1.0e-6> : tensor<f32> : tensor<f32>
  %mean = hone.reduce mean %x [1] keepdims true : (tensor<?x8x64xf32>) -> tensor<?x1x64xf32>
  %c = hone.sub %x, %mean : (tensor<?x8x64xf32>, tensor<?x1x64xf32>) -> tensor<?x8x64xf32>
  %p = hone.mul %c, %c : (tensor<?x8x64xf32>, tensor<?x8x64xf32>) -> tensor<?x8x64xf32>
  %v = hone.reduce mean %p [1] keepdims true : (tensor<?x8x64xf32>) -> tensor<?x1x64xf32>
  %e = hone.add %v, %eps : (tensor<?x1x64xf32>, tensor<f32>) -> tensor<?x1x64xf32>
  // expected-remark @+1 {{layer_norm not raised: the mean of the squares is not over the last dimension alone, kept with size 1}}
  %s = hone.sqrt %e : (tensor<?x1x64xf32>) -> tensor<?x1x64xf32>
  %n = hone.div %c, %s : (tensor<?x8x64xf32>, tensor<?x1x64xf32>) -> tensor<?x8x64xf32>
  %y = hone.mul %n, %w : (tensor<?x8x64xf32>, tensor<64xf32>) -> tensor<?x8x64xf32>
  return %y : tensor<?x8x64xf32>
}

// -----

// CHECK-LABEL: func.func @no_epsilon
// CHECK-NOT: hone.rms_norm
// CHECK: return
func.func @no_epsilon(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
  %p = hone.mul %x, %x : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %v = hone.reduce mean %p [1] keepdims true : (tensor<?x64xf32>) -> tensor<?x1xf32>
  // expected-remark @+1 {{rms_norm not raised: no epsilon is added to the mean of the squares}}
  %s = hone.rsqrt %v : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = hone.mul %x, %s : (tensor<?x64xf32>, tensor<?x1xf32>) -> tensor<?x64xf32>
  %y = hone.mul %n, %w : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
