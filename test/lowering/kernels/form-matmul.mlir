// A product with a weight reads a packed copy that a recipe computes; the region unpacks it, so that its meaning is whole.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s

module attributes {hone.target = #hone.target<"x86-64-v4", "x86-64-v4", "+avx512f", {avx512 = 1 : i64, vector_bits = 512 : i64, vnni = 1 : i64}>} {
  // CHECK: hone.weight @w.packed32 : tensor<2x8x32xf32> {
  // CHECK: hone.pad constant %{{.*}} -> tensor<8x64xf32>
  // CHECK: hone.transpose %{{.*}} [1, 0, 2] : (tensor<8x2x32xf32>) -> tensor<2x8x32xf32>
  hone.weight @w : tensor<8x40xf32> file "w" offset 0 length 1280
  hone.weight @b : tensor<40xf32> file "w" offset 1280 length 160

  // CHECK-LABEL: func.func @main
  // CHECK: %[[PACKED:.*]] = hone.get_weight @w.packed32
  // CHECK: "hone.kernel"
  // CHECK-SAME: config = {k = 8 : i64, n = 40 : i64, packed = 32 : i64}
  // CHECK-SAME: family = "matmul"
  // CHECK: hone.slice %{{.*}} -> tensor<8x40xf32>
  // CHECK: hone.matmul
  // CHECK: hone.add
  // CHECK: hone.relu
  // CHECK-NOT: "hone.kernel"
  // Shown in the docs of hone-form-kernels.
  func.func @main(%x: tensor<?x8xf32> {hone.dims = ["m", 8]}) -> tensor<?x40xf32> {
    %w = hone.get_weight @w : tensor<8x40xf32>
    %b = hone.get_weight @b : tensor<40xf32>
    %0 = hone.matmul %x, %w : (tensor<?x8xf32>, tensor<8x40xf32>) -> tensor<?x40xf32>
    %1 = hone.add %0, %b : (tensor<?x40xf32>, tensor<40xf32>) -> tensor<?x40xf32>
    %2 = hone.relu %1 : (tensor<?x40xf32>) -> tensor<?x40xf32>
    return %2 : tensor<?x40xf32>
  }
}
