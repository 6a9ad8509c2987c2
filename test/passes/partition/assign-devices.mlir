// Every op that computes gets a device; constants, views and recipes have no place; a device that code can't be made for is an error.
// RUN: hone-opt %s --hone-assign-devices --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.constant dense<2.000000e+00>
// CHECK-NOT: hone.device
// CHECK: hone.mul %arg0, %{{.*}} {hone.device = "host"}
// CHECK: hone.reshape
// CHECK-NOT: hone.device
// CHECK: return
// Shown in the docs of hone-assign-devices.
func.func @main(%x: tensor<4x8xf32>) -> tensor<32xf32> {
  %two = hone.constant dense<2.0> : tensor<f32> : tensor<f32>
  %flat = hone.constant dense<32> : tensor<1xi64> : tensor<1xi64>
  %0 = hone.mul %x, %two : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = hone.reshape %0, %flat : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<32xf32>
  return %1 : tensor<32xf32>
}

// -----

func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{expected device 'host', got 'cuda:0': code is made for the host only}}
  %0 = hone.relu %x {hone.device = "cuda:0"} : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
