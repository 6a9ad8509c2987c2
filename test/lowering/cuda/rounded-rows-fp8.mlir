// Rows of f32 rounded to f8E4M3FN in front of a product of such, on a chip whose tensor cores take them.
// RUN: rm -rf %t && mkdir %t && cp %s %t/m.mlir && head -c 16704 /dev/zero > %t/w
// RUN: hone-compile %t/m.mlir --target=sm_89 -o %t/m.hone --save-temps=%t
// RUN: FileCheck %s --check-prefix=ROWS < %t/g0_cuda_quant_matmul.ptx
// ROWS: cvt.rn.satfinite.e4m3x2.f32
// RUN: FileCheck %s < %t/g1_cuda_quant_matmul.ptx
// CHECK: mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32
// DEFINE: %{rows} = --arg=f:f32:5x1x16:q4 --arg=q:u8:65x192:q4 --arg=x:f32:70x192:q4 --arg=i64:70 --arg=y:f32:70x65:nan --arg=i64:70 --arg=r:u8:70x192:q4 --arg=i64:70 --arg=u:f32:70:q4 --arg=i64:70
// RUN: hone-sim %t/g0_cuda_quant_matmul.ptx --grid=9 --block=256 %{rows} --check=all
// RUN: hone-sim %t/g1_cuda_quant_matmul.ptx --grid=4 --block=128 --shared=65536 %{rows} --mutate=sync | FileCheck %s --check-prefix=MUTANTS
// MUTANTS: {{^}}[[N:[1-9][0-9]*]] of [[N]] mutants found

// Older chips multiply rows of 16 bits by what they unpack; rows of f32 are left to f32.
// RUN: hone-compile %t/m.mlir --target=sm_80 -o %t/old.hone --explain=%t/old.json
// RUN: FileCheck %s --check-prefix=OLD < %t/old.json
// OLD: rows of f32 are rounded to f8E4M3FN on chips whose tensor cores take it (sm_89 and later)
func.func @main(%x: tensor<?x192xf32> {hone.dims = ["n", 192], hone.name = "x"}) -> (tensor<?x65xf32> {hone.name = "y"}) {
  %q = hone.get_weight @q : tensor<65x192xf8E4M3FN>
  %s = hone.get_weight @s : tensor<65xf32>
  %d = hone.dequantize %q, %s {axis = 0 : i64} : (tensor<65x192xf8E4M3FN>, tensor<65xf32>) -> tensor<65x192xf32>
  %y = hone.matmul %x, %d {activation_bits = 8 : i64, transpose_b} : (tensor<?x192xf32>, tensor<65x192xf32>) -> tensor<?x65xf32>
  return %y : tensor<?x65xf32>
}
hone.weight @q : tensor<65x192xf8E4M3FN> file "w" offset 0 length 12480
hone.weight @s : tensor<65xf32> file "w" offset 12480 length 260
