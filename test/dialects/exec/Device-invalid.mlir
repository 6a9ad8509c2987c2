// Memory of host and device is not mixed up.
// RUN: hone-opt %s --split-input-file --verify-diagnostics
func.func @launch(%h: memref<4xf32>, %n: index) {
  // expected-error @below {{expected buffers of the device (memory space 1), got 'memref<4xf32>'}}
  exec.launch @g(%h) grid(%n, %n, %n) threads 256 shared 0 call 0 : memref<4xf32>
  return
}
// -----
func.func @dispatch(%a: memref<4xf32, 1>, %n: index) {
  // expected-error @below {{expected buffers of the host, got 'memref<4xf32, 1>'}}
  exec.dispatch @k(%a) units %n cost %n scratch %n call 0 : memref<4xf32, 1>
  return
}
// -----
func.func @transfer(%a: memref<4xf32>, %b: memref<4xf32>) {
  // expected-error @below {{expected one buffer of the host and one of the device, got 'memref<4xf32>' and 'memref<4xf32>'}}
  exec.transfer %a to %b call 0 : memref<4xf32> to memref<4xf32>
  return
}
// -----
func.func @types(%a: memref<4xf32>, %b: memref<4xi32, 1>) {
  // expected-error @below {{expected buffers of one element type and rank, got 'memref<4xf32>' and 'memref<4xi32, 1>'}}
  exec.transfer %a to %b call 0 : memref<4xf32> to memref<4xi32, 1>
  return
}
