// The kernels of attention: tensor cores on operands read 16 bytes at a time; a run of each, with its barrier taken out where it has one.
// RUN: rm -rf %t && mkdir %t && hone-compile %s --target=sm_80 -o %t/m.hone --save-temps=%t
// RUN: FileCheck %s < %t/g0_cuda_attention.ptx
// RUN: FileCheck %s < %t/g2_cuda_attention.ptx
// RUN: FileCheck %s --check-prefix=ALONE < %t/g3_cuda_attention.ptx
// CHECK: .reqntid 256
// CHECK: ld.global.nc.v4.b32
// CHECK: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// CHECK: ex2.approx.ftz.f32
// CHECK: bar.sync
// ALONE: .reqntid 128
// ALONE-NOT: bar.sync
// ALONE: st.global.v4.b32
// ALONE-NOT: bar.sync
// RUN: hone-sim %t/g2_cuda_attention.ptx --grid=2 --block=256 --arg=q:f16:2x3x128:q4 --arg=i64:2 --arg=i64:3 --arg=k:f16:2x9x64:q4 --arg=i64:2 --arg=i64:9 --arg=v:f16:2x9x64:q4 --arg=i64:2 --arg=i64:9 --arg=y:f16:2x3x128:nan --arg=i64:2 --arg=i64:3 --mutate=sync | FileCheck %s --check-prefix=MUTANTS
// MUTANTS: {{^}}[[N:[1-9][0-9]*]] of [[N]] mutants found

// RUN: hone-run %t/m.hone --dim b=2 --dim s=8 --dim t=9 --random-inputs --device=sim:sm_80 --check=all --profile=%t/few.json && FileCheck %s --check-prefix=FEW < %t/few.json
// RUN: hone-run %t/m.hone --dim b=2 --dim s=9 --dim t=40 --random-inputs --device=sim:sm_80 --check=all --profile=%t/many.json && FileCheck %s --check-prefix=MANY < %t/many.json
// FEW: g2_cuda_attention
// MANY: g3_cuda_attention
// Two blocks share the 300 keys of a head; what each has summed up becomes the result in a step of its own.
// RUN: hone-run %t/m.hone --dim b=2 --dim s=8 --dim t=300 --random-inputs --device=sim:sm_80 --check=all --profile=%t/long.json && FileCheck %s --check-prefix=LONG < %t/long.json
// LONG: g0_cuda_attention
// LONG: g1_cuda_attention
// DEFINE: %{long} = --arg=q:f16:2x3x128:q4 --arg=i64:2 --arg=i64:3 --arg=k:f16:2x300x64:q4 --arg=i64:2 --arg=i64:300 --arg=v:f16:2x300x64:q4 --arg=i64:2 --arg=i64:300 --arg=y:f16:2x3x128:nan --arg=i64:2 --arg=i64:3
// RUN: hone-sim %t/g0_cuda_attention.ptx --grid=4 --block=256 %{long} --arg=p:f32:2x2x16x66:nan --arg=i64:2 --arg=i64:2 --mutate=sync | FileCheck %s --check-prefix=MUTANTS
// RUN: hone-sim %t/g1_cuda_attention.ptx --grid=2 --block=256 %{long} --arg=p:f32:2x2x16x66:q4 --arg=i64:2 --arg=i64:2 --check=all
func.func @main(%q: tensor<?x?x128xf16> {hone.dims = ["b", "s", 128], hone.name = "q"}, %k: tensor<?x?x64xf16> {hone.dims = ["b", "t", 64], hone.name = "k"}, %v: tensor<?x?x64xf16> {hone.dims = ["b", "t", 64], hone.name = "v"})
    -> (tensor<?x?x128xf16> {hone.name = "y"}) {
  %y = "hone.attention"(%q, %k, %v) {heads = 2 : i64, kv_heads = 1 : i64, scale = 0.125 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
    : (tensor<?x?x128xf16>, tensor<?x?x64xf16>, tensor<?x?x64xf16>) -> tensor<?x?x128xf16>
  return %y : tensor<?x?x128xf16>
}
