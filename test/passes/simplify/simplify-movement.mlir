// Movement that changes nothing goes; what changes something stays.
// RUN: hone-opt %s --hone-simplify-movement --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-NOT: hone.transpose
// CHECK: return %arg0
// Shown in the docs of hone-simplify-movement.
func.func @main(%x: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  %0 = hone.transpose %x [1, 0, 2] : (tensor<?x4x8xf32>) -> tensor<4x?x8xf32>
  %1 = hone.transpose %0 [1, 0, 2] : (tensor<4x?x8xf32>) -> tensor<?x4x8xf32>
  return %1 : tensor<?x4x8xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: hone.transpose %arg0
func.func @main(%x: tensor<?x4x8xf32>) -> tensor<4x?x8xf32> {
  %0 = hone.transpose %x [1, 0, 2] : (tensor<?x4x8xf32>) -> tensor<4x?x8xf32>
  return %0 : tensor<4x?x8xf32>
}

// -----

// A transpose that moves only a size of 1 moves no bytes.
// CHECK-LABEL: func.func @main
// CHECK: hone.reshape %arg0
// CHECK-NOT: hone.transpose
func.func @main(%x: tensor<?x1x8xf32>) -> tensor<1x?x8xf32> {
  %0 = hone.transpose %x [1, 0, 2] : (tensor<?x1x8xf32>) -> tensor<1x?x8xf32>
  return %0 : tensor<1x?x8xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: return %arg0
func.func @main(%x: tensor<?x12x32xf32> {hone.dims = ["n", 12, 32]}) -> tensor<?x12x32xf32> {
  %s = hone.constant dense<[-1, 384]> : tensor<2xi64> : tensor<2xi64>
  %t = hone.constant dense<[-1, 12, 32]> : tensor<3xi64> : tensor<3xi64>
  %0 = hone.reshape %x, %s : (tensor<?x12x32xf32>, tensor<2xi64>) -> tensor<?x384xf32>
  %1 = hone.reshape %0, %t : (tensor<?x384xf32>, tensor<3xi64>) -> tensor<?x12x32xf32>
  return %1 : tensor<?x12x32xf32>
}

// -----

// The transpose of a batched product, written over one merged batch.
// CHECK-LABEL: func.func @main
// CHECK: %[[T:.*]] = hone.transpose %arg0 [0, 1, 3, 2]
// CHECK-NEXT: return %[[T]]
func.func @main(%x: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]}, %y: tensor<?x?xf32> {hone.dims = ["b", "s"]}) -> tensor<?x4x16x?xf32> {
  %open = arith.constant -1 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %b = hone.dim %y[0] : tensor<?x?xf32>
  %s = hone.dim %y[1] : tensor<?x?xf32>
  %merged = hone.index_tensor %open, %s, %c16 : tensor<3xi64>
  %split = hone.index_tensor %b, %c4, %c16, %s : tensor<4xi64>
  %0 = hone.reshape %x, %merged : (tensor<?x4x?x16xf32>, tensor<3xi64>) -> tensor<?x?x16xf32>
  %1 = hone.transpose %0 [0, 2, 1] : (tensor<?x?x16xf32>) -> tensor<?x16x?xf32>
  %2 = hone.reshape %1, %split : (tensor<?x16x?xf32>, tensor<4xi64>) -> tensor<?x4x16x?xf32>
  return %2 : tensor<?x4x16x?xf32>
}
