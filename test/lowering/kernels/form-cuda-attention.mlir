// Attention of 16-bit floats is one kernel on a GPU, with the columns of merged projections read in place; what does not fit says why.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s
// RUN: hone-opt %s --hone-decompose-composites | FileCheck %s --check-prefix=KEPT

module attributes {hone.device_target = #hone.target<"sm_80", "sm_80", "", {cuda = 1 : i64}>} {
  // CHECK-LABEL: func.func @caches
  // CHECK: "hone.kernel"
  // CHECK-SAME: family = "cuda_attention"
  // CHECK-COUNT-3: hone.slice
  // CHECK: "hone.attention"
  // CHECK: hone.device = "cuda"
  // KEPT-LABEL: func.func @caches
  // KEPT: "hone.attention"
  func.func @caches(%x: tensor<?x?x320xf16> {hone.dims = ["b", "s", 320]}, %k: tensor<?x1x?x64xf16> {hone.dims = ["b", 1, "p", 64]}, %v: tensor<?x1x?x64xf16> {hone.dims = ["b", 1, "p", 64]})
      -> (tensor<?x?x192xf16>, tensor<?x1x?x64xf16>, tensor<?x1x?x64xf16>) {
    %from = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
    %to = hone.constant dense<192> : tensor<1xi64> : tensor<1xi64>
    %keys = hone.constant dense<256> : tensor<1xi64> : tensor<1xi64>
    %end = hone.constant dense<320> : tensor<1xi64> : tensor<1xi64>
    %one = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
    %q = hone.slice %x, %from, %to, %one [2] {hone.device = "cuda"} : (tensor<?x?x320xf16>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x192xf16>
    %nk = hone.slice %x, %to, %keys, %one [2] {hone.device = "cuda"} : (tensor<?x?x320xf16>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x64xf16>
    %nv = hone.slice %x, %keys, %end, %one [2] {hone.device = "cuda"} : (tensor<?x?x320xf16>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x64xf16>
    %y:3 = "hone.attention"(%q, %nk, %nv, %k, %v) {hone.device = "cuda", causal, heads = 3 : i64, kv_heads = 1 : i64, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 0>}
      : (tensor<?x?x192xf16>, tensor<?x?x64xf16>, tensor<?x?x64xf16>, tensor<?x1x?x64xf16>, tensor<?x1x?x64xf16>) -> (tensor<?x?x192xf16>, tensor<?x1x?x64xf16>, tensor<?x1x?x64xf16>)
    return %y#0, %y#1, %y#2 : tensor<?x?x192xf16>, tensor<?x1x?x64xf16>, tensor<?x1x?x64xf16>
  }
  // Rows of f32, and heads of 40, are spelled out.
  // KEPT-LABEL: func.func @f32
  // KEPT-NOT: "hone.attention"
  func.func @f32(%x: tensor<?x?x64xf32> {hone.dims = ["b", "s", 64]}) -> tensor<?x?x64xf32> {
    %y = "hone.attention"(%x, %x, %x) {hone.device = "cuda", heads = 1 : i64, kv_heads = 1 : i64, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<?x?x64xf32>, tensor<?x?x64xf32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
    return %y : tensor<?x?x64xf32>
  }
  // KEPT-LABEL: func.func @heads_of_40
  // KEPT-NOT: "hone.attention"
  func.func @heads_of_40(%x: tensor<?x?x40xf16> {hone.dims = ["b", "s", 40]}) -> tensor<?x?x40xf16> {
    %y = "hone.attention"(%x, %x, %x) {hone.device = "cuda", heads = 1 : i64, kv_heads = 1 : i64, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<?x?x40xf16>, tensor<?x?x40xf16>, tensor<?x?x40xf16>) -> tensor<?x?x40xf16>
    return %y : tensor<?x?x40xf16>
  }
}
