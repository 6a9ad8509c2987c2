// A quantized weight stays in 4 bits: numbers, scales and zero points are packed, and the region reconstructs the weight.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s

module attributes {hone.target = #hone.target<"x86-64-v4", "x86-64-v4", "+avx512f", {avx512 = 1 : i64, vector_bits = 512 : i64, vnni = 1 : i64}>} {
  // CHECK-DAG: hone.weight @q.t.packed16 : tensor<2x8x64xui8> {
  // CHECK-DAG: hone.weight @s.t.packed16 : tensor<2x2x16xf32> {
  hone.weight @q : tensor<24x64xui4> file "w" offset 0 length 768
  hone.weight @s : tensor<24x2xf32> file "w" offset 768 length 192

  // CHECK-LABEL: func.func @main
  // CHECK-NOT: hone.dequantize
  // CHECK: "hone.kernel"
  // CHECK-SAME: config = {bits = 4 : i64, block = 32 : i64, k = 64 : i64, n = 24 : i64, row_bits = 16 : i64, zero = 8 : i64}
  // CHECK-SAME: family = "quant_matmul"
  // CHECK: hone.dequantize %{{.*}} {axis = 1 : i64, block = 32 : i64} : (tensor<24x64xui8>, tensor<24x2xf32>, tensor<24x2xui8>)
  // CHECK: hone.matmul
  func.func @main(%x: tensor<?x64xf32> {hone.dims = ["m", 64]}) -> tensor<?x24xf32> {
    %q = hone.get_weight @q : tensor<24x64xui4>
    %s = hone.get_weight @s : tensor<24x2xf32>
    %z = hone.constant dense<8> : tensor<24x2xui4> : tensor<24x2xui4>
    %w = hone.dequantize %q, %s, %z {axis = 1 : i64, block = 32 : i64} : (tensor<24x64xui4>, tensor<24x2xf32>, tensor<24x2xui4>) -> tensor<24x64xf32>
    %0 = hone.matmul %x, %w {transpose_b} : (tensor<?x64xf32>, tensor<24x64xf32>) -> tensor<?x24xf32>
    return %0 : tensor<?x24xf32>
  }
}
