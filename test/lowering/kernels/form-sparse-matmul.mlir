// A weight without its zeros is read as it lies, with an epilogue; where the target has no AVX-512 it is made dense by a kernel of its own.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s
// RUN: sed 's/avx512 = 1 : i64, //' %s | hone-opt --hone-form-kernels | FileCheck %s --check-prefix=DENSE

module attributes {hone.target = #hone.target<"x86-64-v4", "x86-64-v4", "+avx512f", {avx512 = 1 : i64, vector_bits = 512 : i64}>} {
  hone.weight @v : tensor<500xf32> file "w" offset 0 length 2000
  hone.weight @m : tensor<2x64xi32> file "w" offset 2000 length 512
  hone.weight @s : tensor<2x64xi32> file "w" offset 2512 length 512

  // CHECK-LABEL: func.func @main
  // CHECK: "hone.kernel"
  // CHECK-SAME: family = "sparse_matmul"
  // CHECK: hone.decompress %{{.*}}, %{{.*}}, %{{.*}} {columns = 40 : i64} : (tensor<500xf32>, tensor<2x64xi32>, tensor<2x64xi32>) -> tensor<64x40xf32>
  // CHECK: hone.matmul
  // CHECK: hone.relu
  // CHECK-NOT: "hone.kernel"
  // DENSE: "hone.kernel"
  // DENSE-SAME: family = "loops"
  // DENSE: hone.decompress
  // DENSE: family = "matmul"
  func.func @main(%x: tensor<?x64xf32> {hone.dims = ["m", 64]}) -> tensor<?x40xf32> {
    %v = hone.get_weight @v : tensor<500xf32>
    %m = hone.get_weight @m : tensor<2x64xi32>
    %s = hone.get_weight @s : tensor<2x64xi32>
    %w = hone.decompress %v, %m, %s {columns = 40 : i64} : (tensor<500xf32>, tensor<2x64xi32>, tensor<2x64xi32>) -> tensor<64x40xf32>
    %0 = hone.matmul %x, %w : (tensor<?x64xf32>, tensor<64x40xf32>) -> tensor<?x40xf32>
    %1 = hone.relu %0 : (tensor<?x40xf32>) -> tensor<?x40xf32>
    return %1 : tensor<?x40xf32>
  }
}
