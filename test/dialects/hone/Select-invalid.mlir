// The axis of a sort must be a dimension of the input.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%x: tensor<2x3x8xf32>, %k: tensor<1xi64>) {
  // expected-error @+1 {{expected an axis below 3, got 3}}
  %v, %i = hone.topk %x, %k axis 3 : (tensor<2x3x8xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return
}
