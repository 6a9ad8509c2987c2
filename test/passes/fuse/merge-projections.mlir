// RUN: hone-opt %s --hone-merge-projections --split-input-file | FileCheck %s

// Query and key through rotary embedding, value directly; biases join too.
// CHECK: hone.weight @"wq+wk+wv" : tensor<64x128xf32>
// CHECK: hone.concat %{{.*}}, %{{.*}}, %{{.*}} axis 1
// CHECK-LABEL: func.func @main
// CHECK: %[[P:.*]] = hone.matmul %arg0, %{{.*}} : (tensor<1x?x64xf32>, tensor<64x128xf32>) -> tensor<1x?x128xf32>
// CHECK: %[[B:.*]] = hone.add %[[P]], %{{.*}} : (tensor<1x?x128xf32>, tensor<128xf32>)
// CHECK: %[[Q:.*]] = hone.slice %[[B]], {{.*}} [2] {{.*}} -> tensor<1x?x64xf32>
// CHECK: %[[K:.*]] = hone.slice %[[B]], {{.*}} [2] {{.*}} -> tensor<1x?x32xf32>
// CHECK: %[[V:.*]] = hone.slice %[[B]], {{.*}} [2] {{.*}} -> tensor<1x?x32xf32>
// CHECK: %[[R:.*]] = hone.rope %[[Q]]
// CHECK: "hone.attention"(%[[R]], %[[K]], %[[V]])
// CHECK-NOT: hone.matmul
hone.weight @wq : tensor<64x64xf32> file "m" offset 0 length 16384
hone.weight @wk : tensor<64x32xf32> file "m" offset 16384 length 8192
hone.weight @wv : tensor<64x32xf32> file "m" offset 24576 length 8192
hone.weight @bq : tensor<64xf32> file "m" offset 32768 length 256
hone.weight @bk : tensor<32xf32> file "m" offset 33024 length 128
hone.weight @bv : tensor<32xf32> file "m" offset 33152 length 128
// Shown in the docs of hone-merge-projections.
func.func @main(%x: tensor<1x?x64xf32>, %c: tensor<1x?x8xf32>, %s: tensor<1x?x8xf32>) -> tensor<1x?x64xf32> {
  %wq = hone.get_weight @wq : tensor<64x64xf32>
  %wk = hone.get_weight @wk : tensor<64x32xf32>
  %wv = hone.get_weight @wv : tensor<64x32xf32>
  %bq = hone.get_weight @bq : tensor<64xf32>
  %bk = hone.get_weight @bk : tensor<32xf32>
  %bv = hone.get_weight @bv : tensor<32xf32>
  %0 = hone.matmul %x, %wq : (tensor<1x?x64xf32>, tensor<64x64xf32>) -> tensor<1x?x64xf32>
  %q = hone.add %bq, %0 : (tensor<64xf32>, tensor<1x?x64xf32>) -> tensor<1x?x64xf32>
  %1 = hone.matmul %x, %wk : (tensor<1x?x64xf32>, tensor<64x32xf32>) -> tensor<1x?x32xf32>
  %k = hone.add %1, %bk : (tensor<1x?x32xf32>, tensor<32xf32>) -> tensor<1x?x32xf32>
  %2 = hone.matmul %x, %wv : (tensor<1x?x64xf32>, tensor<64x32xf32>) -> tensor<1x?x32xf32>
  %v = hone.add %2, %bv : (tensor<1x?x32xf32>, tensor<32xf32>) -> tensor<1x?x32xf32>
  %r = hone.rope %q, %c, %s {heads = 4 : i64} : (tensor<1x?x64xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x64xf32>
  %y = "hone.attention"(%r, %k, %v) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 0.25 : f32}> : (tensor<1x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x64xf32>
  return %y : tensor<1x?x64xf32>
}

// -----

// Quantized weights join by column: numbers, scales, and the one zero point of all.
// CHECK-DAG: hone.weight @"kq+vq" : tensor<64x64xui4>
// CHECK-DAG: hone.weight @"ks+vs" : tensor<64x2xf32>
// CHECK-LABEL: func.func @main
// CHECK: %[[Z:.*]] = hone.constant dense<8> : tensor<64x2xui4>
// CHECK: %[[W:.*]] = hone.dequantize %{{.*}}, %{{.*}}, %[[Z]] {axis = 1 : i64, block = 32 : i64}
// CHECK: hone.matmul %arg1, %[[W]] {transpose_b}
// CHECK: "hone.attention"(%arg0,
hone.weight @kq : tensor<32x64xui4> file "m" offset 0 length 1024
hone.weight @vq : tensor<32x64xui4> file "m" offset 1024 length 1024
hone.weight @ks : tensor<32x2xf32> file "m" offset 2048 length 256
hone.weight @vs : tensor<32x2xf32> file "m" offset 2304 length 256
func.func @main(%q: tensor<1x?x64xf32>, %x: tensor<1x?x64xf32>) -> tensor<1x?x64xf32> {
  %kq = hone.get_weight @kq : tensor<32x64xui4>
  %vq = hone.get_weight @vq : tensor<32x64xui4>
  %ks = hone.get_weight @ks : tensor<32x2xf32>
  %vs = hone.get_weight @vs : tensor<32x2xf32>
  %z = hone.constant dense<8> : tensor<32x2xui4> : tensor<32x2xui4>
  %0 = hone.dequantize %kq, %ks, %z {axis = 1 : i64, block = 32 : i64} : (tensor<32x64xui4>, tensor<32x2xf32>, tensor<32x2xui4>) -> tensor<32x64xf32>
  %1 = hone.dequantize %vq, %vs, %z {axis = 1 : i64, block = 32 : i64} : (tensor<32x64xui4>, tensor<32x2xf32>, tensor<32x2xui4>) -> tensor<32x64xf32>
  %k = hone.matmul %x, %0 {transpose_b} : (tensor<1x?x64xf32>, tensor<32x64xf32>) -> tensor<1x?x32xf32>
  %v = hone.matmul %x, %1 {transpose_b} : (tensor<1x?x64xf32>, tensor<32x64xf32>) -> tensor<1x?x32xf32>
  %y = "hone.attention"(%q, %k, %v) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 0.25 : f32}> : (tensor<1x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x64xf32>
  return %y : tensor<1x?x64xf32>
}
