// Slices of one product's columns are read in place; others stay kernels of their own, with the reason.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s

module attributes {hone.target = #hone.target<"x86-64-v4", "x86-64-v4", "+avx512f", {avx512 = 1 : i64, vector_bits = 512 : i64, vnni = 1 : i64}>} {
  // CHECK-LABEL: func.func @merged
  // CHECK: "hone.kernel"(%arg0) <{{{.*}} family = "attention"
  // CHECK-COUNT-3: hone.slice
  // CHECK: "hone.attention"
  // CHECK-NOT: hone.kernel
  func.func @merged(%x: tensor<1x?x128xf32>) -> tensor<1x?x64xf32> {
    %c0 = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
    %c1 = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
    %c64 = hone.constant dense<64> : tensor<1xi64> : tensor<1xi64>
    %c96 = hone.constant dense<96> : tensor<1xi64> : tensor<1xi64>
    %m32 = hone.constant dense<-32> : tensor<1xi64> : tensor<1xi64>
    %end = hone.constant dense<128> : tensor<1xi64> : tensor<1xi64>
    %q = hone.slice %x, %c0, %c64, %c1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x64xf32>
    %k = hone.slice %x, %c64, %c96, %c1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x32xf32>
    %v = hone.slice %x, %m32, %end, %c1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x32xf32>
    %y = "hone.attention"(%q, %k, %v) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 0.25 : f32}> : (tensor<1x?x64xf32>, tensor<1x?x32xf32>, tensor<1x?x32xf32>) -> tensor<1x?x64xf32>
    return %y : tensor<1x?x64xf32>
  }

  // Every second column, and rows.
  // CHECK-LABEL: func.func @others
  // CHECK: family = "loops"
  // CHECK: family = "loops"
  // CHECK: family = "attention"
  // CHECK-SAME: expected a slice of neighbouring columns whose places are constants
  func.func @others(%x: tensor<1x8x64xf32>, %k: tensor<1x8x32xf32>) -> tensor<1x4x32xf32> {
    %c0 = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
    %c1 = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
    %c2 = hone.constant dense<2> : tensor<1xi64> : tensor<1xi64>
    %c4 = hone.constant dense<4> : tensor<1xi64> : tensor<1xi64>
    %c64 = hone.constant dense<64> : tensor<1xi64> : tensor<1xi64>
    %q = hone.slice %k, %c0, %c4, %c1 [1] : (tensor<1x8x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x4x32xf32>
    %v = hone.slice %x, %c0, %c64, %c2 [2] : (tensor<1x8x64xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x8x32xf32>
    %y = "hone.attention"(%q, %k, %v) <{heads = 2 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 0.25 : f32}> : (tensor<1x4x32xf32>, tensor<1x8x32xf32>, tensor<1x8x32xf32>) -> tensor<1x4x32xf32>
    return %y : tensor<1x4x32xf32>
  }
}
