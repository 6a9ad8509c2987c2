// RUN: hone-opt %s --hone-expand-math | FileCheck %s
// f64 to f16 goes by f32 rounded to odd: an inexact step keeps a set last bit. f32 to f16 is an instruction.

// CHECK-LABEL: @from_f64
// CHECK: %[[NEAREST:.*]] = arith.truncf %{{.*}} : f64 to f32
// CHECK: %[[ODD:.*]] = arith.ori
// CHECK: %[[ROUNDED:.*]] = arith.select %{{.*}}, %[[ODD]], %{{.*}} : i32
// CHECK: %[[BITS:.*]] = arith.bitcast %[[ROUNDED]] : i32 to f32
// CHECK: arith.truncf %[[BITS]] : f32 to f16
func.func @from_f64(%x: f64) -> f16 {
  %y = arith.truncf %x : f64 to f16
  return %y : f16
}

// CHECK-LABEL: @from_f32
// CHECK-NEXT: arith.truncf %{{.*}} : f32 to f16
func.func @from_f32(%x: f32) -> f16 {
  %y = arith.truncf %x : f32 to f16
  return %y : f16
}
