// What sizes, axes and permutations of views must be.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%d: index) {
  // expected-error @+1 {{expected a result of 2 elements, got 'tensor<3xi64>'}}
  %0 = hone.index_tensor %d, %d : tensor<3xi64>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %s: tensor<?xi64>) {
  // expected-error @+1 {{expected a 1-D shape of known length, got 'tensor<?xi64>'}}
  %0 = hone.reshape %x, %s : (tensor<2x3x8xf32>, tensor<?xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[0, 0, 0, 0]> : tensor<4xi64> : tensor<4xi64>
  // expected-error @+1 {{expected a dimension 3 to copy, got an input of rank 3}}
  %0 = hone.reshape %x, %s : (tensor<2x3x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[-1, -1]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected at most one -1 in the shape}}
  %0 = hone.reshape %x, %s : (tensor<2x3x8xf32>, tensor<2xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[-2, 24]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected sizes of at least -1, got -2}}
  %0 = hone.reshape %x, %s : (tensor<2x3x8xf32>, tensor<2xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[-1, 5]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected a shape for 48 elements, got one that 5 can't fill}}
  %0 = hone.reshape %x, %s : (tensor<2x3x8xf32>, tensor<2xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[7, 7]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected a shape of 48 elements, got 49}}
  %0 = hone.reshape %x, %s : (tensor<2x3x8xf32>, tensor<2xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected size 1 in dimension 1, got 3}}
  %0 = hone.squeeze %x [1] : (tensor<2x3x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected different axes within the result's rank}}
  %0 = hone.unsqueeze %x [1, 1] : (tensor<2x3x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected a permutation of 3 dimensions, got 2}}
  %0 = hone.transpose %x [1, 0] : (tensor<2x3x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected a permutation of the dimensions}}
  %0 = hone.transpose %x [1, 1, 0] : (tensor<2x3x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %s: tensor<?xi64>) {
  // expected-error @+1 {{expected a 1-D shape of known length, got 'tensor<?xi64>'}}
  %0 = hone.expand %x, %s : (tensor<2x3x8xf32>, tensor<?xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[5, 8]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected a shape that 'tensor<2x3x8xf32>' broadcasts with}}
  %0 = hone.expand %x, %s : (tensor<2x3x8xf32>, tensor<2xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>) {
  %s = hone.constant dense<[5, 8]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected 3 repeats, got 'tensor<2xi64>'}}
  %0 = hone.tile %x, %s : (tensor<2x3x8xf32>, tensor<2xi64>) -> tensor<*xf32>
  return
}
