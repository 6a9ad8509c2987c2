// Norms and softmax print, parse back and keep the type of their input.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%x: tensor<2x?x8xf32> {hone.dims = [2, "s", 8]}, %g: tensor<8xf32>, %b: tensor<8xf32>) {
  // CHECK: hone.softmax %{{.*}} axis 2 : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %s = hone.softmax %x axis 2 : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.softmax %{{.*}} axis 1 {log} : (tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %l = hone.softmax %x axis 1 {log} : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.layer_norm %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32} : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<2x?x8xf32>
  %n = hone.layer_norm %x, %g {epsilon = 1.000000e-05 : f32} : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.layer_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32} : (tensor<2x?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x?x8xf32>
  %nb = hone.layer_norm %x, %g, %b {epsilon = 1.000000e-05 : f32} : (tensor<2x?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<*xf32>
  // CHECK: hone.rms_norm %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32} : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<2x?x8xf32>
  %r = hone.rms_norm %x, %g {epsilon = 1.000000e-05 : f32} : (tensor<2x?x8xf32>, tensor<8xf32>) -> tensor<*xf32>
  return
}
