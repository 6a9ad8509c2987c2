// The last value of each name is returned; what is an output already, and what has no name, is not.
// RUN: hone-opt %s --hone-expose-values | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<4xf32> {hone.name = "y"}, tensor<4xf32> {hone.name = "node:a"})
// CHECK: hone.relu
// CHECK: %[[A:.*]] = hone.neg
// CHECK: return %{{.*}}, %[[A]] : tensor<4xf32>, tensor<4xf32>
// Shown in the docs of hone-expose-values.
func.func @main(%x: tensor<4xf32> {hone.name = "x"}) -> (tensor<4xf32> {hone.name = "y"}) {
  %0 = hone.relu %x : (tensor<4xf32>) -> tensor<4xf32> loc("a")
  %1 = hone.neg %0 : (tensor<4xf32>) -> tensor<4xf32> loc("a")
  %2 = hone.exp %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = hone.abs %2 : (tensor<4xf32>) -> tensor<4xf32> loc("b")
  return %3 : tensor<4xf32>
}
