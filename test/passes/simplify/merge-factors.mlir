// Constant factors behind a product become one; elsewhere a division stays exact.
// RUN: hone-opt %s --hone-merge-factors | FileCheck %s

// CHECK-LABEL: func.func @factors
// CHECK: %[[C:.*]] = hone.constant dense<5.000000e-01> : tensor<f32>
// CHECK: %[[X:.*]] = hone.relu
// CHECK-NOT: hone.div
// CHECK: hone.mul %[[X]], %[[C]]
// CHECK-NEXT: return
// Shown in the docs of hone-merge-factors.
func.func @factors(%x: tensor<4x3xf32>, %y: tensor<3x8xf32>) -> tensor<4x8xf32> {
  %six = hone.constant dense<6.0> : tensor<f32> : tensor<f32>
  %three = hone.constant dense<3.0> : tensor<1xf32> : tensor<1xf32>
  %0 = hone.matmul %x, %y : (tensor<4x3xf32>, tensor<3x8xf32>) -> tensor<4x8xf32>
  %1 = hone.relu %0 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = hone.div %1, %six : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %3 = hone.mul %2, %three : (tensor<4x8xf32>, tensor<1xf32>) -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// 49 * (1 / 49) is less than 1.
// CHECK-LABEL: func.func @exact
// CHECK: hone.div
func.func @exact(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = hone.constant dense<49.0> : tensor<f32> : tensor<f32>
  %0 = hone.div %x, %c : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = hone.floor %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// A product that f32 can't hold is not made.
// CHECK-LABEL: func.func @range
// CHECK: hone.mul
// CHECK-NEXT: hone.mul
func.func @range(%x: tensor<4x3xf32>, %y: tensor<3x8xf32>) -> tensor<4x8xf32> {
  %small = hone.constant dense<1.0e-30> : tensor<f32> : tensor<f32>
  %0 = hone.matmul %x, %y : (tensor<4x3xf32>, tensor<3x8xf32>) -> tensor<4x8xf32>
  %1 = hone.mul %0, %small : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %2 = hone.mul %1, %small : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}
