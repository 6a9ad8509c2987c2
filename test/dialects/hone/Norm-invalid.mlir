// What norms and softmax take.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%x: tensor<2x3x8xf32>) {
  // expected-error @+1 {{expected an axis below 3, got 3}}
  %0 = hone.softmax %x axis 3 : (tensor<2x3x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<4xi32>) {
  // expected-error @+1 {{expected floating point elements, got 'i32'}}
  %0 = hone.softmax %x axis 0 : (tensor<4xi32>) -> tensor<*xi32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %g: tensor<1x8xf32>) {
  // expected-error @+1 {{expected a 1-D scale and bias, got 'tensor<1x8xf32>'}}
  %0 = hone.rms_norm %x, %g {epsilon = 1.0e-5 : f32} : (tensor<2x3x8xf32>, tensor<1x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<2x3x8xf32>, %g: tensor<8xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{expected a row of the input's last dimension, got 'tensor<3xf32>'}}
  %0 = hone.layer_norm %x, %g, %b {epsilon = 1.0e-5 : f32} : (tensor<2x3x8xf32>, tensor<8xf32>, tensor<3xf32>) -> tensor<*xf32>
  return
}
