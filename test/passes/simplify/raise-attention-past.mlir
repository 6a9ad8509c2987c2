// Optimum's decoder: repeated key heads, a past in front, a guard against rows of NaN. The concats become past and presents.
// RUN: hone-opt %s --hone-fold-shapes --cse --hone-raise-attention --hone-simplify-movement | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-NOT: hone.concat
// CHECK: %{{.*}}, %[[PRESENTS:.*]]:2 = "hone.attention"(%{{.*}}, %{{.*}}, %{{.*}}, %arg3, %arg4, %arg5)
// CHECK-SAME: heads = 4 : i64, kv_heads = 2
// CHECK-SAME: scale = 2.5
// CHECK-NOT: hone.expand
// CHECK: return %{{.*}}, %[[PRESENTS]]#0, %[[PRESENTS]]#1
func.func @main(%q: tensor<?x4x?x16xf32> {hone.dims = ["b", 4, "s", 16]},
                %k: tensor<?x2x?x16xf32> {hone.dims = ["b", 2, "s", 16]},
                %v: tensor<?x2x?x16xf32> {hone.dims = ["b", 2, "s", 16]},
                %pk: tensor<?x2x?x16xf32> {hone.dims = ["b", 2, "p", 16]},
                %pv: tensor<?x2x?x16xf32> {hone.dims = ["b", 2, "p", 16]},
                %mask: tensor<?x1x?x?xf32> {hone.dims = ["b", 1, "s", "p + s"]}) -> (tensor<?x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) {
  %c = hone.constant dense<0.5> : tensor<f32> : tensor<f32>
  %zero = hone.constant dense<0.0> : tensor<f32> : tensor<f32>
  %twice = hone.constant dense<[1, 1, 2, 1, 1]> : tensor<5xi64> : tensor<5xi64>
  %kk = hone.concat %pk, %k axis 2 : (tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32>
  %vv = hone.concat %pv, %v axis 2 : (tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32>
  %k5 = hone.unsqueeze %kk [2] : (tensor<?x2x?x16xf32>) -> tensor<?x2x1x?x16xf32>
  %v5 = hone.unsqueeze %vv [2] : (tensor<?x2x?x16xf32>) -> tensor<?x2x1x?x16xf32>
  %ke = hone.expand %k5, %twice : (tensor<?x2x1x?x16xf32>, tensor<5xi64>) -> tensor<?x2x2x?x16xf32>
  %ve = hone.expand %v5, %twice : (tensor<?x2x1x?x16xf32>, tensor<5xi64>) -> tensor<?x2x2x?x16xf32>
  %b = hone.shape %kk {end = 1 : i64, start = 0 : i64} : (tensor<?x2x?x16xf32>) -> tensor<1xi64>
  %t = hone.shape %kk {end = 3 : i64, start = 2 : i64} : (tensor<?x2x?x16xf32>) -> tensor<1xi64>
  %heads = hone.constant dense<4> : tensor<1xi64> : tensor<1xi64>
  %size = hone.constant dense<16> : tensor<1xi64> : tensor<1xi64>
  %sizes = hone.concat %b, %heads, %t, %size axis 0 : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %kr = hone.reshape %ke, %sizes : (tensor<?x2x2x?x16xf32>, tensor<4xi64>) -> tensor<?x4x?x16xf32>
  %vr = hone.reshape %ve, %sizes : (tensor<?x2x2x?x16xf32>, tensor<4xi64>) -> tensor<?x4x?x16xf32>
  %kt = hone.transpose %kr [0, 1, 3, 2] : (tensor<?x4x?x16xf32>) -> tensor<?x4x16x?xf32>
  %qs = hone.mul %q, %c : (tensor<?x4x?x16xf32>, tensor<f32>) -> tensor<?x4x?x16xf32>
  %ks = hone.mul %kt, %c : (tensor<?x4x16x?xf32>, tensor<f32>) -> tensor<?x4x16x?xf32>
  %s = hone.matmul %qs, %ks : (tensor<?x4x?x16xf32>, tensor<?x4x16x?xf32>) -> tensor<?x4x?x?xf32>
  %a = hone.add %s, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = hone.softmax %a axis 3 : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %n = hone.is_nan %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %g = hone.select %n, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %o = hone.matmul %g, %vr : (tensor<?x4x?x?xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %o, %kk, %vv : tensor<?x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>
}
