// What stands between product and softmax and is no scale and no mask is named.
// RUN: hone-opt %s --hone-raise-attention --hone-simplify-movement --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-NOT: hone.attention
// CHECK: hone.softmax
func.func @main(%q: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]},
                %k: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "t", 16]},
                %v: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "t", 16]}) -> tensor<?x4x?x16xf32> {
  %kt = hone.transpose %k [0, 1, 3, 2] : (tensor<?x4x?x16xf32>) -> tensor<?x4x16x?xf32>
  %s = hone.matmul %q, %kt : (tensor<?x4x?x16xf32>, tensor<?x4x16x?xf32>) -> tensor<?x4x?x?xf32>
  %t = hone.tanh %s : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = hone.softmax %t axis 3 : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  // expected-remark @+1 {{attention not raised: the scores are not a scaled product plus masks}}
  %o = hone.matmul %p, %v : (tensor<?x4x?x?xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}

// -----

// CHECK-LABEL: func.func @between
// CHECK-NOT: hone.attention
// CHECK: return
func.func @between(%q: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]}, %k: tensor<?x4x16x?xf32> {hone.dims = ["b", 4, 16, "t"]},
                   %v: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "t", 16]}, %keep: tensor<?x4x?x?xf32> {hone.dims = ["b", 4, "s", "t"]}) -> tensor<?x4x?x16xf32> {
  %s = hone.matmul %q, %k : (tensor<?x4x?x16xf32>, tensor<?x4x16x?xf32>) -> tensor<?x4x?x?xf32>
  %p = hone.softmax %s axis 3 : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %d = hone.mul %p, %keep : (tensor<?x4x?x?xf32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  // expected-remark @+1 {{attention not raised: a mul stands between the softmax and the product with the values}}
  %o = hone.matmul %d, %v : (tensor<?x4x?x?xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}
