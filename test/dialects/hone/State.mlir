// Weights by file and by recipe, and their uses, print and parse back; a use has its type from the weight.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

// CHECK: hone.weight @file : tensor<4x8xi8> file "model.onnx" offset 64 length 32
hone.weight @file : tensor<4x8xi8> file "model.onnx" offset 64 length 32
// CHECK: hone.weight @recipe : tensor<8x4xi8> {
hone.weight @recipe : tensor<8x4xi8> {
  // CHECK: hone.get_weight @file : tensor<4x8xi8>
  %w = hone.get_weight @file : tensor<4x8xi8>
  // CHECK: hone.transpose %{{.*}} [1, 0] : (tensor<4x8xi8>) -> tensor<8x4xi8>
  %t = hone.transpose %w [1, 0] : (tensor<4x8xi8>) -> tensor<8x4xi8>
  // CHECK: hone.yield %{{.*}} : tensor<8x4xi8>
  hone.yield %t : tensor<8x4xi8>
}
func.func @main() {
  // CHECK: hone.get_weight @recipe : tensor<8x4xi8>
  %w = hone.get_weight @recipe : tensor<*xi8>
  return
}
