// A composite that no family takes becomes primitives; one that a family takes on this target stays.
// RUN: hone-opt %s --hone-decompose-composites | FileCheck %s

module attributes {hone.target = #hone.target<"x86-64-v4", "x86-64-v4", "+avx512f", {avx512 = 1 : i64, vector_bits = 512 : i64, vnni = 1 : i64}>} {
  // f64 is no type that a family has vectors for.
  // CHECK-LABEL: func.func @main
  // CHECK-NOT: hone.softmax
  // CHECK: hone.reduce max
  // CHECK: hone.exp
  // CHECK: hone.reduce sum
  // CHECK: hone.div
  // Shown in the docs of hone-decompose-composites.
  func.func @main(%x: tensor<?x8xf64>) -> tensor<?x8xf64> {
    %0 = hone.softmax %x axis 1 : (tensor<?x8xf64>) -> tensor<?x8xf64>
    return %0 : tensor<?x8xf64>
  }

  // CHECK-LABEL: func.func @taken
  // CHECK: "hone.attention"
  // CHECK-NOT: hone.matmul
  func.func @taken(%q: tensor<?x?x64xf32> {hone.dims = ["b", "s", 64]}, %k: tensor<?x?x64xf32> {hone.dims = ["b", "t", 64]}, %v: tensor<?x?x64xf32> {hone.dims = ["b", "t", 64]}) -> tensor<?x?x64xf32> {
    %0 = "hone.attention"(%q, %k, %v) <{heads = 4 : i64, kv_heads = 4 : i64, scale = 2.5e-01 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}> : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
    return %0 : tensor<?x?x64xf32>
  }
}
