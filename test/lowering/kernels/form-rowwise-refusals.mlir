// What the rowwise family leaves to others, and why.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s

#t = #hone.target<"x86-64-v4", "x86-64-v4", "+avx512f", {avx512 = 1 : i64, vector_bits = 512 : i64}>
module attributes {hone.target = #t} {
  // CHECK-LABEL: func.func @main
  // CHECK: family = "loops"
  // CHECK-SAME: reduce as rowwise: expected reduced axes that are next to each other
  func.func @main(%x: tensor<?x4x8xf32> {hone.dims = ["n", 4, 8]}) -> tensor<4xf32> {
    %0 = hone.reduce sum %x [0, 2] keepdims false : (tensor<?x4x8xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }

  // CHECK-LABEL: func.func @axis
  // CHECK: family = "loops"
  // CHECK-SAME: softmax as rowwise: expected the last axis, got axis 0
  func.func @axis(%x: tensor<?x8xf32> {hone.dims = ["n", 8]}) -> tensor<?x8xf32> {
    %0 = hone.softmax %x axis 0 : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }

  // CHECK-LABEL: func.func @wide
  // CHECK: family = "loops"
  // CHECK-SAME: softmax as rowwise: expected elements of f32, f16 or bf16
  func.func @wide(%x: tensor<?x8xf64> {hone.dims = ["n", 8]}) -> tensor<?x8xf64> {
    %0 = hone.softmax %x axis 1 : (tensor<?x8xf64>) -> tensor<?x8xf64>
    return %0 : tensor<?x8xf64>
  }

  // CHECK-LABEL: func.func @pairs
  // CHECK: family = "loops"
  // CHECK-SAME: rope as rowwise: expected a multiple of 32 interleaved elements to turn, got 8
  func.func @pairs(%x: tensor<?x?x16xf32> {hone.dims = ["b", "s", 16]}, %c: tensor<1x?x4xf32> {hone.dims = [1, "s", 4]}) -> tensor<?x?x16xf32> {
    %0 = hone.rope %x, %c, %c {heads = 2 : i64, interleaved} : (tensor<?x?x16xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<?x?x16xf32>
    return %0 : tensor<?x?x16xf32>
  }

  // CHECK-LABEL: func.func @movement
  // CHECK: family = "loops"
  // CHECK: hone.transpose
  // CHECK: family = "rowwise"
  // CHECK-SAME: transpose: only elementwise ops join in front of the root
  func.func @movement(%x: tensor<8x?xf32> {hone.dims = [8, "n"]}) -> tensor<?x8xf32> {
    %0 = hone.transpose %x [1, 0] : (tensor<8x?xf32>) -> tensor<?x8xf32>
    %1 = hone.softmax %0 axis 1 : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return %1 : tensor<?x8xf32>
  }

  // Sizes that may be 1 at run time go by loops.
  // CHECK-LABEL: func.func @open
  // CHECK: family = "loops"
  func.func @open(%x: tensor<?x?xf32> {hone.dims = ["n", "d"]}, %y: tensor<?x?xf32> {hone.dims = ["n", "e"]}) -> tensor<?x?xf32> {
    %0 = hone.add %x, %y : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    %1 = hone.exp %0 : (tensor<?x?xf32>) -> tensor<?x?xf32>
    return %1 : tensor<?x?xf32>
  }
}
