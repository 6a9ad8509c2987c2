// Ops that view, permute, cut and make tensors print, parse back and infer sizes.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%x: tensor<2x?x8xf32> {hone.dims = [2, "s", 8]}, %i: tensor<5x3xi64>) {
  // CHECK: hone.constant dense<0.000000e+00> : tensor<f32> : tensor<f32>
  %v = hone.constant dense<0.0> : tensor<f32> : tensor<f32>
  // CHECK: hone.constant dense<1> : tensor<i64> : tensor<i64>
  %one = hone.constant dense<1> : tensor<i64> : tensor<i64>
  // CHECK: hone.dim %{{.*}}[1] : tensor<2x?x8xf32>
  %d = hone.dim %x[1] : tensor<2x?x8xf32>
  // CHECK: hone.index_tensor %{{.*}}, %{{.*}} : tensor<2xi64>
  %it = hone.index_tensor %d, %d : tensor<2xi64>
  // CHECK: hone.shape %{{.*}} : (tensor<2x?x8xf32>) -> tensor<3xi64>
  %sh = hone.shape %x : (tensor<2x?x8xf32>) -> tensor<*xi64>
  // CHECK: hone.shape %{{.*}} {end = 2 : i64, start = 1 : i64} : (tensor<2x?x8xf32>) -> tensor<1xi64>
  %sh1 = hone.shape %x {start = 1 : i64, end = 2 : i64} : (tensor<2x?x8xf32>) -> tensor<*xi64>
  // CHECK: hone.constant dense<[0, -1, 2, 4]> : tensor<4xi64> : tensor<4xi64>
  %s = hone.constant dense<[0, -1, 2, 4]> : tensor<4xi64> : tensor<4xi64>
  // CHECK: hone.constant dense<[2, -1]> : tensor<2xi64> : tensor<2xi64>
  %s2 = hone.constant dense<[2, -1]> : tensor<2xi64> : tensor<2xi64>
  // CHECK: hone.reshape %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<4xi64>) -> tensor<2x?x2x4xf32>
  %r = hone.reshape %x, %s : (tensor<2x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  // CHECK: hone.reshape %{{.*}}, %{{.*}} {allowzero} : (tensor<2x?x8xf32>, tensor<2xi64>) -> tensor<2x?xf32>
  %rz = hone.reshape %x, %s2 {allowzero} : (tensor<2x?x8xf32>, tensor<2xi64>) -> tensor<*xf32>
  // CHECK: hone.unsqueeze %{{.*}} [0, 2] : (tensor<2x?x8xf32>) -> tensor<1x2x1x?x8xf32>
  %u = hone.unsqueeze %x [0, 2] : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.squeeze %{{.*}} [0, 2] : (tensor<1x2x1x?x8xf32>) -> tensor<2x?x8xf32>
  %q = hone.squeeze %u [0, 2] : (tensor<*xf32>) -> tensor<*xf32>
  // CHECK: hone.transpose %{{.*}} [2, 0, 1] : (tensor<2x?x8xf32>) -> tensor<8x2x?xf32>
  %t = hone.transpose %x [2, 0, 1] : (tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.constant dense<[3, 1, 1, 1]> : tensor<4xi64> : tensor<4xi64>
  %e = hone.constant dense<[3, 1, 1, 1]> : tensor<4xi64> : tensor<4xi64>
  // CHECK: hone.expand %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<4xi64>) -> tensor<3x2x?x8xf32>
  %ex = hone.expand %x, %e : (tensor<2x?x8xf32>, tensor<4xi64>) -> tensor<*xf32>
  // CHECK: hone.constant dense<[1, 2, 3]> : tensor<3xi64> : tensor<3xi64>
  %rep = hone.constant dense<[1, 2, 3]> : tensor<3xi64> : tensor<3xi64>
  // CHECK: hone.tile %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<3xi64>) -> tensor<2x?x24xf32>
  %ti = hone.tile %x, %rep : (tensor<2x?x8xf32>, tensor<3xi64>) -> tensor<*xf32>
  // CHECK: hone.concat %{{.*}}, %{{.*}} axis 1 : (tensor<2x?x8xf32>, tensor<2x?x8xf32>) -> tensor<2x?x8xf32>
  %c = hone.concat %x, %x axis 1 : (tensor<2x?x8xf32>, tensor<2x?x8xf32>) -> tensor<*xf32>
  // CHECK: hone.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %b = hone.constant dense<[1]> : tensor<1xi64> : tensor<1xi64>
  // CHECK: hone.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %end = hone.constant dense<[-1]> : tensor<1xi64> : tensor<1xi64>
  // CHECK: hone.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %st = hone.constant dense<[2]> : tensor<1xi64> : tensor<1xi64>
  // CHECK: hone.slice %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} [2] : (tensor<2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x?x3xf32>
  %sl = hone.slice %x, %b, %end, %st [2] : (tensor<2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  // CHECK: hone.constant dense<[0, 1, 0, 0, 1, 2]> : tensor<6xi64> : tensor<6xi64>
  %p = hone.constant dense<[0, 1, 0, 0, 1, 2]> : tensor<6xi64> : tensor<6xi64>
  // CHECK: hone.pad constant %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<2x?x10xf32>
  %p_constant = hone.pad constant %x, %p, %v : (tensor<2x?x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<*xf32>
  // CHECK: hone.pad reflect %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<2x?x10xf32>
  %p_reflect = hone.pad reflect %x, %p, %v : (tensor<2x?x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<*xf32>
  // CHECK: hone.pad edge %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<2x?x10xf32>
  %p_edge = hone.pad edge %x, %p, %v : (tensor<2x?x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<*xf32>
  // CHECK: hone.pad wrap %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<2x?x10xf32>
  %p_wrap = hone.pad wrap %x, %p, %v : (tensor<2x?x8xf32>, tensor<6xi64>, tensor<f32>) -> tensor<*xf32>
  // CHECK: hone.fill %{{.*}}, %{{.*}} : (tensor<3xi64>, tensor<f32>) -> tensor<2x?x8xf32>
  %f = hone.fill %sh, %v : (tensor<*xi64>, tensor<f32>) -> tensor<*xf32>
  // CHECK: hone.constant dense<7> : tensor<i64> : tensor<i64>
  %n = hone.constant dense<7> : tensor<i64> : tensor<i64>
  // CHECK: hone.range %{{.*}}, %{{.*}}, %{{.*}} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<6xi64>
  %ra = hone.range %one, %n, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  // CHECK: hone.gather %{{.*}}, %{{.*}} axis 2 : (tensor<2x?x8xf32>, tensor<5x3xi64>) -> tensor<2x?x5x3xf32>
  %ga = hone.gather %x, %i axis 2 : (tensor<2x?x8xf32>, tensor<5x3xi64>) -> tensor<*xf32>
  return
}
