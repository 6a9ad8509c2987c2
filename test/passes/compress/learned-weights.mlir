// Passes that read weights themselves say what they need, and what their options allow.
// RUN: not hone-opt %s --hone-prune-weights 2>&1 | FileCheck %s --check-prefix=PRUNE
// RUN: not hone-opt %s --hone-prune-weights="keep=4 of=4" 2>&1 | FileCheck %s --check-prefix=KEEP
// RUN: not hone-opt %s --hone-prune-weights="method=guess" 2>&1 | FileCheck %s --check-prefix=METHOD
// RUN: not hone-opt %s --hone-prune-weights="global method=wanda" 2>&1 | FileCheck %s --check-prefix=GLOBAL
// RUN: not hone-opt %s --hone-prune-structure 2>&1 | FileCheck %s --check-prefix=STRUCTURE
// RUN: not hone-opt %s --hone-prune-structure="heads=1" 2>&1 | FileCheck %s --check-prefix=HEADS
// RUN: not hone-opt %s --hone-store-sparse 2>&1 | FileCheck %s --check-prefix=SPARSE
// RUN: not hone-opt %s --hone-factor-weights 2>&1 | FileCheck %s --check-prefix=FACTOR
// RUN: not hone-opt %s --hone-factor-weights="energy=2" 2>&1 | FileCheck %s --check-prefix=ENERGY
// RUN: not hone-opt %s --hone-quantize-weights="rows=4" 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not hone-opt %s --hone-clip-rows 2>&1 | FileCheck %s --check-prefix=CLIP
// RUN: not hone-opt %s --hone-clip-rows="range=guess" 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not hone-opt %s --hone-refit-products 2>&1 | FileCheck %s --check-prefix=REFIT
// RUN: hone-opt %s --hone-note-weights | FileCheck %s --check-prefix=NOTE
// REFIT: error: hone-refit-products needs samples: hone-compile --compress=int4 --compress=refit --calibrate=DIR
// NOTE: hone.matmul %{{.*}}, %{{.*}} {hone.noted_weight = @w}
// CLIP: error: hone-clip-rows needs samples: hone-compile --compress=int8:rows=8,range=mse --calibrate=DIR
// RANGE: expected the range minmax, percentile, entropy, mse, got 'guess'
// PRUNE: error: hone-prune-weights needs weights: hone-compile --compress=prune:2:4
// KEEP: expected fewer to keep than there are neighbours, got 4:4
// METHOD: expected the method magnitude, wanda or sparsegpt, got 'guess'
// GLOBAL: one threshold for all weights is for magnitude and a share
// STRUCTURE: error: hone-prune-structure needs weights: hone-compile --compress=prune:channels=0.25
// HEADS: expected shares from 0 to below 1
// SPARSE: error: hone-store-sparse needs weights: hone-compile --compress=sparse
// FACTOR: error: hone-factor-weights needs weights: hone-compile --compress=lowrank:energy=0.99
// ENERGY: expected a rank of 0 or more and an energy above 0 and at most 1
// ROWS: expected rows of 8 or 16 bits, got 4

// The options as --compress writes them, and what becomes of a product.
// RUN: head -c 8192 /dev/urandom > %t.w && sed 's#"m"#"%basename_t.tmp.w"#' %s > %t.mlir
// RUN: hone-compile %t.mlir --compress=lowrank:rank=4 --compile-to=compress -o - | FileCheck %s --check-prefix=THIN
// THIN: hone.weight @w.up : tensor<32x4xf32>
// THIN: hone.weight @w.down : tensor<4x64xf32>
// THIN: %[[A:.*]] = hone.matmul %{{.*}}, %{{.*}} {transpose_b} : (tensor<?x64xf32>, tensor<4x64xf32>) -> tensor<?x4xf32>
// THIN: hone.matmul %[[A]], %{{.*}} {transpose_b} : (tensor<?x4xf32>, tensor<32x4xf32>) -> tensor<?x32xf32>
// A correction: two thin products beside the rounded one.
// RUN: %python -c "import array; array.array('f', [1.0] * 2048).tofile(open('%t.w', 'wb'))"
// RUN: hone-compile %t.mlir --compress=int4:rank=4 --compile-to=compress -o - | FileCheck %s --check-prefix=CORRECTED
// CORRECTED: %[[A:.*]] = hone.matmul %{{.*}}, %{{.*}} {transpose_b} : (tensor<?x64xf32>, tensor<4x64xf32>) -> tensor<?x4xf32>
// CORRECTED: %[[Q:.*]] = hone.dequantize
// CORRECTED: %[[MAIN:.*]] = hone.matmul %{{.*}}, %[[Q]]
// CORRECTED: %[[FIX:.*]] = hone.matmul %[[A]], %{{.*}} {transpose_b} : (tensor<?x4xf32>, tensor<32x4xf32>) -> tensor<?x32xf32>
// CORRECTED: hone.add %[[MAIN]], %[[FIX]]
// Shown in the docs of hone-clip-rows: alone, it has no samples.
// Shown in the docs of hone-prune-weights: alone, it has no weights.
// Shown in the docs of hone-prune-structure: alone, it has no weights.
// Shown in the docs of hone-store-sparse: alone, it has no weights.
// Shown in the docs of hone-note-weights.
// Shown in the docs of hone-refit-products: alone, it has no samples.
// Shown in the docs of hone-factor-weights: alone, it has no weights.
hone.weight @w : tensor<64x32xf32> file "m" offset 0 length 8192
func.func @main(%x: tensor<?x64xf32> {hone.dims = ["n", 64], hone.name = "x"}) -> (tensor<?x32xf32> {hone.name = "y"}) {
  %w = hone.get_weight @w : tensor<64x32xf32>
  %y = hone.matmul %x, %w : (tensor<?x64xf32>, tensor<64x32xf32>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}
