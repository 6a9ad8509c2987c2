// Small things fold at once, large ones become recipes, and what would grow stays.
// RUN: hone-opt %s --hone-fold-constants --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.constant dense<2.500000e-01>
// CHECK-NOT: hone.sqrt
func.func @main() -> tensor<f32> {
  %c = hone.constant dense<16.0> : tensor<f32> : tensor<f32>
  %s = hone.sqrt %c : (tensor<f32>) -> tensor<f32>
  %r = hone.reciprocal %s : (tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// CHECK: hone.weight @folded{{.*}} : tensor<8x1024xf32>
// CHECK: hone.transpose
// CHECK: hone.yield
// CHECK-LABEL: func.func @main
// CHECK: hone.get_weight @folded
// CHECK-NOT: hone.transpose
// Shown in the docs of hone-fold-constants.
hone.weight @w : tensor<1024x8xf32> file "m.onnx" offset 0 length 32768
func.func @main() -> tensor<8x1024xf32> {
  %w = hone.get_weight @w : tensor<1024x8xf32>
  %t = hone.transpose %w [1, 0] : (tensor<1024x8xf32>) -> tensor<8x1024xf32>
  return %t : tensor<8x1024xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: hone.dequantize
hone.weight @q : tensor<256x64xui4> file "m.onnx" offset 0 length 8192
hone.weight @s : tensor<256x2xf32> file "m.onnx" offset 8192 length 2048
func.func @main() -> tensor<256x64xf32> {
  %q = hone.get_weight @q : tensor<256x64xui4>
  %s = hone.get_weight @s : tensor<256x2xf32>
  %w = hone.dequantize %q, %s {axis = 1 : i64, block = 32 : i64} : (tensor<256x64xui4>, tensor<256x2xf32>) -> tensor<256x64xf32>
  return %w : tensor<256x64xf32>
}

// -----

// An element's code reads each input at positions that only another input has: no crash, a recipe.
// CHECK-LABEL: func.func @main
// CHECK: hone.get_weight @folded
func.func @main() -> tensor<5xf32> {
  %a = hone.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> : tensor<3xf32>
  %b = hone.constant dense<[4.0, 5.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = hone.concat %a, %b axis 0 : (tensor<3xf32>, tensor<2xf32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}
