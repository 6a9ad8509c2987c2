// Both orders of the product are SiLU; the sigmoid of something else is not.
// RUN: hone-opt %s --hone-raise-activations | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.silu %arg0
// CHECK: %[[S:.*]] = hone.sigmoid %arg1
// CHECK: hone.mul %arg0, %[[S]]
func.func @main(%x: tensor<?x8xf32>, %z: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %s = hone.sigmoid %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %s, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %g = hone.sigmoid %z : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %n = hone.mul %x, %g : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y, %n : tensor<?x8xf32>, tensor<?x8xf32>
}
