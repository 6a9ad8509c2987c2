// What axes, pads and indices of ops that cut, join and make must be.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main() {
  // expected-error @+1 {{expected at least one input}}
  %0 = hone.concat  axis 0 : () -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected an axis below 3, got 3}}
  %0 = hone.concat %x axis 3 : (tensor<2x3x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %y: tensor<2x3xf32>) {
  // expected-error @+1 {{expected inputs of one rank and element type, got}}
  %0 = hone.concat %x, %y axis 0 : (tensor<2x3x8xf32>, tensor<2x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %y: tensor<2x4x8xf32>) {
  // expected-error @+1 {{expected inputs of one size in dimension 1}}
  %0 = hone.concat %x, %y axis 0 : (tensor<2x3x8xf32>, tensor<2x4x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[1]> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected an axis below 3, got 3}}
  %0 = hone.slice %x, %s, %s, %s [3] : (tensor<2x3x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[0]> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected a step other than 0}}
  %0 = hone.slice %x, %s, %s, %s [0] : (tensor<2x3x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %v: tensor<f32>) {
  %s = hone.constant dense<[0]> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected 6 pads, got 'tensor<1xi64>'}}
  %0 = hone.pad edge %x, %s, %v : (tensor<2x3x8xf32>, tensor<1xi64>, tensor<f32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %v: tensor<f32>) {
  %s = hone.constant dense<[-3, 0, 0, 0, 0, 0]> : tensor<6xi64> : tensor<6xi64>
  // expected-error @+1 {{expected pads that leave dimension 0 a size, got -1}}
  %0 = hone.pad constant %x, %s, %v : (tensor<2x3x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%s: tensor<?xi64>, %v: tensor<f32>) {
  // expected-error @+1 {{expected a 1-D shape of known length, got 'tensor<?xi64>'}}
  %0 = hone.fill %s, %v : (tensor<?xi64>, tensor<f32>) -> tensor<*xf32>
  return
}

// -----

func.func @main() {
  %a = hone.constant dense<0.0> : tensor<f32> : tensor<f32>
  %b = hone.constant dense<1.0e30> : tensor<f32> : tensor<f32>
  %c = hone.constant dense<1.0> : tensor<f32> : tensor<f32>
  // expected-error @+1 {{expected a length of less than 1e12 elements}}
  %0 = hone.range %a, %b, %c : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %i: tensor<2xf32>) {
  // expected-error @+1 {{expected integers as indices, got 'tensor<2xf32>'}}
  %0 = hone.gather %x, %i axis 0 : (tensor<2x3x8xf32>, tensor<2xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %i: tensor<2xi32>) {
  // expected-error @+1 {{expected an axis below 3, got 3}}
  %0 = hone.gather %x, %i axis 3 : (tensor<2x3x8xf32>, tensor<2xi32>) -> tensor<*xf32>
  return
}

// -----

func.func @main() {
  %s = hone.constant dense<[4, 5]> : tensor<2xi64> : tensor<2xi64>
  %i = hone.constant dense<[2]> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected indices below 2, got 2}}
  %0 = hone.gather %s, %i axis 0 : (tensor<2xi64>, tensor<1xi64>) -> tensor<*xi64>
  return
}
