// Sorting and picking print, parse back and infer sizes.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%x: tensor<2x?x8xf32> {hone.dims = [2, "s", 8]}, %k: tensor<1xi64>, %b: tensor<2x6x4xf32>, %s: tensor<2x3x6xf32>, %m: tensor<i64>, %f: tensor<f32>) {
  // CHECK: hone.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %c = hone.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  // CHECK: hone.topk %{{.*}}, %{{.*}} axis 2 : (tensor<2x?x8xf32>, tensor<1xi64>) -> (tensor<2x?x3xf32>, tensor<2x?x3xi64>)
  %v, %i = hone.topk %x, %c axis 2 : (tensor<2x?x8xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  // CHECK: hone.topk %{{.*}}, %{{.*}} axis 1 {smallest} : (tensor<2x?x8xf32>, tensor<1xi64>) -> (tensor<2x?x8xf32>, tensor<2x?x8xi64>)
  %vs, %is = hone.topk %x, %k axis 1 {smallest} : (tensor<2x?x8xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  // CHECK: hone.nms %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {center} : (tensor<2x6x4xf32>, tensor<2x3x6xf32>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<2x3x6xi64>
  %o = hone.nms %b, %s, %m, %f, %f {center} : (tensor<2x6x4xf32>, tensor<2x3x6xf32>, tensor<i64>, tensor<f32>, tensor<f32>) -> tensor<*xi64>
  // CHECK: hone.nonzero %{{.*}} : (tensor<2x?x8xf32>) -> tensor<3x?xi64>
  %n = hone.nonzero %x : (tensor<2x?x8xf32>) -> tensor<*xi64>
  return
}
