// RUN: hone-opt %s --hone-merge-projections --verify-diagnostics | FileCheck %s

// What must stay apart, each with its reason.
hone.weight @a : tensor<32x32xf32> file "m" offset 0 length 4096
hone.weight @b : tensor<32x32xf32> file "m" offset 4096 length 4096
hone.weight @row : tensor<32xf32> file "m" offset 8192 length 128

// CHECK-LABEL: func.func @other_inputs
// CHECK-COUNT-2: hone.matmul
func.func @other_inputs(%x: tensor<1x?x32xf32>, %y: tensor<1x?x32xf32>) -> tensor<1x?x32xf32> {
  %a = hone.get_weight @a : tensor<32x32xf32>
  %k = hone.matmul %x, %a : (tensor<1x?x32xf32>, tensor<32x32xf32>) -> tensor<1x?x32xf32>
  %v = hone.matmul %y, %a : (tensor<1x?x32xf32>, tensor<32x32xf32>) -> tensor<1x?x32xf32>
  // expected-remark@+2 {{projections not merged: a projection is not a product}}
  // expected-remark@+1 {{projections not merged: no other one reads the same tensor}}
  %o = "hone.attention"(%x, %k, %v) <{heads = 2 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 0.25 : f32}> : (tensor<1x?x32xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x32xf32>
  return %o : tensor<1x?x32xf32>
}

// CHECK-LABEL: func.func @one_bias
// CHECK-COUNT-2: hone.matmul
func.func @one_bias(%x: tensor<1x?x32xf32>) -> tensor<1x?x32xf32> {
  %a = hone.get_weight @a : tensor<32x32xf32>
  %b = hone.get_weight @b : tensor<32x32xf32>
  %r = hone.get_weight @row : tensor<32xf32>
  %k = hone.matmul %x, %a : (tensor<1x?x32xf32>, tensor<32x32xf32>) -> tensor<1x?x32xf32>
  %0 = hone.matmul %x, %b : (tensor<1x?x32xf32>, tensor<32x32xf32>) -> tensor<1x?x32xf32>
  %v = hone.add %0, %r : (tensor<1x?x32xf32>, tensor<32xf32>) -> tensor<1x?x32xf32>
  // expected-remark@+3 {{a projection is not a product}}
  // expected-remark@+2 {{one has a bias and the other has none}}
  // expected-remark@+1 {{no other one reads the same tensor}}
  %o = "hone.attention"(%x, %k, %v) <{heads = 2 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 0.25 : f32}> : (tensor<1x?x32xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x32xf32>
  return %o : tensor<1x?x32xf32>
}

// CHECK-LABEL: func.func @read_twice
// CHECK-COUNT-2: hone.matmul
func.func @read_twice(%x: tensor<1x?x32xf32>) -> (tensor<1x?x32xf32>, tensor<1x?x32xf32>) {
  %a = hone.get_weight @a : tensor<32x32xf32>
  %b = hone.get_weight @b : tensor<32x32xf32>
  %k = hone.matmul %x, %a : (tensor<1x?x32xf32>, tensor<32x32xf32>) -> tensor<1x?x32xf32>
  %v = hone.matmul %x, %b : (tensor<1x?x32xf32>, tensor<32x32xf32>) -> tensor<1x?x32xf32>
  // expected-remark@+2 {{a projection is not a product}}
  // expected-remark@+1 {{a projection is read by others too}}
  %o = "hone.attention"(%x, %k, %v) <{heads = 2 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 0.25 : f32}> : (tensor<1x?x32xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x32xf32>
  return %o, %v : tensor<1x?x32xf32>, tensor<1x?x32xf32>
}
