// What the operands of elementwise ops must be.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%x: tensor<2x8xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{expected operands that broadcast, got}}
  %0 = hone.add %x, %y : (tensor<2x8xf32>, tensor<3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x8xf32>, %y: tensor<8xf64>) {
  // expected-error @+1 {{expected operands of one element type, got 'f32' and 'f64'}}
  %0 = hone.mul %x, %y : (tensor<2x8xf32>, tensor<8xf64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<*xf32>, %y: tensor<8xf32>) {
  // expected-error @+1 {{expected operands of known rank, got 'tensor<*xf32>'}}
  %0 = hone.max %x, %y : (tensor<*xf32>, tensor<8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x8xf32>, %y: tensor<3xi32>) {
  // expected-error @+1 {{expected operands that broadcast, got}}
  %0 = hone.pow %x, %y : (tensor<2x8xf32>, tensor<3xi32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%c: tensor<8xi32>, %x: tensor<8xf32>) {
  // expected-error @+1 {{expected a condition of i1, got 'i32'}}
  %0 = hone.select %c, %x, %x : (tensor<8xi32>, tensor<8xf32>, tensor<8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x8xf32>) {
  // expected-error @+1 {{expected element types of one width, got 'f32' and 'i64'}}
  %0 = hone.bitcast %x {to = i64} : (tensor<2x8xf32>) -> tensor<*xi64>
  return
}
