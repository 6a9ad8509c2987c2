// RUN: hone-opt %s --hone-quantize-weights | FileCheck %s
// RUN: hone-opt %s --hone-quantize-weights="bits=8 group=0 skip=head" | FileCheck %s --check-prefix=INT8
// RUN: hone-opt %s --hone-quantize-weights="zeros embeddings only=embed*" | FileCheck %s --check-prefix=TABLE

// 3 bits: the largest element of a group maps to 3, in elements of 4 bits.
// RUN: hone-opt %s --hone-quantize-weights="bits=3 group=64" | FileCheck %s --check-prefix=INT3
// INT3: hone.weight @w.int3g64 : tensor<64x16xi4>
// INT3: hone.weight @w.int3g64.scale : tensor<1x16xf32>
// INT3: hone.constant dense<0.333333343> : tensor<f32>

// Floats of 8 bits: the largest element maps to 448.
// RUN: hone-opt %s --hone-quantize-weights="bits=8 float group=0 skip=head" | FileCheck %s --check-prefix=FP8
// FP8: hone.weight @w.fp8 : tensor<64x16xf8E4M3FN>
// FP8: hone.quantize %{{.*}}, %{{.*}} {axis = 1 : i64, to = f8E4M3FN}
// FP8: hone.constant dense<0.00223214296> : tensor<f32>
// FP8: hone.dequantize %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<64x16xf8E4M3FN>, tensor<16xf32>) -> tensor<64x16xf32>

// Groups that do not divide a sum of 192: the largest smaller ones that do and are multiples of 64, or else of 16.
// RUN: hone-opt %S/Inputs/sums-of-192.mlir --hone-quantize-weights="group=128" 2>&1 | FileCheck %s --check-prefix=SMALLER
// RUN: hone-opt %S/Inputs/sums-of-192.mlir --hone-quantize-weights="group=60" 2>&1 | FileCheck %s --check-prefix=LEAST
// SMALLER: remark: hone-quantize-weights: its groups have 64 elements: its 192 rows are no multiple of 128
// SMALLER: hone.dequantize %{{.*}} {axis = 0 : i64, block = 64 : i64} : (tensor<192x16xi4>, tensor<3x16xf32>)
// LEAST: hone.dequantize %{{.*}} {axis = 0 : i64, block = 48 : i64} : (tensor<192x16xi4>, tensor<4x16xf32>)

// Shown in the docs of hone-quantize-weights.
// CHECK: hone.weight @w.int4g32 : tensor<64x16xi4>
// CHECK: hone.quantize %{{.*}}, %{{.*}} {axis = 0 : i64, block = 32 : i64, to = i4}
// CHECK: hone.weight @w.int4g32.scale : tensor<2x16xf32>
// CHECK: hone.reduce max %{{.*}} [1] keepdims false : (tensor<2x32x16xf32>) -> tensor<2x16xf32>
// CHECK-LABEL: func.func @main
// CHECK-DAG: %[[Q:.*]] = hone.get_weight @w.int4g32 : tensor<64x16xi4>
// CHECK-DAG: %[[S:.*]] = hone.get_weight @w.int4g32.scale : tensor<2x16xf32>
// CHECK: %[[D:.*]] = hone.dequantize %[[Q]], %[[S]] {axis = 0 : i64, block = 32 : i64} : (tensor<64x16xi4>, tensor<2x16xf32>) -> tensor<64x16xf32>
// CHECK: hone.matmul %{{.*}}, %[[D]]

// One scale a column, along the axis of outputs.
// INT8-LABEL: func.func @main
// INT8: hone.dequantize %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<64x16xi8>, tensor<16xf32>) -> tensor<64x16xf32>
// INT8-NOT: hone.dequantize

// TABLE-DAG: hone.weight @t.int4g32z.t.zero : tensor<100x2xui4>
// TABLE-LABEL: func.func @main
// TABLE: %[[D:.*]] = hone.dequantize %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64, block = 32 : i64} : (tensor<100x64xui4>, tensor<100x2xf32>, tensor<100x2xui4>) -> tensor<100x64xf32>
// TABLE: hone.gather %[[D]]
// TABLE-NOT: hone.dequantize
hone.weight @t : tensor<100x64xf32> file "m" offset 0 length 25600
hone.weight @w : tensor<64x16xf32> file "m" offset 25600 length 4096
hone.weight @h : tensor<64x16xf32> file "m" offset 29696 length 4096
func.func @main(%ids: tensor<?xi64>) -> (tensor<?x16xf32>, tensor<?x16xf32>) {
  %t = hone.get_weight @t : tensor<100x64xf32>
  %w = hone.get_weight @w : tensor<64x16xf32>
  %h = hone.get_weight @h : tensor<64x16xf32>
  %x = hone.gather %t, %ids axis 0 : (tensor<100x64xf32>, tensor<?xi64>) -> tensor<?x64xf32> loc("embed/Gather")
  %y = hone.matmul %x, %w : (tensor<?x64xf32>, tensor<64x16xf32>) -> tensor<?x16xf32> loc("layer/MatMul")
  %z = hone.matmul %x, %h : (tensor<?x64xf32>, tensor<64x16xf32>) -> tensor<?x16xf32> loc("head")
  return %y, %z : tensor<?x16xf32>, tensor<?x16xf32>
}
