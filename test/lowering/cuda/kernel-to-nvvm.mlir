// A kernel's buffers become pointers to global memory and sizes; what is only read says so, and alignment is what rows allow. Functions of its own keep their parameters.
// RUN: hone-opt %s --hone-kernel-to-nvvm | FileCheck %s

// CHECK-LABEL: func.func @kernel(
// CHECK-SAME: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}, %{{.*}}: i64, %{{.*}}: !llvm.ptr<1> {llvm.align = 4 : i64, llvm.noalias}, %{{.*}}: i64)
// CHECK: builtin.unrealized_conversion_cast %{{.*}} to memref<?x8xf32, 1>
// CHECK: memref.load
// Shown in the docs of hone-kernel-to-nvvm.
func.func @kernel(%x: memref<?x8xf32, 1> {llvm.readonly}, %y: memref<?xf32, 1>) {
  %zero = arith.constant 0 : index
  %0 = memref.load %x[%zero, %zero] : memref<?x8xf32, 1>
  memref.store %0, %y[%zero] : memref<?xf32, 1>
  return
}

// CHECK-LABEL: func.func private @helper(%{{.*}}: memref<?xf32, 1>)
func.func private @helper(%x: memref<?xf32, 1>) {
  return
}
