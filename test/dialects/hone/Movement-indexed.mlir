// Ops that pick, scatter and resample print, parse back and infer sizes.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%x: tensor<2x?x8xf32> {hone.dims = [2, "s", 8]}, %ie: tensor<2x?x3xi32> {hone.dims = [2, "s", 3]}, %ue: tensor<2x?x3xf32> {hone.dims = [2, "s", 3]},
                %in: tensor<4x2xi64>, %un: tensor<4x8xf32>, %ib: tensor<2x6x1xi64>, %open: tensor<1xf32>) {
  // CHECK: hone.gather_elements %{{.*}}, %{{.*}} axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>) -> tensor<2x?x3xf32>
  %ge = hone.gather_elements %x, %ie axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>) -> tensor<*xf32>
  // CHECK: hone.gather_nd %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<4x2xi64>) -> tensor<4x8xf32>
  %gn = hone.gather_nd %x, %in : (tensor<2x?x8xf32>, tensor<4x2xi64>) -> tensor<*xf32>
  // CHECK: hone.gather_nd %{{.*}}, %{{.*}} {batch_dims = 1 : i64} : (tensor<2x?x8xf32>, tensor<2x6x1xi64>) -> tensor<2x6x8xf32>
  %gb = hone.gather_nd %x, %ib {batch_dims = 1 : i64} : (tensor<2x?x8xf32>, tensor<2x6x1xi64>) -> tensor<*xf32>
  // CHECK: hone.scatter_elements set %{{.*}}, %{{.*}}, %{{.*}} axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<2x?x8xf32>
  %s_set = hone.scatter_elements set %x, %ie, %ue axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<*xf32>
  // CHECK: hone.scatter_elements add %{{.*}}, %{{.*}}, %{{.*}} axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<2x?x8xf32>
  %s_add = hone.scatter_elements add %x, %ie, %ue axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<*xf32>
  // CHECK: hone.scatter_elements mul %{{.*}}, %{{.*}}, %{{.*}} axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<2x?x8xf32>
  %s_mul = hone.scatter_elements mul %x, %ie, %ue axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<*xf32>
  // CHECK: hone.scatter_elements min %{{.*}}, %{{.*}}, %{{.*}} axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<2x?x8xf32>
  %s_min = hone.scatter_elements min %x, %ie, %ue axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<*xf32>
  // CHECK: hone.scatter_elements max %{{.*}}, %{{.*}}, %{{.*}} axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<2x?x8xf32>
  %s_max = hone.scatter_elements max %x, %ie, %ue axis 2 : (tensor<2x?x8xf32>, tensor<2x?x3xi32>, tensor<2x?x3xf32>) -> tensor<*xf32>
  // CHECK: hone.scatter_nd add %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x?x8xf32>, tensor<4x2xi64>, tensor<4x8xf32>) -> tensor<2x?x8xf32>
  %sn = hone.scatter_nd add %x, %in, %un : (tensor<2x?x8xf32>, tensor<4x2xi64>, tensor<4x8xf32>) -> tensor<*xf32>
  // CHECK: hone.constant dense<16> : tensor<1xi64> : tensor<1xi64>
  %size = hone.constant dense<[16]> : tensor<1xi64> : tensor<1xi64>
  // CHECK: hone.constant dense<2.000000e+00> : tensor<1xf32> : tensor<1xf32>
  %scale = hone.constant dense<2.0> : tensor<1xf32> : tensor<1xf32>
  // CHECK: hone.resize nearest %{{.*}}, %{{.*}} [2] {coordinates = "half_pixel", nearest = "floor"} : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<2x?x16xf32>
  %rn = hone.resize nearest %x, %size [2] {coordinates = "half_pixel", nearest = "floor"} : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<*xf32>
  // CHECK: hone.resize linear %{{.*}}, %{{.*}} [2] {coordinates = "asymmetric"} : (tensor<2x?x8xf32>, tensor<1xf32>) -> tensor<2x?x16xf32>
  %rl = hone.resize linear %x, %scale [2] {coordinates = "asymmetric"} : (tensor<2x?x8xf32>, tensor<1xf32>) -> tensor<*xf32>
  // CHECK: hone.resize linear %{{.*}}, %{{.*}}, %{{.*}} [2] {coordinates = "half_pixel"} : (tensor<2x?x8xf32>, tensor<1xf32>, tensor<1xi64>) -> tensor<2x?x16xf32>
  %rs = hone.resize linear %x, %open, %size [2] {coordinates = "half_pixel"} : (tensor<2x?x8xf32>, tensor<1xf32>, tensor<1xi64>) -> tensor<*xf32>
  // CHECK: hone.resize cubic %{{.*}}, %{{.*}} [2] {coordinates = "align_corners", cubic_a = -5.000000e-01 : f32, exclude_outside} : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<2x?x16xf32>
  %rc = hone.resize cubic %x, %size [2] {coordinates = "align_corners", cubic_a = -5.000000e-01 : f32, exclude_outside} : (tensor<2x?x8xf32>, tensor<1xi64>) -> tensor<*xf32>
  return
}
