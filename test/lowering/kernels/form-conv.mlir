// What a convolution's kernel holds: numbers for each channel, a gate, the interleave of a transposed one; and what
// it refuses.
// RUN: hone-opt %s --hone-infer-shapes --hone-form-kernels | FileCheck %s

module attributes {hone.target = #hone.target<"host", "x86-64-v3", "", {vector_bits = 256}>} {
  // Small constants that change by channel are inputs, one number in all stands in the code.
  // CHECK-LABEL: func.func @main
  // CHECK: %[[BIAS:.*]] = hone.constant
  // CHECK: "hone.kernel"(%arg0, %[[W:.*]], %[[BIAS]], %arg1)
  // CHECK-SAME: family = "conv"
  // CHECK: hone.conv
  // CHECK: hone.mul
  // CHECK: hone.max
  // CHECK: hone.yield
  func.func @main(%x: tensor<2x3x?x?xf32>, %gate: tensor<2x4x1x1xf32>) -> tensor<2x4x?x?xf32> {
    %w = hone.get_weight @w : tensor<4x3x3x3xf32>
    %bias = hone.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> : tensor<4xf32>
    %zero = hone.constant dense<0.0> : tensor<f32> : tensor<f32>
    %0 = hone.conv %x, %w, %bias {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 1 : i64} : (tensor<2x3x?x?xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<*xf32>
    %1 = hone.mul %0, %gate : (tensor<*xf32>, tensor<2x4x1x1xf32>) -> tensor<*xf32>
    %2 = hone.max %1, %zero : (tensor<*xf32>, tensor<f32>) -> tensor<2x4x?x?xf32>
    return %2 : tensor<2x4x?x?xf32>
  }

  // CHECK-LABEL: func.func @phases
  // CHECK: family = "conv"
  // CHECK: hone.conv
  // CHECK: hone.interleave
  // CHECK: hone.relu
  // CHECK: hone.yield
  func.func @phases(%x: tensor<1x3x8x8xf32>, %w: tensor<16x3x1x1xf32>) -> tensor<1x4x16x16xf32> {
    %0 = hone.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 1 : i64} : (tensor<1x3x8x8xf32>, tensor<16x3x1x1xf32>) -> tensor<*xf32>
    %1 = hone.interleave %0 {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>} : (tensor<*xf32>) -> tensor<*xf32>
    %2 = hone.relu %1 : (tensor<*xf32>) -> tensor<1x4x16x16xf32>
    return %2 : tensor<1x4x16x16xf32>
  }

  // CHECK-LABEL: func.func @refused
  // CHECK: family = "conv"
  // CHECK: family = "loops"
  // CHECK-SAME: an operand has neither the result's shape, nor a number for each channel
  // CHECK: family = "loops"
  // CHECK-SAME: expected one or two spatial dimensions, got 3
  func.func @refused(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x1x1xf32>, %rows: tensor<8x1xf32>, %y: tensor<1x2x4x4x4xf32>, %v: tensor<3x2x1x1x1xf32>) -> (tensor<1x4x8x8xf32>, tensor<1x3x4x4x4xf32>) {
    %0 = hone.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 1 : i64} : (tensor<1x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<*xf32>
    %1 = hone.add %0, %rows : (tensor<*xf32>, tensor<8x1xf32>) -> tensor<1x4x8x8xf32>
    %2 = hone.conv %y, %v {strides = array<i64: 1, 1, 1>, pads = array<i64: 0, 0, 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1>, group = 1 : i64} : (tensor<1x2x4x4x4xf32>, tensor<3x2x1x1x1xf32>) -> tensor<1x3x4x4x4xf32>
    return %1, %2 : tensor<1x4x8x8xf32>, tensor<1x3x4x4x4xf32>
  }
  hone.weight @w : tensor<4x3x3x3xf32> file "w" offset 0 length 432
}
