// A function of f32 vectors becomes a polynomial; a root stays an instruction, a power a call.
// RUN: hone-opt %s --hone-expand-math | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-NOT: math.tanh
// CHECK: math.fma
// CHECK: return
// Shown in the docs of hone-expand-math.
func.func @main(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.tanh %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: func.func @kept
// CHECK: math.sqrt
// CHECK: math.powf
func.func @kept(%x: f32) -> f32 {
  %0 = math.sqrt %x : f32
  %1 = math.powf %0, %x : f32
  return %1 : f32
}
