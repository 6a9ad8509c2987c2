// --explain and --report say how many composite ops there are, what almost was one, and what each kernel holds, absorbed and refused.
// REQUIRES: avx2
// RUN: hone-compile %s -o %t.hone --target=x86-64-v3 --explain --report=%t.json | FileCheck %s
// RUN: FileCheck %s --check-prefix=REPORT < %t.json
// RUN: hone-compile %s -o %t.hone --target=x86-64-v3 --explain=%t.txt && hone-compile %s -o %t.hone --target=x86-64-v3 --explain=%t.again && diff %t.txt %t.again
// RUN: hone-compile %s -o %t.mlir --compile-to=simplify --explain | FileCheck %s --check-prefix=EARLY

// CHECK: explain.mlir for x86-64-v3
// CHECK: composite ops
// CHECK: gelu {{ *}}1: 1 in the model, 0 raised
// CHECK-NEXT: silu {{ *}}1: 0 in the model, 1 raised, 1 almost
// CHECK: almost raised
// CHECK: silu at {{.*}}
// CHECK-NEXT: the sigmoid's argument is a multiple of x, expected x
// CHECK: kernels
// CHECK: gelu, silu, mul, sigmoid
// CHECK: placement
// CHECK: host: {{[0-9]+}} ops in {{[0-9]+}} kernels
// EARLY: kernels, placement: not known, the phase 'kernels' did not run

// REPORT: "almost_raised": [
// REPORT: "pattern": "silu",
// REPORT: "composites": {
// REPORT-NEXT: "gelu": {
// REPORT-NEXT: "count": 1,
// REPORT-NEXT: "in_model": 1,
// REPORT-NEXT: "raised": 0
// REPORT: "silu": {
// REPORT: "raised": 1
// REPORT: "devices": {
// REPORT: "kernels": [
// REPORT: "family": "
// REPORT: "seconds": {
func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
  %c = hone.constant dense<1.702> : tensor<f32> : tensor<f32>
  %g = hone.gelu %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = hone.sigmoid %g : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %h = hone.mul %g, %s : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = hone.mul %h, %c : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %q = hone.sigmoid %m : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %h, %q : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
