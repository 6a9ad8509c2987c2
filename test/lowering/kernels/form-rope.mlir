// A rotation reads its columns of a wider tensor in place, unless others want the slice too.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s

module attributes {hone.target = #hone.target<"x86-64-v4", "x86-64-v4", "+avx512f", {avx512 = 1 : i64, vector_bits = 512 : i64, vnni = 1 : i64}>} {
  // CHECK-LABEL: func.func @alone
  // CHECK: "hone.kernel"(%arg0, %arg1, %arg2) <{{{.*}} family = "rowwise"
  // CHECK: hone.slice
  // CHECK: hone.rope
  // CHECK-NOT: hone.kernel
  func.func @alone(%x: tensor<1x?x128xf32>, %c: tensor<1x?x8xf32>, %s: tensor<1x?x8xf32>) -> tensor<1x?x64xf32> {
    %c1 = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
    %c64 = hone.constant dense<64> : tensor<1xi64> : tensor<1xi64>
    %end = hone.constant dense<128> : tensor<1xi64> : tensor<1xi64>
    %q = hone.slice %x, %c64, %end, %c1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x64xf32>
    %y = hone.rope %q, %c, %s {heads = 4 : i64} : (tensor<1x?x64xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x64xf32>
    return %y : tensor<1x?x64xf32>
  }

  // CHECK-LABEL: func.func @shared
  // CHECK: family = "loops"
  // CHECK: family = "rowwise"
  func.func @shared(%x: tensor<1x?x128xf32>, %c: tensor<1x?x8xf32>, %s: tensor<1x?x8xf32>) -> (tensor<1x?x64xf32>, tensor<1x?x64xf32>) {
    %c1 = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
    %c64 = hone.constant dense<64> : tensor<1xi64> : tensor<1xi64>
    %end = hone.constant dense<128> : tensor<1xi64> : tensor<1xi64>
    %q = hone.slice %x, %c64, %end, %c1 [2] : (tensor<1x?x128xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x?x64xf32>
    %y = hone.rope %q, %c, %s {heads = 4 : i64} : (tensor<1x?x64xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<1x?x64xf32>
    return %y, %q : tensor<1x?x64xf32>, tensor<1x?x64xf32>
  }
}
