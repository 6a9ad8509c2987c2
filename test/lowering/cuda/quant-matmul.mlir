// The kernels of a product with a 4-bit weight: vector loads, tensor cores, and a run of each with its barriers taken out.
// RUN: rm -rf %t && mkdir %t && cp %s %t/m.mlir && head -c 12096 /dev/zero > %t/w
// RUN: hone-compile %t/m.mlir --target=sm_80 -o %t/m.hone --save-temps=%t
// RUN: FileCheck %s < %t/g0_cuda_quant_matmul.ptx
// CHECK: .reqntid 128
// CHECK: ld.global.nc.v4.b32
// CHECK: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// DEFINE: %{weight} = --arg=w:ui8:7x3x512:q4 --arg=s:f16:7x6x16:q4
// RUN: hone-sim %t/g0_cuda_quant_matmul.ptx --grid=7 --block=128 %{weight} --arg=x:f16:5x192:q4 --arg=i64:5 --arg=y:f16:5x112:nan --arg=i64:5 --mutate=sync | FileCheck %s --check-prefix=MUTANTS
// RUN: hone-sim %t/g1_cuda_quant_matmul.ptx --grid=14 --block=128 %{weight} --arg=x:f16:45x192:q4 --arg=i64:45 --arg=y:f16:45x112:nan --arg=i64:45 --mutate=sync | FileCheck %s --check-prefix=MUTANTS
// MUTANTS: {{^}}[[N:[1-9][0-9]*]] of [[N]] mutants found

// How many rows there are decides in host code which of them runs.
// RUN: hone-run %t/m.hone --dim n=8 --random-inputs --device=sim:sm_80 --check=all --profile=%t/8.json && FileCheck %s --check-prefix=FEW < %t/8.json
// RUN: hone-run %t/m.hone --dim n=9 --random-inputs --device=sim:sm_80 --check=all --profile=%t/9.json && FileCheck %s --check-prefix=MANY < %t/9.json
// RUN: hone-run %t/m.hone --dim n=65 --random-inputs --device=sim:sm_80 --check=all --profile=%t/65.json && FileCheck %s --check-prefix=UNPACKED < %t/65.json
// FEW-NOT: g1_
// FEW: g0_cuda_quant_matmul
// MANY: g1_cuda_quant_matmul
// UNPACKED: g2_cuda_quant_matmul
// UNPACKED: g3_cuda_quant_matmul
// The weight as f16 is memory that only the two share.
// RUN: FileCheck %s --check-prefix=EXEC < %t/schedule.mlir
// EXEC: exec.alloc() : memref<112x192xf16, 1>
// EXEC: exec.launch @g2_cuda_quant_matmul
// EXEC: exec.launch @g3_cuda_quant_matmul
// EXEC: exec.release
func.func @main(%x: tensor<?x192xf16> {hone.dims = ["n", 192], hone.name = "x"}) -> (tensor<?x112xf16> {hone.name = "y"}) {
  %q = hone.get_weight @q : tensor<112x192xui4>
  %s = hone.get_weight @s : tensor<112x6xf16>
  %d = hone.dequantize %q, %s {axis = 1 : i64, block = 32 : i64} : (tensor<112x192xui4>, tensor<112x6xf16>) -> tensor<112x192xf16>
  %y = hone.matmul %x, %d {transpose_b} : (tensor<?x192xf16>, tensor<112x192xf16>) -> tensor<?x112xf16>
  return %y : tensor<?x112xf16>
}
hone.weight @q : tensor<112x192xui4> file "w" offset 0 length 10752
hone.weight @s : tensor<112x6xf16> file "w" offset 10752 length 1344
