// What rotary embedding takes.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%x: tensor<2x5x64xf32>, %c: tensor<1x5x9xf32>) {
  // expected-error @+1 {{expected input [B, S, heads*H] and cos of at most H/2 columns, got}}
  %0 = hone.rope %x, %c, %c {heads = 4 : i64} : (tensor<2x5x64xf32>, tensor<1x5x9xf32>, tensor<1x5x9xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x5x64xf32>, %c: tensor<1x5x8xf32>, %s: tensor<1x5x4xf32>) {
  // expected-error @+1 {{expected cos and sin of one type, got}}
  %0 = hone.rope %x, %c, %s {heads = 4 : i64} : (tensor<2x5x64xf32>, tensor<1x5x8xf32>, tensor<1x5x4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x5x64xf32>, %c: tensor<5x8xf32>) {
  // expected-error @+1 {{expected tables of rank 3, got}}
  %0 = hone.rope %x, %c, %c {heads = 4 : i64} : (tensor<2x5x64xf32>, tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x5x64xf32>, %c: tensor<5x8xf32>, %p: tensor<2x4xi64>) {
  // expected-error @+1 {{expected positions [B, S], got}}
  %0 = hone.rope %x, %c, %c, %p {heads = 4 : i64} : (tensor<2x5x64xf32>, tensor<5x8xf32>, tensor<5x8xf32>, tensor<2x4xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x5x64xf32>, %c: tensor<3x5x8xf32>) {
  // expected-error @+1 {{expected tables [B, S, R/2], got}}
  %0 = hone.rope %x, %c, %c {heads = 4 : i64} : (tensor<2x5x64xf32>, tensor<3x5x8xf32>, tensor<3x5x8xf32>) -> tensor<*xf32>
  return
}
