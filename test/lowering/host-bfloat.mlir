// bf16 on CPUs without instructions for it: no function of libgcc is called, whatever LLVM makes of the code.
// RUN: rm -rf %t && mkdir %t && hone-compile %s --target=x86-64-v3 -o %t/m.hone --save-temps=%t
// RUN: nm %t/*.o | FileCheck %s --implicit-check-not=bf2 --check-prefix=SYMBOLS
// RUN: hone-run %t/m.hone --dim n=3 --random-inputs=5 | FileCheck %s
// SYMBOLS: T hone_entry
// A merge of what lies in front and what comes; a choice; an odd row, whose end is masked.
// CHECK: y: bf16 [6,13] =
// CHECK: z: bf16 [3,13] =
func.func @main(%x: tensor<?x13xf32> {hone.dims = ["n", 13], hone.name = "x"}) -> (tensor<?x13xbf16> {hone.name = "y"}, tensor<?x13xbf16> {hone.name = "z"}) {
  %b = hone.cast %x {to = bf16} : (tensor<?x13xf32>) -> tensor<?x13xbf16>
  %y = hone.concat %b, %b axis 0 : (tensor<?x13xbf16>, tensor<?x13xbf16>) -> tensor<?x13xbf16>
  %zero = hone.constant dense<0.0> : tensor<bf16> : tensor<bf16>
  %positive = hone.cmp gt %b, %zero : (tensor<?x13xbf16>, tensor<bf16>) -> tensor<?x13xi1>
  %e = hone.exp %b : (tensor<?x13xbf16>) -> tensor<?x13xbf16>
  %z = hone.select %positive, %e, %b : (tensor<?x13xi1>, tensor<?x13xbf16>, tensor<?x13xbf16>) -> tensor<?x13xbf16>
  return %y, %z : tensor<?x13xbf16>, tensor<?x13xbf16>
}
