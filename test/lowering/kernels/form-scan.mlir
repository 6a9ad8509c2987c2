// A running sum along rows is a region of the scan family; along other dimensions, and products, it is not, with the reason.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s

module attributes {hone.target = #hone.target<"x86-64-v3", "x86-64-v3", "", {vector_bits = 256 : i64}>} {
  // CHECK-LABEL: func.func @main
  // CHECK: family = "scan"
  // CHECK: hone.cumsum %{{.*}} axis 1
  // CHECK: family = "loops"
  // CHECK-SAME: as scan: running products are not built
  // CHECK: family = "loops"
  // CHECK-SAME: as scan: expected the last dimension as axis
  func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8]}) -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) {
    %0 = hone.cumsum %x axis 1 : (tensor<?x8xf32>) -> tensor<?x8xf32>
    %1 = hone.cumsum %x axis 1 {prod} : (tensor<?x8xf32>) -> tensor<?x8xf32>
    %2 = hone.cumsum %x axis 0 : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return %0, %1, %2 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
  }
}
