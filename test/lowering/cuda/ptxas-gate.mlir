// Where the toolkit is: machine code for every chip that was asked for, and no kernel of these families spills.
// REQUIRES: ptxas
// RUN: rm -rf %t && mkdir %t && hone-compile %s --target=sm_80,sm_86,sm_89,sm_90a -o %t/m.hone --explain=%t/explain.txt
// RUN: hone-run %t/m.hone --inspect --json | FileCheck %s
// RUN: FileCheck %s --check-prefix=GATE --allow-empty < %t/explain.txt
// CHECK: "chips"
// CHECK: "sm_80"
// CHECK: "registers"
// CHECK: "spill_bytes": 0
// CHECK: "sm_90a"
// GATE-NOT: spills
// GATE-NOT: C75
func.func @main(%x: tensor<?x64x96xf32> {hone.dims = ["n", 64, 96], hone.name = "x"}, %w: tensor<96x80xf32> {hone.dims = [96, 80], hone.name = "w"})
    -> (tensor<?x64x80xf32> {hone.name = "y"}, tensor<?x64x80xf32> {hone.name = "z"}) {
  %p = hone.matmul %x, %w : (tensor<?x64x96xf32>, tensor<96x80xf32>) -> tensor<?x64x80xf32>
  %g = hone.gelu %p : (tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  %s = hone.softmax %g axis 2 : (tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  %t = hone.tanh %s : (tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  return %s, %t : tensor<?x64x80xf32>, tensor<?x64x80xf32>
}
