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
// DEFINE: %{boxes} = --arg=x:f16:300x512:q4 --arg=i64:300 --arg=w:f16:200x512:q4 --arg=c:f16:200:q4 --arg=y:f16:300x200:nan --arg=i64:300 --arg=xm:tensormap:x:box=128x64:swizzle=128B
// MUTANTS: {{^}}[[N:[1-9][0-9]*]] of [[N]] mutants found

// On sm_90a one thread has boxes copied and two warpgroups multiply them. Equivalent: fence.mbarrier_init, in a cluster of one block.
// RUN: hone-compile %s --target=sm_90a -o %t/w.hone --save-temps=%t/90
// RUN: FileCheck %s --check-prefix=WGMMA < %t/90/g2_cuda_matmul.ptx
// WGMMA: .param .align 64 .b8 {{.*}}[128]
// WGMMA: setmaxnreg.dec
// WGMMA: cp.async.bulk.tensor.2d
// WGMMA: setmaxnreg.inc
// WGMMA: wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16
// RUN: hone-sim %t/90/g2_cuda_matmul.ptx --target=sm_90a --grid=1 --block=384 --shared=217136 %{boxes} --arg=wm:tensormap:w:box=256x64:swizzle=128B --mutate=sync | FileCheck %s --check-prefix=ROLES
// RUN: hone-sim %t/90/g3_cuda_matmul.ptx --target=sm_90a --grid=3 --block=384 --shared=200768 %{boxes} --arg=wm:tensormap:w:box=128x64:swizzle=128B --mutate=sync | FileCheck %s --check-prefix=ROLES
// ROLES: fence.mbarrier_init.release.cluster: not found
// ROLES-NOT: not found
// ROLES: {{[68] of [79]}} mutants found
// 134 tiles on 132 multiprocessors: blocks that go on to a second tile. What it should be says the host.
// RUN: hone-compile %s --target=host -o %t/h.hone
// RUN: hone-run %t/h.hone --dim n=17100 --random-inputs=7 --output-dir %t/host
// RUN: hone-run %t/w.hone --dim n=17100 --random-inputs=7 --device=sim:sm_90a --profile=%t/17100.json --expect y=%t/host/y.npy --rtol 2e-3 --atol 2e-2
// RUN: FileCheck %s --check-prefix=ROWS17100 < %t/17100.json
// ROWS17100: g2_cuda_matmul

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
