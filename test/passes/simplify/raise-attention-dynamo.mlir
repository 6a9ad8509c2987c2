// torch.onnx.export(dynamo=True) below opset 23: the root of the scale on either side of the product, the mask behind.
// RUN: hone-opt %s --hone-raise-attention --hone-simplify-movement | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-NOT: hone.softmax
// CHECK: "hone.attention"(%{{.*}}, %{{.*}}, %{{.*}}, %arg3)
// CHECK-SAME: heads = 4 : i64, kv_heads = 4
// CHECK-SAME: scale = 2.5
func.func @main(%q: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]},
                %k: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "t", 16]},
                %v: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "t", 16]},
                %mask: tensor<?x1x?x?xf32> {hone.dims = ["b", 1, "s", "t"]}) -> tensor<?x4x?x16xf32> {
  %c = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %qs = hone.mul %q, %c : (tensor<?x4x?x16xf32>, tensor<f32>) -> tensor<?x4x?x16xf32>
  %kt = hone.transpose %k [0, 1, 3, 2] : (tensor<?x4x?x16xf32>) -> tensor<?x4x16x?xf32>
  %ks = hone.mul %kt, %c : (tensor<?x4x16x?xf32>, tensor<f32>) -> tensor<?x4x16x?xf32>
  %s = hone.matmul %qs, %ks : (tensor<?x4x?x16xf32>, tensor<?x4x16x?xf32>) -> tensor<?x4x?x?xf32>
  %a = hone.add %s, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = hone.softmax %a axis 3 : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %o = hone.matmul %p, %v : (tensor<?x4x?x?xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o : tensor<?x4x?x16xf32>
}
