// A dump of any phase compiles on to an artifact that computes the same, bit for bit. The weight is this file's own text.
// REQUIRES: avx2
// RUN: rm -rf %t && mkdir -p %t && cp %s %t/model.mlir
// RUN: hone-compile %t/model.mlir --target=x86-64-v3 -o %t/direct.hone
// RUN: hone-run %t/direct.hone --random-inputs=1 --dim n=3 --output-dir %t/out
// RUN: hone-run %t/direct.hone --input x=%t/out/y.npy --output-dir %t/want
// RUN: hone-compile %t/model.mlir --target=x86-64-v3 --compile-to=import -o %t/import.mlir
// RUN: hone-compile %t/import.mlir --target=x86-64-v3 --compile-from=simplify -o %t/import.hone
// RUN: hone-run %t/import.hone --input x=%t/out/y.npy --expect y=%t/want/y.npy --rtol 0 --atol 0
// RUN: hone-compile %t/model.mlir --target=x86-64-v3 --compile-to=simplify -o %t/simplify.mlir
// RUN: hone-compile %t/simplify.mlir --target=x86-64-v3 --compile-from=compress -o %t/simplify.hone
// RUN: hone-run %t/simplify.hone --input x=%t/out/y.npy --expect y=%t/want/y.npy --rtol 0 --atol 0
// RUN: hone-compile %t/model.mlir --target=x86-64-v3 --compile-to=compress -o %t/compress.mlir
// RUN: hone-compile %t/compress.mlir --target=x86-64-v3 --compile-from=fuse -o %t/compress.hone
// RUN: hone-run %t/compress.hone --input x=%t/out/y.npy --expect y=%t/want/y.npy --rtol 0 --atol 0
// RUN: hone-compile %t/model.mlir --target=x86-64-v3 --compile-to=fuse -o %t/fuse.mlir
// RUN: hone-compile %t/fuse.mlir --target=x86-64-v3 --compile-from=partition -o %t/fuse.hone
// RUN: hone-run %t/fuse.hone --input x=%t/out/y.npy --expect y=%t/want/y.npy --rtol 0 --atol 0
// RUN: hone-compile %t/model.mlir --target=x86-64-v3 --compile-to=partition -o %t/partition.mlir
// RUN: hone-compile %t/partition.mlir --target=x86-64-v3 --compile-from=kernels -o %t/partition.hone
// RUN: hone-run %t/partition.hone --input x=%t/out/y.npy --expect y=%t/want/y.npy --rtol 0 --atol 0
// RUN: hone-compile %t/model.mlir --target=x86-64-v3 --compile-to=kernels -o %t/kernels.mlir
// RUN: hone-compile %t/kernels.mlir --target=x86-64-v3 --compile-from=schedule -o %t/kernels.hone
// RUN: hone-run %t/kernels.hone --input x=%t/out/y.npy --expect y=%t/want/y.npy --rtol 0 --atol 0
// RUN: hone-compile %t/model.mlir --target=x86-64-v3 --compile-to=schedule -o %t/schedule.mlir
// RUN: hone-compile %t/schedule.mlir --target=x86-64-v3 --compile-from=codegen -o %t/schedule.hone
// RUN: hone-run %t/schedule.hone --input x=%t/out/y.npy --expect y=%t/want/y.npy --rtol 0 --atol 0
// RUN: hone-compile %t/model.mlir --target=x86-64-v3 --compile-to=codegen -o %t/codegen.mlir
// RUN: hone-compile %t/codegen.mlir --target=x86-64-v3 --compile-from=package -o %t/codegen.hone
// RUN: hone-run %t/codegen.hone --input x=%t/out/y.npy --expect y=%t/want/y.npy --rtol 0 --atol 0

hone.weight @w : tensor<8x8xi8> file "model.mlir" offset 0 length 64
func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
  %b = hone.get_weight @w : tensor<8x8xi8>
  %c = hone.constant dense<1.0e-2> : tensor<f32> : tensor<f32>
  %f = hone.cast %b {to = f32} : (tensor<8x8xi8>) -> tensor<8x8xf32>
  %w = hone.mul %f, %c : (tensor<8x8xf32>, tensor<f32>) -> tensor<8x8xf32>
  %m = hone.matmul %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %y = hone.tanh %m : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
