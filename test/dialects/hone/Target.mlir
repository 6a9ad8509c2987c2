// The target of a module prints and parses back.
// RUN: hone-opt %s | hone-opt | FileCheck %s

// CHECK: hone.target = #hone.target<"sm_0", "generic", "+x,-y", {vector_bits = 512 : i64}>
module attributes {hone.target = #hone.target<"sm_0", "generic", "+x,-y", {vector_bits = 512 : i64}>} {
}
