// Products read and give 16-bit floats; the rest stays f32, and products of one tensor share its cast.
// RUN: hone-opt %s --hone-narrow-products --split-input-file | FileCheck %s
// RUN: hone-opt %s --hone-narrow-products=element=bf16 --split-input-file | FileCheck %s --check-prefix=BRAIN
// RUN: hone-opt %s --hone-narrow-products=skip=head --split-input-file | FileCheck %s --check-prefix=SKIP
// RUN: not hone-opt %s --hone-narrow-products=element=f8 --split-input-file 2>&1 | FileCheck %s --check-prefix=BAD
// BAD: expected the element f16 or bf16, got 'f8'

// CHECK: hone.weight @w.f16 : tensor<64x32xf16> {
// CHECK: hone.cast %{{.*}} {to = f16}
// CHECK-LABEL: @product
// CHECK: %[[X:.*]] = hone.cast %arg0 {to = f16}
// CHECK: %[[W:.*]] = hone.get_weight @w.f16
// CHECK: %[[P:.*]] = hone.matmul %[[X]], %[[W]] : (tensor<?x64xf16>, tensor<64x32xf16>) -> tensor<?x32xf16>
// CHECK: %[[Y:.*]] = hone.cast %[[P]] {to = f32}
// CHECK: hone.softmax %[[Y]] axis 1 : (tensor<?x32xf32>)
// BRAIN: hone.matmul {{.*}} -> tensor<?x32xbf16>
// SKIP-LABEL: @product
// SKIP: hone.matmul {{.*}} -> tensor<?x32xf32>
// Shown in the docs of hone-narrow-products.
hone.weight @w : tensor<64x32xf32> file "w" offset 0 length 8192
func.func @product(%x: tensor<?x64xf32>) -> tensor<?x32xf32> {
  %w = hone.get_weight @w : tensor<64x32xf32>
  %p = hone.matmul %x, %w : (tensor<?x64xf32>, tensor<64x32xf32>) -> tensor<?x32xf32> loc("head")
  %y = hone.softmax %p axis 1 : (tensor<?x32xf32>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// -----

// A sum that is rounded anyway is a sum of what is rounded: no cast stands between a product, its bias and the next product.
// CHECK-LABEL: @bias
// CHECK: %[[X:.*]] = hone.cast %arg0 {to = f16}
// CHECK: %[[P:.*]] = hone.matmul %[[X]], {{.*}} -> tensor<?x64xf16>
// CHECK-NOT: hone.cast
// CHECK: %[[S:.*]] = hone.add %[[P]], %{{.*}} : (tensor<?x64xf16>, tensor<64xf16>) -> tensor<?x64xf16>
// CHECK: hone.matmul %[[S]], {{.*}} -> tensor<?x64xf16>
// CHECK: hone.matmul %[[X]], {{.*}} -> tensor<?x64xf16>
hone.weight @w : tensor<64x64xf32> file "w" offset 0 length 16384
hone.weight @b : tensor<64xf32> file "w" offset 0 length 256
func.func @bias(%x: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %w = hone.get_weight @w : tensor<64x64xf32>
  %b = hone.get_weight @b : tensor<64xf32>
  %p = hone.matmul %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %s = hone.add %p, %b : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  %y = hone.matmul %s, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %z = hone.matmul %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  return %y, %z : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// What gives no f32, and norms, read f32 as before.
// CHECK-LABEL: @others
// CHECK: hone.layer_norm %{{.*}} : (tensor<?x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
// CHECK: hone.cmp gt %{{.*}} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xi1>
hone.weight @w : tensor<64x64xf32> file "w" offset 0 length 16384
hone.weight @b : tensor<64xf32> file "w" offset 0 length 256
func.func @others(%x: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf16>) {
  %w = hone.get_weight @w : tensor<64x64xf32>
  %b = hone.get_weight @b : tensor<64xf32>
  %p = hone.matmul %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %n = hone.layer_norm %p, %b, %b {epsilon = 1.0e-5 : f32} : (tensor<?x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  %y = hone.matmul %n, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %g = hone.cmp gt %p, %b : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xi1>
  %z = hone.cast %g {to = f16} : (tensor<?x64xi1>) -> tensor<?x64xf16>
  return %y, %z : tensor<?x64xf32>, tensor<?x64xf16>
}
