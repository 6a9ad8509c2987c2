// Rows of f32 rounded to i8 in front of a product of integers: two kernels, the second with its barriers taken out one by one.
// RUN: rm -rf %t && mkdir %t && cp %s %t/m.mlir && head -c 13440 /dev/zero > %t/w
// RUN: hone-compile %t/m.mlir --target=sm_80 -o %t/m.hone --save-temps=%t
// RUN: FileCheck %s < %t/g1_cuda_quant_matmul.ptx
// CHECK: cp.async.cg.shared.global
// CHECK: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK: mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32
// RUN: FileCheck %s --check-prefix=EXEC < %t/schedule.mlir
// EXEC: %[[ROWS:.*]] = exec.alloc(%[[N:.*]]) : memref<?x192xi8, 1>
// EXEC-NEXT: %[[SCALES:.*]] = exec.alloc(%[[N]]) : memref<?xf32, 1>
// EXEC: exec.launch @g0_cuda_quant_matmul({{.*}}, %[[ROWS]], %[[SCALES]])
// EXEC: exec.launch @g1_cuda_quant_matmul({{.*}}, %[[ROWS]], %[[SCALES]])
// DEFINE: %{rows} = --arg=q:s8:65x192:q4 --arg=f:f32:64x1x16:q4 --arg=x:f32:70x192:q4 --arg=i64:70 --arg=y:f32:70x65:nan --arg=i64:70 --arg=r:s8:70x192:q4 --arg=i64:70 --arg=u:f32:70:q4 --arg=i64:70
// RUN: hone-sim %t/g0_cuda_quant_matmul.ptx --grid=9 --block=256 %{rows} --check=all
// RUN: hone-sim %t/g1_cuda_quant_matmul.ptx --grid=4 --block=128 --shared=65536 %{rows} --mutate=sync | FileCheck %s --check-prefix=MUTANTS
// MUTANTS: {{^}}[[N:[1-9][0-9]*]] of [[N]] mutants found
func.func @main(%x: tensor<?x192xf32> {hone.dims = ["n", 192], hone.name = "x"}) -> (tensor<?x65xf32> {hone.name = "y"}) {
  %q = hone.get_weight @q : tensor<65x192xi8>
  %s = hone.get_weight @s : tensor<65xf32>
  %d = hone.dequantize %q, %s {axis = 0 : i64} : (tensor<65x192xi8>, tensor<65xf32>) -> tensor<65x192xf32>
  %y = hone.matmul %x, %d {activation_bits = 8 : i64, transpose_b} : (tensor<?x192xf32>, tensor<65x192xf32>) -> tensor<?x65xf32>
  return %y : tensor<?x65xf32>
}
hone.weight @q : tensor<65x192xi8> file "w" offset 0 length 12480
hone.weight @s : tensor<65xf32> file "w" offset 12480 length 260
