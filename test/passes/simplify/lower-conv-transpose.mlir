// A transposed convolution of stride 2 is one convolution with four times the channels; dilated ones stay.
// RUN: hone-opt %s --hone-infer-shapes --hone-lower-conv-transpose | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.conv {{.*}}pads = array<i64: 1, 0, 0, 0>
// CHECK-SAME: (tensor<?x6x?x?xf32>, tensor<16x6x2x1xf32>, tensor<16xf32>) -> tensor<?x16x?x?xf32>
// CHECK: hone.interleave {{.*}}pads = array<i64: 1, 0, 0, 0>, strides = array<i64: 2, 2>
// CHECK-SAME: -> tensor<?x4x?x?xf32>
// Shown in the docs of hone-lower-conv-transpose.
func.func @main(%x: tensor<?x6x?x?xf32>, %w: tensor<6x4x3x2xf32>, %b: tensor<4xf32>) -> tensor<?x4x?x?xf32> {
  %0 = hone.conv_transpose %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 0, 1, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>, group = 1 : i64} : (tensor<?x6x?x?xf32>, tensor<6x4x3x2xf32>, tensor<4xf32>) -> tensor<?x4x?x?xf32>
  return %0 : tensor<?x4x?x?xf32>
}

// CHECK-LABEL: func.func @dilated
// CHECK: hone.conv_transpose
func.func @dilated(%x: tensor<1x6x5x5xf32>, %w: tensor<6x4x2x2xf32>) -> tensor<*xf32> {
  %0 = hone.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 2, 1>, output_padding = array<i64: 0, 0>, group = 1 : i64} : (tensor<1x6x5x5xf32>, tensor<6x4x2x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
