// What branches and loop bodies must yield.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<4xf64>) {
  // expected-error @+1 {{expected values of one type from all paths, got 'tensor<4xf32>' and 'tensor<4xf64>'}}
  %r = hone.if %c {
    hone.yield %x : tensor<4xf32>
  } else {
    hone.yield %y : tensor<4xf64>
  } : (tensor<i1>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<4x1xf32>) {
  // expected-error @+1 {{expected values of one rank from all paths, got 'tensor<4xf32>' and 'tensor<4x1xf32>'}}
  %r = hone.if %c {
    hone.yield %x : tensor<4xf32>
  } else {
    hone.yield %y : tensor<4x1xf32>
  } : (tensor<i1>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{expected 1 results from both branches, got 2 and 1}}
  %r = hone.if %c {
    hone.yield %x, %x : tensor<4xf32>, tensor<4xf32>
  } else {
    hone.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected a body of 3 arguments, got 1}}
  %r = "hone.loop"(%x) <{operandSegmentSizes = array<i32: 0, 0, 1>}> ({
  ^bb0(%i: tensor<i64>):
    hone.yield %i : tensor<i64>
  }) : (tensor<4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected 3 values from the body, got 2}}
  %r:2 = "hone.loop"(%x) <{operandSegmentSizes = array<i32: 0, 0, 1>}> ({
  ^bb0(%i: tensor<i64>, %g: tensor<i1>, %v: tensor<4xf32>):
    hone.yield %g, %v : tensor<i1>, tensor<4xf32>
  }) : (tensor<4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return
}

// -----

func.func @main(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected carried values to keep type and rank, got 'tensor<4xf32>' then 'tensor<i64>'}}
  %r = "hone.loop"(%x) <{operandSegmentSizes = array<i32: 0, 0, 1>}> ({
  ^bb0(%i: tensor<i64>, %g: tensor<i1>, %v: tensor<4xf32>):
    hone.yield %g, %i : tensor<i1>, tensor<i64>
  }) : (tensor<4xf32>) -> tensor<*xf32>
  return
}
