// Attention with past, mask and lengths and rotary embedding print, parse back and infer sizes.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%q: tensor<2x?x64xf32> {hone.dims = [2, "s", 64]}, %k: tensor<2x?x32xf32> {hone.dims = [2, "s", 32]},
                %past: tensor<2x2x?x16xf32> {hone.dims = [2, 2, "p", 16]}, %mask: tensor<2x1x?x?xf32> {hone.dims = [2, 1, "s", "p + s"]}, %n: tensor<2xi64>,
                %cos: tensor<1x?x8xf32> {hone.dims = [1, "s", 8]}, %tab: tensor<128x4xf32>, %pos: tensor<2x?xi64> {hone.dims = [2, "s"]}) {
  // CHECK: "hone.attention"(%{{.*}}, %{{.*}}, %{{.*}}) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 2.500000e-01 : f32, softcap = 0.000000e+00 : f32, window = -1 : i64}> : (tensor<2x?x64xf32>, tensor<2x?x32xf32>, tensor<2x?x32xf32>) -> tensor<2x?x64xf32>
  %a = "hone.attention"(%q, %k, %k) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 2.500000e-01 : f32}> : (tensor<2x?x64xf32>, tensor<2x?x32xf32>, tensor<2x?x32xf32>) -> tensor<*xf32>
  // CHECK: "hone.attention"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) <{causal, heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 0>, scale = 2.500000e-01 : f32, softcap = 3.000000e+01 : f32, window = 128 : i64}> : (tensor<2x?x64xf32>, tensor<2x?x32xf32>, tensor<2x?x32xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x1x?x?xf32>) -> (tensor<2x?x64xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>)
  %b, %p:2 = "hone.attention"(%q, %k, %k, %past, %past, %mask) <{causal, heads = 4 : i64, kv_heads = 2 : i64, softcap = 3.000000e+01 : f32, window = 128 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 0>, scale = 2.500000e-01 : f32}> : (tensor<2x?x64xf32>, tensor<2x?x32xf32>, tensor<2x?x32xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x1x?x?xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  // CHECK: "hone.attention"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) <{causal, heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1>, scale = 2.500000e-01 : f32, softcap = 0.000000e+00 : f32, window = -1 : i64}> : (tensor<2x?x64xf32>, tensor<2x?x32xf32>, tensor<2x?x32xf32>, tensor<2xi64>) -> tensor<2x?x64xf32>
  %c = "hone.attention"(%q, %k, %k, %n) <{causal, heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1>, scale = 2.500000e-01 : f32}> : (tensor<2x?x64xf32>, tensor<2x?x32xf32>, tensor<2x?x32xf32>, tensor<2xi64>) -> tensor<*xf32>
  // CHECK: hone.rope %{{.*}}, %{{.*}}, %{{.*}} {heads = 4 : i64} : (tensor<2x?x64xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<2x?x64xf32>
  %r = hone.rope %q, %cos, %cos {heads = 4 : i64} : (tensor<2x?x64xf32>, tensor<1x?x8xf32>, tensor<1x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.rope %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {heads = 4 : i64, interleaved} : (tensor<2x?x64xf32>, tensor<128x4xf32>, tensor<128x4xf32>, tensor<2x?xi64>) -> tensor<2x?x64xf32>
  %ri = hone.rope %q, %tab, %tab, %pos {heads = 4 : i64, interleaved} : (tensor<2x?x64xf32>, tensor<128x4xf32>, tensor<128x4xf32>, tensor<2x?xi64>) -> tensor<*xf32>
  return
}
