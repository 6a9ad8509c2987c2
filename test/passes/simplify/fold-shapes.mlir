// A reshape to sizes computed from shapes becomes one to sizes of the argument.
// RUN: hone-opt %s --hone-fold-shapes --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @main(%arg0: tensor<?x?x384xf32>
// CHECK-NOT: hone.shape
// CHECK-DAG: %[[B:.*]] = hone.dim %arg0[0]
// CHECK-DAG: %[[S:.*]] = hone.dim %arg0[1]
// CHECK: %[[T:.*]] = hone.index_tensor %[[B]], %[[S]], %{{.*}}, %{{.*}} : tensor<4xi64>
// CHECK: hone.reshape %arg0, %[[T]]
// CHECK-SAME: -> tensor<?x?x12x32xf32>
// Shown in the docs of hone-fold-shapes.
func.func @main(%x: tensor<?x?x384xf32> {hone.dims = ["b", "s", 384]}) -> tensor<?x?x12x32xf32> {
  %shape = hone.shape %x : (tensor<?x?x384xf32>) -> tensor<3xi64>
  %zero = hone.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %one = hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %b = hone.gather %shape, %zero axis 0 : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %s = hone.gather %shape, %one axis 0 : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %rest = hone.constant dense<[12, 32]> : tensor<2xi64> : tensor<2xi64>
  %sizes = hone.concat %b, %s, %rest axis 0 : (tensor<1xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<4xi64>
  %y = hone.reshape %x, %sizes : (tensor<?x?x384xf32>, tensor<4xi64>) -> tensor<?x?x12x32xf32>
  return %y : tensor<?x?x12x32xf32>
}
