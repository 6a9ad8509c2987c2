// --explain and --report say how many composite ops there are and how many of them were found by raising.
// RUN: hone-compile %s -o %t.hone --explain --report=%t.json | FileCheck %s
// RUN: FileCheck %s --check-prefix=REPORT < %t.json

// CHECK: gelu: 1, 0 of them raised
// CHECK: silu: 1, 1 of them raised
// REPORT: "composites":{"gelu":{"count":1,"raised":0},"silu":{"count":1,"raised":1}}
func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
  %g = hone.gelu %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = hone.sigmoid %g : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %g, %s : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
