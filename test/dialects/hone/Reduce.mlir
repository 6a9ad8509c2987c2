// Reductions print, parse back and infer sizes.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%x: tensor<2x?x8xf32> {hone.dims = [2, "s", 8]}) {
  // CHECK: hone.reduce sum %{{.*}} [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<?xf32>
  %sum = hone.reduce sum %x [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.reduce mean %{{.*}} [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<?xf32>
  %mean = hone.reduce mean %x [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.reduce max %{{.*}} [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<?xf32>
  %max = hone.reduce max %x [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.reduce min %{{.*}} [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<?xf32>
  %min = hone.reduce min %x [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.reduce prod %{{.*}} [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<?xf32>
  %prod = hone.reduce prod %x [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.reduce l1 %{{.*}} [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<?xf32>
  %l1 = hone.reduce l1 %x [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.reduce sum_square %{{.*}} [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<?xf32>
  %sum_square = hone.reduce sum_square %x [0, 2] keepdims false : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.reduce sum %{{.*}} [1] keepdims true : (tensor<2x?x8xf32>) -> tensor<2x1x8xf32>
  %kept = hone.reduce sum %x [1] keepdims true : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.arg_reduce %{{.*}} axis 2 keepdims false : (tensor<2x?x8xf32>) -> tensor<2x?xi64>
  %am = hone.arg_reduce %x axis 2 keepdims false : (tensor<2x?x8xf32>) -> tensor<*xi64>
  // CHECK: hone.arg_reduce %{{.*}} axis 1 keepdims true {last, min} : (tensor<2x?x8xf32>) -> tensor<2x1x8xi64>
  %ai = hone.arg_reduce %x axis 1 keepdims true {last, min} : (tensor<2x?x8xf32>) -> tensor<*xi64>
  // CHECK: hone.cumsum %{{.*}} axis 1 : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %cs = hone.cumsum %x axis 1 : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.cumsum %{{.*}} axis 1 {exclusive, prod, reverse} : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %cp = hone.cumsum %x axis 1 {exclusive, prod, reverse} : (tensor<2x?x8xf32>) -> tensor<*xf32>
  return
}
