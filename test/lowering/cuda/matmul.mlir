// Products of 16-bit floats: which kernel runs is decided by sizes; a run of each with one synchronization taken out at a time.
// RUN: rm -rf %t && mkdir -p %t/80 %t/90
// RUN: hone-compile %s --target=sm_80 -o %t/m.hone --save-temps=%t/80
// RUN: FileCheck %s --check-prefix=FEW < %t/80/g0_cuda_matmul.ptx
// RUN: FileCheck %s --check-prefix=STAGED < %t/80/g2_cuda_matmul.ptx
// FEW: ld.global.nc.v4.b32
// FEW: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// STAGED: cp.async.cg.shared.global
// STAGED: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// STAGED: st.global.v4.b32
// DEFINE: %{weights} = --arg=w:f16:200x512:q4 --arg=c:f16:200:q4
// DEFINE: %{many} = --arg=x:f16:150x512:q4 --arg=i64:150 --arg=w:f16:200x512:q4 --arg=c:f16:200:q4 --arg=y:f16:150x200:nan --arg=i64:150 --mutate=sync
// RUN: hone-sim %t/80/g0_cuda_matmul.ptx --grid=13 --block=128 --arg=x:f16:5x512:q4 --arg=i64:5 %{weights} --arg=y:f16:5x200:nan --arg=i64:5 --mutate=sync | FileCheck %s --check-prefix=MUTANTS
// RUN: hone-sim %t/80/g2_cuda_matmul.ptx --grid=4 --block=256 --shared=98304 %{many} | FileCheck %s --check-prefix=MUTANTS
// RUN: hone-sim %t/80/g3_cuda_matmul.ptx --grid=12 --block=128 --shared=65536 %{many} | FileCheck %s --check-prefix=MUTANTS
// MUTANTS: {{^}}[[N:[1-9][0-9]*]] of [[N]] mutants found

// On sm_90a the same stages feed wgmma.
// RUN: hone-compile %s --target=sm_90a -o %t/w.hone --save-temps=%t/90
// RUN: FileCheck %s --check-prefix=WGMMA < %t/90/g2_cuda_matmul.ptx
// WGMMA: fence.proxy.async.shared::cta
// WGMMA: wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16
// RUN: hone-sim %t/90/g2_cuda_matmul.ptx --target=sm_90a --grid=2 --block=256 --shared=196608 %{many} | FileCheck %s --check-prefix=MUTANTS
// RUN: hone-sim %t/90/g3_cuda_matmul.ptx --target=sm_90a --grid=4 --block=256 --shared=131072 %{many} | FileCheck %s --check-prefix=MUTANTS

// RUN: hone-run %t/m.hone --dim n=8 --random-inputs --device=sim:sm_80 --check=all --profile=%t/8.json && FileCheck %s --check-prefix=ROWS8 < %t/8.json
// RUN: hone-run %t/m.hone --dim n=33 --random-inputs --device=sim:sm_80 --check=all --profile=%t/33.json && FileCheck %s --check-prefix=ROWS33 < %t/33.json
// RUN: hone-run %t/m.hone --dim n=7000 --random-inputs --device=sim:sm_80 --profile=%t/7000.json && FileCheck %s --check-prefix=ROWS7000 < %t/7000.json
// ROWS8: g0_cuda_matmul
// ROWS33: g3_cuda_matmul
// ROWS7000: g2_cuda_matmul
func.func @main(%x: tensor<?x512xf16> {hone.dims = ["n", 512], hone.name = "x"}, %w: tensor<200x512xf16> {hone.dims = [200, 512], hone.name = "w"}, %c: tensor<200xf16> {hone.dims = [200], hone.name = "c"})
    -> (tensor<?x200xf16> {hone.name = "y"}) {
  %p = hone.matmul %x, %w {transpose_b} : (tensor<?x512xf16>, tensor<200x512xf16>) -> tensor<?x200xf16>
  %y = hone.add %p, %c : (tensor<?x200xf16>, tensor<200xf16>) -> tensor<?x200xf16>
  return %y : tensor<?x200xf16>
}
