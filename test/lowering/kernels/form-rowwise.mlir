// Rows absorb what is elementwise in front and behind; chains without a root become rows of their own.
// RUN: hone-opt %s --hone-form-kernels | FileCheck %s

#t = #hone.target<"x86-64-v4", "x86-64-v4", "+avx512f", {avx512 = 1 : i64, vector_bits = 512 : i64}>
module attributes {hone.target = #t} {
  hone.weight @w : tensor<48x48xf32> file "w" offset 0 length 9216

  // A sum with another reader is yielded beside its norm.
  // CHECK-LABEL: func.func @main
  // CHECK: %[[K:.*]]:2 = "hone.kernel"(%arg0, %arg1, %arg2)
  // CHECK-SAME: family = "rowwise"
  // CHECK: %[[SUM:.*]] = hone.add
  // CHECK: %[[NORM:.*]] = hone.rms_norm %[[SUM]]
  // CHECK: hone.yield %[[SUM]], %[[NORM]]
  // CHECK-NOT: "hone.kernel"
  // CHECK: return
  func.func @main(%x: tensor<?x48xf32> {hone.dims = ["n", 48]}, %r: tensor<?x48xf32> {hone.dims = ["n", 48]},
                  %g: tensor<48xf32> {hone.dims = [48]}) -> (tensor<?x48xf32>, tensor<?x48xf32>) {
    %0 = hone.add %x, %r : (tensor<?x48xf32>, tensor<?x48xf32>) -> tensor<?x48xf32>
    %1 = hone.rms_norm %0, %g {epsilon = 1.0e-5 : f32} : (tensor<?x48xf32>, tensor<48xf32>) -> tensor<?x48xf32>
    return %0, %1 : tensor<?x48xf32>, tensor<?x48xf32>
  }

  // A product takes the residual itself: the norm reads one tensor.
  // CHECK-LABEL: func.func @product
  // CHECK: family = "matmul"
  // CHECK: hone.matmul
  // CHECK: hone.add
  // CHECK: "hone.kernel"
  // CHECK-SAME: family = "rowwise"
  // CHECK-SAME: refused = ["add: it joins the op in front of it [rowwise prologue]"]
  // CHECK: hone.softmax
  func.func @product(%x: tensor<?x48xf32> {hone.dims = ["n", 48]}, %r: tensor<?x48xf32> {hone.dims = ["n", 48]}) -> tensor<?x48xf32> {
    %w = hone.get_weight @w : tensor<48x48xf32>
    %0 = hone.matmul %x, %w : (tensor<?x48xf32>, tensor<48x48xf32>) -> tensor<?x48xf32>
    %1 = hone.add %0, %r : (tensor<?x48xf32>, tensor<?x48xf32>) -> tensor<?x48xf32>
    %2 = hone.softmax %1 axis 1 : (tensor<?x48xf32>) -> tensor<?x48xf32>
    return %2 : tensor<?x48xf32>
  }

  // Behind a reduction a row is one number.
  // CHECK-LABEL: func.func @reduction
  // CHECK: "hone.kernel"
  // CHECK-SAME: family = "rowwise"
  // CHECK: hone.abs
  // CHECK: hone.reduce max
  // CHECK: hone.sqrt
  // CHECK-NOT: "hone.kernel"
  // CHECK: return
  func.func @reduction(%x: tensor<?x4x?xf32> {hone.dims = ["n", 4, "d"]}) -> tensor<?xf32> {
    %0 = hone.abs %x : (tensor<?x4x?xf32>) -> tensor<?x4x?xf32>
    %1 = hone.reduce max %0 [1, 2] keepdims false : (tensor<?x4x?xf32>) -> tensor<?xf32>
    %2 = hone.sqrt %1 : (tensor<?xf32>) -> tensor<?xf32>
    return %2 : tensor<?xf32>
  }

  // Rows become one, as in mean pooling; what follows has its shape.
  // CHECK-LABEL: func.func @rows
  // CHECK: "hone.kernel"
  // CHECK-SAME: family = "rowwise"
  // CHECK: hone.mul
  // CHECK: hone.reduce sum
  // CHECK: hone.div
  // CHECK-NOT: "hone.kernel"
  // CHECK: return
  func.func @rows(%x: tensor<?x?x48xf32> {hone.dims = ["b", "s", 48]}, %m: tensor<?x?x1xf32> {hone.dims = ["b", "s", 1]},
                  %c: tensor<?x1xf32> {hone.dims = ["b", 1]}) -> tensor<?x48xf32> {
    %0 = hone.mul %x, %m : (tensor<?x?x48xf32>, tensor<?x?x1xf32>) -> tensor<?x?x48xf32>
    %1 = hone.reduce sum %0 [1] keepdims false : (tensor<?x?x48xf32>) -> tensor<?x48xf32>
    %2 = hone.div %1, %c : (tensor<?x48xf32>, tensor<?x1xf32>) -> tensor<?x48xf32>
    return %2 : tensor<?x48xf32>
  }

  // CHECK-LABEL: func.func @chain
  // CHECK: "hone.kernel"
  // CHECK-SAME: family = "rowwise"
  // CHECK: hone.mul
  // CHECK: hone.silu
  // CHECK-NOT: "hone.kernel"
  // CHECK: return
  func.func @chain(%x: tensor<?x3x?xf32> {hone.dims = ["n", 3, "d"]}, %c: tensor<3x1xf32> {hone.dims = [3, 1]}) -> tensor<?x3x?xf32> {
    %0 = hone.mul %x, %c : (tensor<?x3x?xf32>, tensor<3x1xf32>) -> tensor<?x3x?xf32>
    %1 = hone.silu %0 : (tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
    return %1 : tensor<?x3x?xf32>
  }
}
