// What scales must be.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file --verify-diagnostics

func.func @main(%q: tensor<64x32xui8>, %s: tensor<64xf32>) {
  // expected-error @+1 {{expected an axis below 2, got 2}}
  %0 = hone.dequantize %q, %s {axis = 2 : i64} : (tensor<64x32xui8>, tensor<64xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%q: tensor<64x32xui8>, %s: tensor<64xf32>) {
  // expected-error @+1 {{expected one scale an element of axis 1, got 'tensor<64xf32>'}}
  %0 = hone.dequantize %q, %s {axis = 1 : i64} : (tensor<64x32xui8>, tensor<64xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%q: tensor<64x32xui8>, %s: tensor<64xf32>) {
  // expected-error @+1 {{expected block scales of the input's rank, got 'tensor<64xf32>'}}
  %0 = hone.dequantize %q, %s {axis = 0 : i64, block = 32 : i64} : (tensor<64x32xui8>, tensor<64xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%q: tensor<64x32xui8>, %s: tensor<3x32xf32>) {
  // expected-error @+1 {{expected one scale a block of 32, got 'tensor<3x32xf32>' for 'tensor<64x32xui8>'}}
  %0 = hone.dequantize %q, %s {axis = 0 : i64, block = 32 : i64} : (tensor<64x32xui8>, tensor<3x32xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%q: tensor<64x32xui8>, %s: tensor<i32>) {
  // expected-error @+1 {{expected floating point scales, got 'i32'}}
  %0 = hone.dequantize %q, %s {axis = 0 : i64} : (tensor<64x32xui8>, tensor<i32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%x: tensor<4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expected an integer type or f8E4M3FN to quantize to, got 'f16'}}
  %0 = hone.quantize %x, %s {axis = 0 : i64, to = f16} : (tensor<4xf32>, tensor<f32>) -> tensor<*xf16>
  return
}

// -----

func.func @main(%v: tensor<0xf32>, %m: tensor<2x64xi32>) {
  // expected-error @+1 {{expected a vector of one or more floats as values, got 'tensor<0xf32>'}}
  %0 = hone.decompress %v, %m, %m {columns = 40 : i64} : (tensor<0xf32>, tensor<2x64xi32>, tensor<2x64xi32>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%v: tensor<100xf32>, %m: tensor<2x64xi32>, %s: tensor<2x64xi64>) {
  // expected-error @+1 {{expected a matrix of i32 as mask and starts, got 'tensor<2x64xi64>'}}
  %0 = hone.decompress %v, %m, %s {columns = 40 : i64} : (tensor<100xf32>, tensor<2x64xi32>, tensor<2x64xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @main(%v: tensor<100xf32>, %m: tensor<2x64xi32>) {
  // expected-error @+1 {{expected a mask and a start for every 32 of 65 columns, got 'tensor<2x64xi32>' and 'tensor<2x64xi32>'}}
  %0 = hone.decompress %v, %m, %m {columns = 65 : i64} : (tensor<100xf32>, tensor<2x64xi32>, tensor<2x64xi32>) -> tensor<*xf32>
  return
}
