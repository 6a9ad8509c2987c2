// The axis of a sort must be a dimension of the input; boxes and scores must fit each other.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%x: tensor<2x3x8xf32>, %k: tensor<1xi64>) {
  // expected-error @+1 {{expected an axis below 3, got 3}}
  %v, %i = hone.topk %x, %k axis 3 : (tensor<2x3x8xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return
}

// -----

func.func @main(%b: tensor<2x6x4xf32>, %s: tensor<2x3x5xf32>, %m: tensor<i64>, %f: tensor<f32>) {
  // expected-error @+1 {{expected boxes [batch, box, 4] and scores [batch, class, box], got 'tensor<2x6x4xf32>' and 'tensor<2x3x5xf32>'}}
  %o = hone.nms %b, %s, %m, %f, %f : (tensor<2x6x4xf32>, tensor<2x3x5xf32>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<*xi64>
  return
}

// -----

func.func @main(%b: tensor<2x6x4xf16>, %s: tensor<2x3x6xf32>, %m: tensor<i64>, %f: tensor<f32>) {
  // expected-error @+1 {{expected boxes and scores of rank 3 and element type f32}}
  %o = hone.nms %b, %s, %m, %f, %f : (tensor<2x6x4xf16>, tensor<2x3x6xf32>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<*xi64>
  return
}

// -----

func.func @main(%b: tensor<2x6x4xf32>, %s: tensor<2x3x6xf32>, %m: tensor<1xi64>, %f: tensor<f32>) {
  // expected-error @+1 {{expected the most boxes as one i64, overlap and least score as one f32 each}}
  %o = hone.nms %b, %s, %m, %f, %f : (tensor<2x6x4xf32>, tensor<2x3x6xf32>, tensor<1xi64>, tensor<f32>, tensor<f32>) -> tensor<*xi64>
  return
}
