// What the operands of a product must be.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%a: tensor<8xf32>, %b: tensor<8x4xf32>) {
  // expected-error @+1 {{expected operands of rank 2 or more, got}}
  %0 = hone.matmul %a, %b : (tensor<8xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%a: tensor<2x8xf32>, %b: tensor<8x4xf64>) {
  // expected-error @+1 {{expected operands of one element type, got 'f32' and 'f64'}}
  %0 = hone.matmul %a, %b : (tensor<2x8xf32>, tensor<8x4xf64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%a: tensor<2x8xf32>, %b: tensor<7x4xf32>) {
  // expected-error @+1 {{expected inner dimensions that agree, got 8 and 7}}
  %0 = hone.matmul %a, %b : (tensor<2x8xf32>, tensor<7x4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%a: tensor<2x2x8xf32>, %b: tensor<3x8x4xf32>) {
  // expected-error @+1 {{expected leading dimensions that broadcast, got}}
  %0 = hone.matmul %a, %b : (tensor<2x2x8xf32>, tensor<3x8x4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%a: tensor<*xf32>, %b: tensor<8x4xf32>) {
  // expected-error @+1 {{expected operands of known rank, got 'tensor<*xf32>'}}
  %0 = hone.matmul %a, %b : (tensor<*xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  return
}
