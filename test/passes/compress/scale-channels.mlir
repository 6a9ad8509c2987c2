// REQUIRES: python-onnx
// Where the division by the scales goes: into a norm's vectors that only products read, into the columns of the product in
// front and its bias, through relu and a multiplication; else in front of the products.
// RUN: not hone-opt %s --hone-scale-channels 2>&1 | FileCheck %s --check-prefix=ALONE
// RUN: not hone-opt %s --hone-scale-channels="method=guess" 2>&1 | FileCheck %s --check-prefix=METHOD
// RUN: not hone-opt %s --hone-scale-channels="alpha=2" 2>&1 | FileCheck %s --check-prefix=ALPHA
// ALONE: error: hone-scale-channels needs samples: hone-compile --compress=int4:method=awq --calibrate=DIR
// METHOD: expected the method awq or smooth, got 'guess'
// ALPHA: expected an alpha from 0 to 1

// RUN: rm -rf %t && mkdir -p %t/samples/0
// RUN: %python -c "import numpy as n; r = n.random.default_rng(1); r.standard_normal(2 * 64 * 64 + 64, dtype=n.float32).tofile('%t/w'); n.save('%t/samples/0/x.npy', r.standard_normal((9, 64), dtype=n.float32))"
// RUN: sed 's#"m"#"w"#' %s > %t/m.mlir
// RUN: hone-compile %t/m.mlir --compress=int4:method=awq,group=16 --calibrate=%t/samples --compile-to=compress -o %t/out.mlir
// RUN: FileCheck %s --input-file=%t/out.mlir
// CHECK-LABEL: func.func @main
// CHECK-DAG: %[[G:.*]] = hone.get_weight @g.scaled
// CHECK-DAG: %[[B:.*]] = hone.get_weight @g.scaled_
// CHECK: %[[L:.*]] = hone.layer_norm %{{.*}}, %[[G]], %[[B]]
// CHECK-DAG: hone.matmul %[[L]]
// CHECK-DAG: hone.matmul %[[L]]
// CHECK-DAG: hone.add
// CHECK-DAG: hone.relu
// CHECK-NOT: hone.get_weight @channels
// CHECK: %[[P:.*]] = hone.mul
// CHECK: %[[Y:.*]] = hone.matmul %[[P]]
// CHECK: %[[S:.*]] = hone.get_weight @channels.0 : tensor<64xf32>
// CHECK: %[[Z:.*]] = hone.mul %[[Y]], %[[S]]
// CHECK: hone.matmul %[[Z]]
// CHECK: hone.add %[[Y]]
// Shown in the docs of hone-scale-channels: alone, it has no samples.
hone.weight @w : tensor<64x64xf32> file "m" offset 0 length 16384
hone.weight @v : tensor<64x64xf32> file "m" offset 16384 length 16384
hone.weight @g : tensor<64xf32> file "m" offset 32768 length 256
func.func @main(%x: tensor<?x64xf32> {hone.dims = ["n", 64], hone.name = "x"}) -> (tensor<?x64xf32> {hone.name = "y"}) {
  %w = hone.get_weight @w : tensor<64x64xf32>
  %v = hone.get_weight @v : tensor<64x64xf32>
  %g = hone.get_weight @g : tensor<64xf32>
  %l = hone.layer_norm %x, %g, %g {epsilon = 1.0e-5 : f32} : (tensor<?x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  %a = hone.matmul %l, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32> loc("a")
  %b = hone.add %a, %g : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  %r = hone.relu %b : (tensor<?x64xf32>) -> tensor<?x64xf32>
  %c = hone.matmul %l, %v : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32> loc("c")
  %s = hone.silu %c : (tensor<?x64xf32>) -> tensor<?x64xf32>
  %m = hone.mul %s, %r : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %y = hone.matmul %m, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32> loc("y")
  %z = hone.matmul %y, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32> loc("z")
  %o = hone.add %y, %z : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %o : tensor<?x64xf32>
}
