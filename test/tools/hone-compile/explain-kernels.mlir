// --explain folds layers that repeat into one entry, says what is in front of and behind the root, what was not absorbed and by which rule.
// REQUIRES: avx2
// RUN: rm -rf %t && mkdir -p %t && cp %s %t/model.mlir
// RUN: hone-compile %t/model.mlir -o %t/m.hone --target=x86-64-v3 --explain --report=%t/r.json | FileCheck %s
// RUN: FileCheck %s --check-prefix=REPORT < %t/r.json

// CHECK: 3 in 2 forms: 3 matmul
// What crosses memory: 16 rows (an example, n has no number) of 8, the packed weight [1, 8, 16] and the result; the activation by itself would read and write once more.
// CHECK-NEXT: all together 4.61 kB read and written, op by op it would be 6.91 kB; predicted 3.08 us
// CHECK-NEXT: with 16 for sizes that are not fixed (--dim fixes them): n
// CHECK: {{^}}  matmul (k 8, n 8, packed 16): 1.54 kB, 768 B saved, 1.03 us (launch)
// CHECK-NEXT: weight  {{.*}} layer.0/fc
// CHECK-NEXT: root    matmul       layer.0/fc
// CHECK-NEXT: behind  relu         layer.0/relu
// CHECK: {{^}}  matmul x 2 (k 8, n 8, packed 16)
// CHECK-NEXT: weight  {{.*}} layer.{1,2}/fc
// CHECK-NEXT: root    matmul       layer.{1,2}/fc
// CHECK-NEXT: behind  relu         layer.{1,2}/relu
// CHECK-NEXT: not absorbed: relu  layer.{0,1}/relu (in a matmul kernel)
// CHECK-NEXT: the family takes no prologue [matmul prologue]
// CHECK: matmul prologue {{ *}}lowering/kernels/Matmul.cpp
// CHECK: host: {{[0-9]+}} ops in 3 kernels
// CHECK-NEXT: weights: 1 of 0.5 KB, 1 of them packed or folded

// REPORT: "bound": "launch"
// REPORT-NEXT: "bytes": 1536
// REPORT-NEXT: "bytes_of_single_ops": 2304
// REPORT: "family": "matmul"
// REPORT: "op": "relu",
// REPORT-NEXT: "reason": "the family takes no prologue",
// REPORT-NEXT: "rule": "matmul prologue",
// REPORT-NEXT: "source": "lowering/kernels/Matmul.cpp",
// REPORT-NEXT: "went_to": "matmul"
hone.weight @w : tensor<8x8xi8> file "model.mlir" offset 0 length 64
func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
  %b = hone.get_weight @w : tensor<8x8xi8>
  %w = hone.cast %b {to = f32} : (tensor<8x8xi8>) -> tensor<8x8xf32>
  %m0 = hone.matmul %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32> loc("layer.0/fc")
  %r0 = hone.relu %m0 : (tensor<?x8xf32>) -> tensor<?x8xf32> loc("layer.0/relu")
  %m1 = hone.matmul %r0, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32> loc("layer.1/fc")
  %r1 = hone.relu %m1 : (tensor<?x8xf32>) -> tensor<?x8xf32> loc("layer.1/relu")
  %m2 = hone.matmul %r1, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32> loc("layer.2/fc")
  %y = hone.relu %m2 : (tensor<?x8xf32>) -> tensor<?x8xf32> loc("layer.2/relu")
  return %y : tensor<?x8xf32>
}
