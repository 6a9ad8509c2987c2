// The entry takes the runtime, its inputs and outputs; a check that fails leaves it with an error.
// RUN: hone-opt %s --hone-exec-to-llvm | FileCheck %s

// CHECK-LABEL: @hone_entry
// CHECK-NOT: exec.check
// Shown in the docs of hone-exec-to-llvm.
func.func @main() {
  %x = exec.input 0 : memref<?xf32>
  %zero = arith.constant 0 : index
  %n = memref.dim %x, %zero : memref<?xf32>
  %eight = arith.constant 8 : index
  %fits = arith.cmpi ule, %n, %eight : index
  exec.check %fits, "expected at most 8 elements" call -1
  return
}
