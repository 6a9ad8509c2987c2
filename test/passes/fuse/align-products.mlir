// RUN: hone-opt %s --hone-align-products --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @turned
// CHECK: %[[T:.*]] = hone.transpose %arg0 [0, 2, 1] : (tensor<2x?x8xf32>) -> tensor<2x8x?xf32>
// CHECK: hone.matmul %[[T]], %arg1 : (tensor<2x8x?xf32>, tensor<2x?x5xf32>)
func.func @turned(%a: tensor<2x?x8xf32>, %b: tensor<2x?x5xf32>) -> tensor<2x8x5xf32> {
  %0 = hone.matmul %a, %b {transpose_a} : (tensor<2x?x8xf32>, tensor<2x?x5xf32>) -> tensor<2x8x5xf32>
  return %0 : tensor<2x8x5xf32>
}

// Both sides, from lower ranks and from sizes of 1.
// CHECK-LABEL: func.func @both
// CHECK: %[[A:.*]] = hone.expand %arg0, {{.*}} -> tensor<2x4x3x8xf32>
// CHECK: %[[B:.*]] = hone.expand %arg1, {{.*}} -> tensor<2x4x8x5xf32>
// CHECK: hone.matmul %[[A]], %[[B]]
// Shown in the docs of hone-align-products.
func.func @both(%a: tensor<4x3x8xf32>, %b: tensor<2x1x8x5xf32>) -> tensor<2x4x3x5xf32> {
  %0 = hone.matmul %a, %b : (tensor<4x3x8xf32>, tensor<2x1x8x5xf32>) -> tensor<2x4x3x5xf32>
  return %0 : tensor<2x4x3x5xf32>
}

// Kernels read one matrix on the right as it is.
// CHECK-LABEL: func.func @one_matrix
// CHECK-NOT: hone.expand
func.func @one_matrix(%a: tensor<4x3x8xf32>, %b: tensor<1x8x5xf32>) -> tensor<4x3x5xf32> {
  %0 = hone.matmul %a, %b : (tensor<4x3x8xf32>, tensor<1x8x5xf32>) -> tensor<4x3x5xf32>
  return %0 : tensor<4x3x5xf32>
}

// CHECK-LABEL: func.func @not_worth_it
// CHECK-NOT: hone.transpose
// CHECK-NOT: hone.expand
func.func @not_worth_it(%a: tensor<8x3xf32>, %b: tensor<8x1xf32>, %c: tensor<2x4x1x8xf32>, %d: tensor<4x8x5xf32>) -> (tensor<3x1xf32>, tensor<2x4x1x5xf32>) {
  // expected-remark@+1 {{left operand stays transposed: with one column a copy costs as much as the product}}
  %0 = hone.matmul %a, %b {transpose_a} : (tensor<8x3xf32>, tensor<8x1xf32>) -> tensor<3x1xf32>
  // expected-remark@+1 {{leading dimensions broadcast: a copy of the right operand costs as much as the product}}
  %1 = hone.matmul %c, %d : (tensor<2x4x1x8xf32>, tensor<4x8x5xf32>) -> tensor<2x4x1x5xf32>
  return %0, %1 : tensor<3x1xf32>, tensor<2x4x1x5xf32>
}

// Whole numbers have no fast product.
// CHECK-LABEL: func.func @integers
// CHECK: hone.matmul %arg0, %arg1 {transpose_a}
func.func @integers(%a: tensor<8x3xi32>, %b: tensor<8x5xi32>) -> tensor<3x5xi32> {
  %0 = hone.matmul %a, %b {transpose_a} : (tensor<8x3xi32>, tensor<8x5xi32>) -> tensor<3x5xi32>
  return %0 : tensor<3x5xi32>
}
