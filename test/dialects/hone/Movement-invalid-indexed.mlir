// What indices and updates of gathers, scatters and resampling must be.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%x: tensor<2x3x8xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{expected indices of the input's rank and an axis below it}}
  %0 = hone.gather_elements %x, %i axis 0 : (tensor<2x3x8xf32>, tensor<2xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %i: tensor<2x4xi64>) {
  // expected-error @+1 {{expected index tuples of a known length within the input's rank}}
  %0 = hone.gather_nd %x, %i : (tensor<2x3x8xf32>, tensor<2x4xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %i: tensor<2x3x8xi64>, %u: tensor<2x3x8xf64>) {
  // expected-error @+1 {{expected updates of the input's element type, got 'tensor<2x3x8xf64>'}}
  %0 = hone.scatter_elements set %x, %i, %u axis 0 : (tensor<2x3x8xf32>, tensor<2x3x8xi64>, tensor<2x3x8xf64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %i: tensor<1x3x8xi64>, %u: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected indices and updates of one shape and the input's rank, got}}
  %0 = hone.scatter_elements set %x, %i, %u axis 0 : (tensor<2x3x8xf32>, tensor<1x3x8xi64>, tensor<2x3x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %i: tensor<2x4xi64>, %u: tensor<2xf32>) {
  // expected-error @+1 {{expected index tuples of a known length within the input's rank}}
  %0 = hone.scatter_nd set %x, %i, %u : (tensor<2x3x8xf32>, tensor<2x4xi64>, tensor<2xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %i: tensor<5x1xi64>, %u: tensor<5x3xf32>) {
  // expected-error @+1 {{expected updates of one slice for each index tuple, got 'tensor<5x3xf32>'}}
  %0 = hone.scatter_nd set %x, %i, %u : (tensor<2x3x8xf32>, tensor<5x1xi64>, tensor<5x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[16]> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected 2 sizes or scales, got 'tensor<1xi64>'}}
  %0 = hone.resize linear %x, %s [1, 2] {coordinates = "half_pixel"} : (tensor<2x3x8xf32>, tensor<1xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[16]> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected an axis below 3, got 3}}
  %0 = hone.resize linear %x, %s [3] {coordinates = "half_pixel"} : (tensor<2x3x8xf32>, tensor<1xi64>) -> tensor<*xf32>
  return
}
