// On a GPU a 4-bit weight of 16-bit rows is packed in the order of the tensor cores' fragments, an 8-bit one lies along k;
// what does not fit says why.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s

module attributes {hone.device_target = #hone.target<"sm_80", "sm_80", "", {cuda = 1 : i64}>} {
  // CHECK-DAG: hone.weight @q.t.mma : tensor<2x3x512xui8> {
  // CHECK-DAG: hone.weight @s.t.mma : tensor<2x6x16xf16> {
  // CHECK-DAG: hone.weight @z.t.mma : tensor<2x6x16xf16> {
  hone.weight @q : tensor<24x192xui4> file "w" offset 0 length 2304
  hone.weight @s : tensor<24x6xf16> file "w" offset 2304 length 288
  hone.weight @z : tensor<24x6xui4> file "w" offset 2592 length 72

  // CHECK-LABEL: func.func @packed
  // CHECK: "hone.kernel"
  // CHECK-SAME: config = {bits = 4 : i64, block = 32 : i64, k = 192 : i64, n = 24 : i64}
  // CHECK-SAME: family = "cuda_quant_matmul"
  // CHECK: hone.dequantize
  // CHECK: hone.matmul
  // CHECK: hone.add
  // CHECK: hone.device = "cuda"
  func.func @packed(%x: tensor<?x192xf16> {hone.dims = ["m", 192]}, %r: tensor<?x24xf16> {hone.dims = ["m", 24]}) -> tensor<?x24xf16> {
    %q = hone.get_weight @q : tensor<24x192xui4>
    %s = hone.get_weight @s : tensor<24x6xf16>
    %z = hone.get_weight @z : tensor<24x6xui4>
    %w = hone.dequantize %q, %s, %z {axis = 1 : i64, block = 32 : i64, hone.device = "cuda"} : (tensor<24x192xui4>, tensor<24x6xf16>, tensor<24x6xui4>) -> tensor<24x192xf16>
    %0 = hone.matmul %x, %w {transpose_b, hone.device = "cuda"} : (tensor<?x192xf16>, tensor<24x192xf16>) -> tensor<?x24xf16>
    %1 = hone.add %0, %r {hone.device = "cuda"} : (tensor<?x24xf16>, tensor<?x24xf16>) -> tensor<?x24xf16>
    return %1 : tensor<?x24xf16>
  }
  // Rows of any float may be rounded where the product says so and both operands are symmetric.
  // CHECK-LABEL: func.func @rounded_rows
  // CHECK: hone.get_weight @e.t
  // CHECK: config = {bits = 8 : i64, block = 192 : i64, k = 192 : i64, n = 24 : i64, rounds_rows, signed, zero = 128 : i64}
  // CHECK-SAME: family = "cuda_quant_matmul"
  hone.weight @e : tensor<192x24xi8> file "w" offset 3264 length 4608
  hone.weight @f : tensor<24xf32> file "w" offset 7872 length 96
  func.func @rounded_rows(%x: tensor<?x192xf32> {hone.dims = ["m", 192]}) -> tensor<?x24xf32> {
    %q = hone.get_weight @e : tensor<192x24xi8>
    %s = hone.get_weight @f : tensor<24xf32>
    %w = hone.dequantize %q, %s {axis = 1 : i64, hone.device = "cuda"} : (tensor<192x24xi8>, tensor<24xf32>) -> tensor<192x24xf32>
    %0 = hone.matmul %x, %w {activation_bits = 8 : i64, hone.device = "cuda"} : (tensor<?x192xf32>, tensor<192x24xf32>) -> tensor<?x24xf32>
    return %0 : tensor<?x24xf32>
  }
  // CHECK-LABEL: func.func @rows_of_f32
  // CHECK: family = "cuda_matmul"
  // CHECK-SAME: expected rows of f16 or bf16, or of f32 that may be rounded to 8 bits
  func.func @rows_of_f32(%x: tensor<?x192xf32> {hone.dims = ["m", 192]}) -> tensor<?x24xf32> {
    %q = hone.get_weight @q : tensor<24x192xui4>
    %s = hone.constant dense<0.5> : tensor<24x6xf32> : tensor<24x6xf32>
    %w = hone.dequantize %q, %s {axis = 1 : i64, block = 32 : i64, hone.device = "cuda"} : (tensor<24x192xui4>, tensor<24x6xf32>) -> tensor<24x192xf32>
    %0 = hone.matmul %x, %w {transpose_b, hone.device = "cuda"} : (tensor<?x192xf32>, tensor<24x192xf32>) -> tensor<?x24xf32>
    return %0 : tensor<?x24xf32>
  }
  // CHECK-LABEL: func.func @rounded_groups
  // CHECK: family = "cuda_matmul"
  // CHECK-SAME: rows of f32 are rounded for symmetric weights of 8 bits with a scale a column only
  hone.weight @g : tensor<24x6xf32> file "w" offset 7968 length 576
  func.func @rounded_groups(%x: tensor<?x192xf32> {hone.dims = ["m", 192]}) -> tensor<?x24xf32> {
    %q = hone.get_weight @q : tensor<24x192xui4>
    %s = hone.get_weight @g : tensor<24x6xf32>
    %w = hone.dequantize %q, %s {axis = 1 : i64, block = 32 : i64, hone.device = "cuda"} : (tensor<24x192xui4>, tensor<24x6xf32>) -> tensor<24x192xf32>
    %0 = hone.matmul %x, %w {activation_bits = 8 : i64, transpose_b, hone.device = "cuda"} : (tensor<?x192xf32>, tensor<24x192xf32>) -> tensor<?x24xf32>
    return %0 : tensor<?x24xf32>
  }
  // CHECK-LABEL: func.func @small_groups
  // CHECK: family = "cuda_matmul"
  // CHECK-SAME: expected a K that is a multiple of 64 with blocks of 32 or multiples of 64, got 192 and 16
  hone.weight @t : tensor<24x12xf16> file "w" offset 2688 length 576
  func.func @small_groups(%x: tensor<?x192xf16> {hone.dims = ["m", 192]}) -> tensor<?x24xf16> {
    %q = hone.get_weight @q : tensor<24x192xui4>
    %s = hone.get_weight @t : tensor<24x12xf16>
    %w = hone.dequantize %q, %s {axis = 1 : i64, block = 16 : i64, hone.device = "cuda"} : (tensor<24x192xui4>, tensor<24x12xf16>) -> tensor<24x192xf16>
    %0 = hone.matmul %x, %w {transpose_b, hone.device = "cuda"} : (tensor<?x192xf16>, tensor<24x192xf16>) -> tensor<?x24xf16>
    return %0 : tensor<?x24xf16>
  }
}
