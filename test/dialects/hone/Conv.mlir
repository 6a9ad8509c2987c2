// Convolutions and pooling print, parse back and infer sizes.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%x: tensor<?x4x32x?xf32> {hone.dims = ["n", 4, 32, "w"]}, %w: tensor<6x2x3x3xf32>, %b: tensor<6xf32>, %wt: tensor<4x5x3x3xf32>) {
  // CHECK: hone.conv %{{.*}}, %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, group = 2 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x4x32x?xf32>, tensor<6x2x3x3xf32>, tensor<6xf32>) -> tensor<?x6x16x?xf32>
  %c = hone.conv %x, %w, %b {dilations = array<i64: 1, 1>, group = 2 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x4x32x?xf32>, tensor<6x2x3x3xf32>, tensor<6xf32>) -> tensor<*xf32>
  // CHECK: hone.conv_transpose %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, group = 1 : i64, output_padding = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x4x32x?xf32>, tensor<4x5x3x3xf32>) -> tensor<?x5x64x?xf32>
  %ct = hone.conv_transpose %x, %wt {dilations = array<i64: 1, 1>, group = 1 : i64, output_padding = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x4x32x?xf32>, tensor<4x5x3x3xf32>) -> tensor<*xf32>
  // CHECK: hone.pool max %{{.*}} {ceil_mode, dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x4x32x?xf32>) -> tensor<?x4x17x?xf32>
  %pm = hone.pool max %x {ceil_mode, dilations = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x4x32x?xf32>) -> tensor<*xf32>
  // CHECK: hone.pool average %{{.*}} {count_include_pad, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<?x4x32x?xf32>) -> tensor<?x4x16x?xf32>
  %pa = hone.pool average %x {count_include_pad, dilations = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<?x4x32x?xf32>) -> tensor<*xf32>
  return
}
