// Launches and transfers, as printed and read back.
// RUN: hone-opt %s | hone-opt | FileCheck %s
// CHECK: exec.launch @g(%{{.*}}, %{{.*}}) grid(%{{.*}}, %{{.*}}, %{{.*}}) threads 256 shared 0 call 0 : memref<4xf32, 1>, memref<?xf32, 1>
// CHECK: exec.transfer %{{.*}} to %{{.*}} call 1 : memref<4xf32> to memref<4xf32, 1>
func.func @main(%h: memref<4xf32>, %a: memref<4xf32, 1>, %b: memref<?xf32, 1>, %n: index) {
  exec.launch @g(%a, %b) grid(%n, %n, %n) threads 256 shared 0 call 0 : memref<4xf32, 1>, memref<?xf32, 1>
  exec.transfer %h to %a call 1 : memref<4xf32> to memref<4xf32, 1>
  return
}
