// Axes of reductions must be dimensions of the input.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%x: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected an axis below 3, got 3}}
  %0 = hone.reduce sum %x [3] keepdims true : (tensor<2x3x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected an axis below 3, got 4}}
  %0 = hone.arg_reduce %x axis 4 keepdims true : (tensor<2x3x8xf32>) -> tensor<*xi64>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected an axis below 3, got 5}}
  %0 = hone.cumsum %x axis 5 : (tensor<2x3x8xf32>) -> tensor<*xf32>
  return
}
