// What an LSTM takes.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%x: tensor<2x3xf32>, %w: tensor<16x3xf32>, %r: tensor<16x4xf32>, %b: tensor<32xf32>, %s: tensor<2x4xf32>) {
  // expected-error @+1 {{expected input [T, B, I], w [4H, I], r [4H, H] and bias [8H]}}
  %o, %h, %c = hone.lstm %x, %w, %r, %b, %s, %s : (tensor<2x3xf32>, tensor<16x3xf32>, tensor<16x4xf32>, tensor<32xf32>, tensor<2x4xf32>, tensor<2x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return
}

// -----

func.func @main(%x: tensor<5x2x3xf32>, %w: tensor<16x5xf32>, %r: tensor<16x4xf32>, %b: tensor<32xf32>, %s: tensor<2x4xf32>) {
  // expected-error @+1 {{expected sizes that agree, got}}
  %o, %h, %c = hone.lstm %x, %w, %r, %b, %s, %s : (tensor<5x2x3xf32>, tensor<16x5xf32>, tensor<16x4xf32>, tensor<32xf32>, tensor<2x4xf32>, tensor<2x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return
}
