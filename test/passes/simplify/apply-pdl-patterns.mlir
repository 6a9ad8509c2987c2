// A pattern of a PDL file applies until nothing matches.
// RUN: hone-opt %s --hone-apply-pdl-patterns=file=%hone_source/test/plugins/double-relu.mlir | FileCheck %s

// A module without any op of the dialect that patterns are about.
// RUN: echo "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }" > %t.mlir
// RUN: hone-opt %t.mlir --hone-apply-pdl-patterns=file=%hone_source/test/plugins/double-relu.mlir | FileCheck %s --check-prefix=NONE
// NONE: return %{{.*}} : tensor<4xf32>

// CHECK-LABEL: func.func @main
// CHECK-COUNT-1: hone.relu
// CHECK-NOT: hone.relu
// CHECK: return
// Shown in the docs of hone-apply-pdl-patterns.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = hone.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %b = hone.relu %a : (tensor<4xf32>) -> tensor<4xf32>
  %y = hone.relu %b : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
