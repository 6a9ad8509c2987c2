// Products print, parse back and infer sizes; bytes multiply into i32.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%a: tensor<2x?x8xf32> {hone.dims = [2, "s", 8]}, %b: tensor<8x16xf32>, %c: tensor<1x?x5xf32> {hone.dims = [1, "s", 5]},
                %u: tensor<4x8xui8>, %v: tensor<8x3xi8>) {
  // CHECK: hone.matmul %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<8x16xf32>) -> tensor<2x?x16xf32>
  %m = hone.matmul %a, %b : (tensor<2x?x8xf32>, tensor<8x16xf32>) -> tensor<*xf32>
  // CHECK: hone.matmul %{{.*}}, %{{.*}} {transpose_a} : (tensor<2x?x8xf32>, tensor<1x?x5xf32>) -> tensor<2x8x5xf32>
  %ta = hone.matmul %a, %c {transpose_a} : (tensor<2x?x8xf32>, tensor<1x?x5xf32>) -> tensor<*xf32>
  // CHECK: hone.matmul %{{.*}}, %{{.*}} {transpose_b} : (tensor<2x?x8xf32>, tensor<2x?x8xf32>) -> tensor<2x?x?xf32>
  %tb = hone.matmul %a, %a {transpose_b} : (tensor<2x?x8xf32>, tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.matmul %{{.*}}, %{{.*}} {activation_bits = 8 : i64} : (tensor<2x?x8xf32>, tensor<8x16xf32>) -> tensor<2x?x16xf32>
  %q = hone.matmul %a, %b {activation_bits = 8 : i64} : (tensor<2x?x8xf32>, tensor<8x16xf32>) -> tensor<*xf32>
  // CHECK: hone.matmul %{{.*}}, %{{.*}} : (tensor<4x8xui8>, tensor<8x3xi8>) -> tensor<4x3xi32>
  %i = hone.matmul %u, %v : (tensor<4x8xui8>, tensor<8x3xi8>) -> tensor<*xi32>
  return
}
