// The call table has what each call computes and which weights it reads, as formulas in the names of dimensions.
// RUN: hone-opt %s --split-input-file --hone-phase-partition --hone-phase-kernels --hone-phase-schedule | FileCheck %s

// A product: 2 * 64 * 64 flops a row, and a relu.
// CHECK: arithmetic = "f32", bytes = "16384 + 512*n", flops = "8256*n", kernel = "k0_loops"
// CHECK-SAME: weight_bytes = "16384"
func.func @main(%x: tensor<?x64xf32> {hone.dims = ["n", 64], hone.name = "x"}) -> (tensor<?x64xf32> {hone.name = "y"}) {
  %w = hone.get_weight @w : tensor<64x64xf32>
  %m = hone.matmul %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %y = hone.relu %m : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
hone.weight @w : tensor<64x64xf32> file "w" offset 0 length 16384

// -----

// Of a table only the rows that are picked are read.
// CHECK: flops = "0"
// CHECK-SAME: weight_bytes = "64*n"
func.func @main(%i: tensor<?xi64> {hone.dims = ["n"], hone.name = "i"}) -> (tensor<?x16xf32> {hone.name = "y"}) {
  %w = hone.get_weight @table : tensor<1000x16xf32>
  %y = hone.gather %w, %i axis 0 : (tensor<1000x16xf32>, tensor<?xi64>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
hone.weight @table : tensor<1000x16xf32> file "w" offset 0 length 64000

// -----

// Half as many rows, rounded down, times twice the window.
// CHECK: flops = "8*((1*h)//(2))"
func.func @main(%x: tensor<1x1x?x2xf32> {hone.dims = [1, 1, "h", 2], hone.name = "x"}) -> (tensor<1x1x?x1xf32> {hone.name = "y"}) {
  %w = hone.get_weight @w : tensor<1x1x2x2xf32>
  %y = hone.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 1 : i64} : (tensor<1x1x?x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x?x1xf32>
  return %y : tensor<1x1x?x1xf32>
}
hone.weight @w : tensor<1x1x2x2xf32> file "w" offset 0 length 16

// -----

// A size that the data decides has no name, and the call no cost.
// CHECK: flops = "", kernel
func.func @main(%k: tensor<1xi64> {hone.name = "k"}, %x: tensor<1xf32> {hone.name = "x"}) -> (tensor<?xf32> {hone.name = "y"}) {
  %y = hone.expand %x, %k : (tensor<1xf32>, tensor<1xi64>) -> tensor<?xf32>
  %z = hone.relu %y : (tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}
