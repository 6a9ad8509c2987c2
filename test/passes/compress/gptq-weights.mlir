// RUN: not hone-opt %s --hone-gptq-weights 2>&1 | FileCheck %s
// RUN: not hone-opt %s --hone-gptq-weights="bits=5" 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not hone-opt %s --hone-quantize-weights="skip=[" 2>&1 | FileCheck %s --check-prefix=PATTERN
// RUN: hone-opt %s --hone-quantize-weights="group=8" --verify-diagnostics | FileCheck %s --check-prefix=DENSE

// CHECK: error: hone-gptq-weights needs samples: hone-compile --compress=int4:method=gptq --calibrate=DIR
// BITS: expected bits of 3, 4 or 8, got 5
// PATTERN: pattern '['
// DENSE-NOT: hone.dequantize
// Shown in the docs of hone-gptq-weights: alone, it has no samples.
hone.weight @w : tensor<60x16xf32> file "m" offset 0 length 3840
func.func @main(%x: tensor<?x60xf32>) -> tensor<?x16xf32> {
  %w = hone.get_weight @w : tensor<60x16xf32>
  // expected-remark @+1 {{its weight stays dense: its 60 rows are no multiple of the group of 8 or of a smaller one that kernels read}}
  %y = hone.matmul %x, %w : (tensor<?x60xf32>, tensor<60x16xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
