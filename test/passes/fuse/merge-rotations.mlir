// Rotations of columns beside each other, by the same angles and for attention, become one.
// RUN: hone-opt %s --hone-merge-rotations --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: %[[BOTH:.*]] = hone.slice %arg0, {{.*}} -> tensor<1x?x96xf32>
// CHECK: %[[R:.*]] = hone.rope %[[BOTH]], %arg1, %arg2 {heads = 6 : i64} : (tensor<1x?x96xf32>
// CHECK: %[[Q:.*]] = hone.slice %[[R]], {{.*}} -> tensor<1x?x64xf32>
// CHECK: %[[K:.*]] = hone.slice %[[R]], {{.*}} -> tensor<1x?x32xf32>
// CHECK: "hone.attention"(%[[Q]], %[[K]], %{{.*}})
// CHECK-NOT: hone.rope
// Shown in the docs of hone-merge-rotations.
func.func @main(%p: tensor<1x?x128xf32>, %c: tensor<1x?x8xf32>, %s: tensor<1x?x8xf32>) -> tensor<1x?x64xf32> {
  %0 = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %1 = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %64 = hone.constant dense<64> : tensor<1xi64> : tensor<1xi64>
  %96 = hone.constant dense<96> : tensor<1xi64> : tensor<1xi64>
  %128 = hone.constant dense<128> : tensor<1xi64> : tensor<1xi64>
  %q = hone.slice %p, %0, %64, %1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x64xf32>
  %k = hone.slice %p, %64, %96, %1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x32xf32>
  %v = hone.slice %p, %96, %128, %1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x32xf32>
  %a = hone.rope %q, %c, %s {heads = 4 : i64} : (tensor<1x?x64xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x64xf32>
  %b = hone.rope %k, %c, %s {heads = 2 : i64} : (tensor<1x?x32xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x32xf32>
  %y = "hone.attention"(%a, %b, %v) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 0.25 : f32}> : (tensor<1x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x64xf32>
  return %y : tensor<1x?x64xf32>
}

// -----

// Other angles, columns that are not beside each other, and a reader that would copy: two stay two.
// CHECK-LABEL: func.func @main
// CHECK-COUNT-4: hone.rope
func.func @main(%p: tensor<1x?x128xf32>, %c: tensor<1x?x8xf32>, %s: tensor<1x?x8xf32>, %t: tensor<1x?x8xf32>) -> (tensor<1x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x64xf32>) {
  %0 = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %1 = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %64 = hone.constant dense<64> : tensor<1xi64> : tensor<1xi64>
  %96 = hone.constant dense<96> : tensor<1xi64> : tensor<1xi64>
  %128 = hone.constant dense<128> : tensor<1xi64> : tensor<1xi64>
  %q = hone.slice %p, %0, %64, %1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x64xf32>
  %k = hone.slice %p, %64, %96, %1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x32xf32>
  %v = hone.slice %p, %96, %128, %1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x32xf32>
  %a = hone.rope %q, %c, %s {heads = 4 : i64} : (tensor<1x?x64xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x64xf32>
  %b = hone.rope %k, %c, %t {heads = 2 : i64} : (tensor<1x?x32xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x32xf32>
  %d = hone.rope %v, %c, %s {heads = 2 : i64} : (tensor<1x?x32xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x32xf32>
  %e = hone.rope %k, %c, %s {heads = 2 : i64} : (tensor<1x?x32xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x32xf32>
  %y = "hone.attention"(%a, %b, %d) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 0.25 : f32}> : (tensor<1x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x64xf32>
  return %y, %e, %a : tensor<1x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x64xf32>
}
