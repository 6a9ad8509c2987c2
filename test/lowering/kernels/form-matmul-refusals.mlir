// What the matmul families leave to loops, each with its reason.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s

module attributes {hone.target = #hone.target<"x86-64-v4", "x86-64-v4", "+avx512f", {avx512 = 1 : i64, vector_bits = 512 : i64, vnni = 1 : i64}>} {
  hone.weight @q : tensor<16x48xui4> file "w" offset 0 length 384
  hone.weight @s : tensor<16x2xf32> file "w" offset 384 length 128

  // CHECK-LABEL: func.func @main
  // CHECK: family = "loops"
  // CHECK-SAME: as matmul: leading dimensions broadcast
  // CHECK: family = "loops"
  // CHECK-SAME: as matmul: the left operand is transposed
  // CHECK: family = "loops"
  // CHECK-SAME: as matmul: expected operands of f32
  // CHECK: as quant_matmul: expected blocks of K that are multiples of 16 and divide it, got 24 of 48
  func.func @main(%a: tensor<4x3x8xf32>, %b: tensor<2x4x8x5xf32>, %c: tensor<8x3xf32>, %d: tensor<8x5xf32>, %e: tensor<3x8xf64>, %f: tensor<8x5xf64>,
                  %g: tensor<3x48xf32>) -> (tensor<2x4x3x5xf32>, tensor<3x5xf32>, tensor<3x5xf64>, tensor<3x16xf32>) {
    %0 = hone.matmul %a, %b : (tensor<4x3x8xf32>, tensor<2x4x8x5xf32>) -> tensor<2x4x3x5xf32>
    %1 = hone.matmul %c, %d {transpose_a} : (tensor<8x3xf32>, tensor<8x5xf32>) -> tensor<3x5xf32>
    %2 = hone.matmul %e, %f : (tensor<3x8xf64>, tensor<8x5xf64>) -> tensor<3x5xf64>
    %q = hone.get_weight @q : tensor<16x48xui4>
    %s = hone.get_weight @s : tensor<16x2xf32>
    %w = hone.dequantize %q, %s {axis = 1 : i64, block = 24 : i64} : (tensor<16x48xui4>, tensor<16x2xf32>) -> tensor<16x48xf32>
    %3 = hone.matmul %g, %w {transpose_b} : (tensor<3x48xf32>, tensor<16x48xf32>) -> tensor<3x16xf32>
    return %0, %1, %2, %3 : tensor<2x4x3x5xf32>, tensor<3x5xf32>, tensor<3x5xf64>, tensor<3x16xf32>
  }
}
