// With a GPU target, kernels are functions of the device in modules of their own; inputs are copied in, outputs out, and
// the grid is computed by host code.
// RUN: hone-opt %s --hone-phase-partition --hone-phase-kernels --hone-phase-schedule | FileCheck %s
module attributes {hone.target = #hone.target<"x86-64-v3", "x86-64-v3", "+avx2,+fma", {vector_bits = 256 : i64}>,
                   hone.device_target = #hone.target<"sm_80", "sm_80", "+ptx85", {capability = 80 : i64, cuda = 1 : i64, sms = 108 : i64}>} {
// CHECK-LABEL: func.func @main
// CHECK: %[[X:.*]] = exec.input 0 : memref<?x8xf32>
// CHECK: %[[DX:.*]] = exec.alloc(%{{.*}}) : memref<?x8xf32, 1>
// CHECK: exec.transfer %[[X]] to %[[DX]]
// CHECK: %[[DY:.*]] = exec.alloc(%{{.*}}) : memref<?x8xf32, 1>
// CHECK: arith.ceildivui
// CHECK: exec.launch @g0_loops(%[[DX]], %[[DY]]) grid(%{{.*}}, %{{.*}}, %{{.*}}) threads 256 shared 0
// CHECK: %[[Y:.*]] = exec.output 0
// CHECK: exec.transfer %[[DY]] to %[[Y]]
// CHECK: exec.release %[[DX]]
func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
  %y = hone.relu %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
// CHECK: module @g0_loops
// CHECK: func.func @g0_loops(%{{.*}}: memref<?x8xf32, 1> {llvm.readonly}, %{{.*}}: memref<?x8xf32, 1>)
// CHECK-SAME: nvvm.minctasm = 1 : i32, nvvm.reqntid = array<i32: 256, 1, 1>
// CHECK: nvvm.read.ptx.sreg.ctaid.x
// CHECK: scf.for
}
