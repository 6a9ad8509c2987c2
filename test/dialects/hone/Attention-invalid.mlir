// What attention takes.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%q: tensor<2x5x64xf32>, %k: tensor<2x5x32xf32>) {
  // expected-error @+1 {{expected both presents or none, got 1}}
  %o:2 = "hone.attention"(%q, %k, %k) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 2.500000e-01 : f32}> : (tensor<2x5x64xf32>, tensor<2x5x32xf32>, tensor<2x5x32xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return
}

// -----

func.func @main(%q: tensor<2x5x64xf32>, %k: tensor<2x5x32xf32>, %past: tensor<2x2x3x16xf32>) {
  // expected-error @+1 {{expected a past of keys and values or of neither}}
  %o = "hone.attention"(%q, %k, %k, %past) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, scale = 2.500000e-01 : f32}> : (tensor<2x5x64xf32>, tensor<2x5x32xf32>, tensor<2x5x32xf32>, tensor<2x2x3x16xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%q: tensor<2x5x64xf32>, %k: tensor<2x5x32xf32>) {
  // expected-error @+1 {{expected a number of heads that is a multiple of kv_heads, got 4 and 3}}
  %o = "hone.attention"(%q, %k, %k) <{heads = 4 : i64, kv_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 2.500000e-01 : f32}> : (tensor<2x5x64xf32>, tensor<2x5x32xf32>, tensor<2x5x32xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%q: tensor<2x5x64xf32>, %k: tensor<2x5x32xf32>, %v: tensor<2x5xf32>) {
  // expected-error @+1 {{expected query, key and value of rank 3, got}}
  %o = "hone.attention"(%q, %k, %v) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 2.500000e-01 : f32}> : (tensor<2x5x64xf32>, tensor<2x5x32xf32>, tensor<2x5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%q: tensor<2x5x64xf32>, %k: tensor<2x5x32xf32>, %v: tensor<2x6x32xf32>) {
  // expected-error @+1 {{expected query, key, value and past whose heads and sizes agree, got}}
  %o = "hone.attention"(%q, %k, %v) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, scale = 2.500000e-01 : f32}> : (tensor<2x5x64xf32>, tensor<2x5x32xf32>, tensor<2x6x32xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%q: tensor<2x5x64xf32>, %k: tensor<2x5x32xf32>, %m: tensor<2x3x5x5xf32>) {
  // expected-error @+1 {{expected a mask that broadcasts to [batch, heads, query, key], got}}
  %o = "hone.attention"(%q, %k, %k, %m) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0>, scale = 2.500000e-01 : f32}> : (tensor<2x5x64xf32>, tensor<2x5x32xf32>, tensor<2x5x32xf32>, tensor<2x3x5x5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%q: tensor<2x5x64xf32>, %k: tensor<2x5x32xf32>, %n: tensor<3xi64>) {
  // expected-error @+1 {{expected one length a batch row, got 'tensor<3xi64>'}}
  %o = "hone.attention"(%q, %k, %k, %n) <{heads = 4 : i64, kv_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1>, scale = 2.500000e-01 : f32}> : (tensor<2x5x64xf32>, tensor<2x5x32xf32>, tensor<2x5x32xf32>, tensor<3xi64>) -> tensor<*xf32>
  return
}
