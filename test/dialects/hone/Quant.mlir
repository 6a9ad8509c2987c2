// Quantization prints, parses back and infers types.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%q: tensor<64x32xui8>, %i: tensor<64x32xui4>, %s: tensor<f32>, %sa: tensor<32xf32>, %za: tensor<32xui8>, %sb: tensor<2x32xf16>,
                %x: tensor<?x32xf32> {hone.dims = ["n", 32]}, %z: tensor<ui8>,
                %v: tensor<100xf16>, %m: tensor<2x64xi32>) {
  // CHECK: hone.dequantize %{{.*}}, %{{.*}} {axis = 0 : i64} : (tensor<64x32xui8>, tensor<f32>) -> tensor<64x32xf32>
  %d = hone.dequantize %q, %s {axis = 0 : i64} : (tensor<64x32xui8>, tensor<f32>) -> tensor<*xf32>
  // CHECK: hone.dequantize %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<64x32xui8>, tensor<32xf32>, tensor<32xui8>) -> tensor<64x32xf32>
  %da = hone.dequantize %q, %sa, %za {axis = 1 : i64} : (tensor<64x32xui8>, tensor<32xf32>, tensor<32xui8>) -> tensor<*xf32>
  // CHECK: hone.dequantize %{{.*}}, %{{.*}} {axis = 0 : i64, block = 32 : i64} : (tensor<64x32xui4>, tensor<2x32xf16>) -> tensor<64x32xf16>
  %db = hone.dequantize %i, %sb {axis = 0 : i64, block = 32 : i64} : (tensor<64x32xui4>, tensor<2x32xf16>) -> tensor<*xf16>
  // CHECK: hone.quantize %{{.*}}, %{{.*}}, %{{.*}} {axis = 0 : i64, to = ui8} : (tensor<?x32xf32>, tensor<f32>, tensor<ui8>) -> tensor<?x32xui8>
  %u = hone.quantize %x, %s, %z {axis = 0 : i64, to = ui8} : (tensor<?x32xf32>, tensor<f32>, tensor<ui8>) -> tensor<*xui8>
  // CHECK: hone.decompress %{{.*}}, %{{.*}}, %{{.*}} {columns = 40 : i64} : (tensor<100xf16>, tensor<2x64xi32>, tensor<2x64xi32>) -> tensor<64x40xf16>
  %w = hone.decompress %v, %m, %m {columns = 40 : i64} : (tensor<100xf16>, tensor<2x64xi32>, tensor<2x64xi32>) -> tensor<*xf16>
  return
}
