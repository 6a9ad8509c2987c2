// Control flow and kernel regions print, parse back and infer what all paths agree on.
// RUN: hone-opt %s | hone-opt --hone-infer-shapes | FileCheck %s

func.func @main(%c: tensor<i1>, %x: tensor<?x8xf32> {hone.dims = ["n", 8]}, %y: tensor<4x8xf32>, %n: tensor<i64>) {
  // CHECK: hone.if %{{.*}} {
  %r = hone.if %c {
    // CHECK: hone.relu %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
    %a = hone.relu %x : (tensor<?x8xf32>) -> tensor<*xf32>
    // CHECK: hone.yield %{{.*}} : tensor<?x8xf32>
    hone.yield %a : tensor<*xf32>
  } else {
    // CHECK: hone.yield %{{.*}} : tensor<4x8xf32>
    hone.yield %y : tensor<4x8xf32>
  } : (tensor<i1>) -> tensor<*xf32>
  // CHECK: "hone.loop"(%{{.*}}, %{{.*}}, %{{.*}}) <{operandSegmentSizes = array<i32: 1, 1, 1>}> ({
  %l:2 = "hone.loop"(%n, %c, %x) <{operandSegmentSizes = array<i32: 1, 1, 1>}> ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %v: tensor<?x8xf32>):
    // CHECK: hone.tanh %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
    %t = hone.tanh %v : (tensor<?x8xf32>) -> tensor<*xf32>
    // CHECK: hone.yield %{{.*}}, %{{.*}}, %{{.*}} : tensor<i1>, tensor<?x8xf32>, tensor<?x8xf32>
    hone.yield %go, %t, %t : tensor<i1>, tensor<*xf32>, tensor<*xf32>
  }) : (tensor<i64>, tensor<i1>, tensor<?x8xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  // CHECK: "hone.kernel"(%{{.*}}) <{dims = {{\[\[}}0, -9], [0, -9]], family = "loops", refused = ["nothing"]}> ({
  %k = "hone.kernel"(%x) <{dims = [[0, -9], [0, -9]], family = "loops", refused = ["nothing"]}> ({
  ^bb0(%v: tensor<?x8xf32>):
    // CHECK: hone.exp %{{.*}} : (tensor<?x8xf32>) -> tensor<?x8xf32>
    %e = hone.exp %v : (tensor<?x8xf32>) -> tensor<*xf32>
    // CHECK: hone.yield %{{.*}} : tensor<?x8xf32>
    hone.yield %e : tensor<*xf32>
  }) : (tensor<?x8xf32>) -> tensor<*xf32>
  return
}
