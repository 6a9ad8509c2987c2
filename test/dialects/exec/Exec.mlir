// Every exec op prints and parses back.
// RUN: hone-opt %s | hone-opt | FileCheck %s

func.func @kernel(%a: memref<?xf32>, %s: memref<?xi8>, %lo: index, %hi: index) {
  return
}
func.func @main(%n: index, %ok: i1) {
  // CHECK: exec.input 0 : memref<?xf32>
  %x = exec.input 0 : memref<?xf32>
  // CHECK: exec.weight @w : memref<8xf32>
  %w = exec.weight @w : memref<8xf32>
  // CHECK: exec.alloc(%{{.*}}) : memref<?xf32>
  %b = exec.alloc(%n) : memref<?xf32>
  // CHECK: exec.output 1(%{{.*}}) : memref<?xf32>
  %y = exec.output 1(%n) : memref<?xf32>
  // CHECK: exec.check %{{.*}}, "expected rows" call 3
  exec.check %ok, "expected rows" call 3
  // CHECK: exec.dispatch @kernel(%{{.*}}, %{{.*}}) units %{{.*}} cost %{{.*}} scratch %{{.*}} call 4 : memref<?xf32>, memref<?xf32>
  exec.dispatch @kernel(%x, %b) units %n cost %n scratch %n call 4 : memref<?xf32>, memref<?xf32>
  // CHECK: exec.library "hone_topk"(%{{.*}}, %{{.*}}) params(%{{.*}}) call 5 : memref<?xf32>, memref<?xf32>
  exec.library "hone_topk"(%b, %y) params(%n) call 5 : memref<?xf32>, memref<?xf32>
  // CHECK: exec.release %{{.*}} : memref<?xf32>
  exec.release %b : memref<?xf32>
  return
}
