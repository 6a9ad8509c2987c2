// A pass that is left out by name, and a name that no phase knows.
// RUN: hone-compile %s --compile-to=simplify -o - | FileCheck %s --check-prefix=ALL
// RUN: hone-compile %s --compile-to=simplify -o - --disable-pass=cse,hone-raise-activations | FileCheck %s --check-prefix=WITHOUT
// RUN: not hone-compile %s -o %t --disable-pass=hone-raise-dust 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// ALL: hone.silu
// WITHOUT: hone.mul
// UNKNOWN: error: --disable-pass hone-raise-dust: no phase has a pass of this name
func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
  %s = hone.sigmoid %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = hone.mul %x, %s : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
