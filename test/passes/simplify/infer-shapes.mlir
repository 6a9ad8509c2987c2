// Types follow from operands; equal names are equal sizes.
// RUN: hone-opt %s --hone-infer-shapes --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: hone.add %{{.*}}, %{{.*}} : (tensor<?x384xf32>, tensor<384xf32>) -> tensor<?x384xf32>
// Shown in the docs of hone-infer-shapes.
func.func @main(%x: tensor<?x384xf32> {hone.dims = ["n", 384]}, %b: tensor<384xf32>) -> tensor<*xf32> {
  %0 = hone.add %x, %b : (tensor<?x384xf32>, tensor<384xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: hone.concat {{.*}} -> tensor<?x7xf32>
func.func @main(%x: tensor<?x3xf32>, %y: tensor<?x4xf32>) -> tensor<*xf32> {
  %0 = hone.concat %x, %y axis 1 : (tensor<?x3xf32>, tensor<?x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
