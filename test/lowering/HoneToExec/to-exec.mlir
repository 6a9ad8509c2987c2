// A kernel region becomes a function and a dispatch; sizes come from the input; a view costs nothing.
// RUN: hone-opt %s --hone-to-exec | FileCheck %s

// CHECK-LABEL: func.func @main()
// CHECK: %[[X:.*]] = exec.input 0 : memref<?x8xf32>
// CHECK: %[[Y:.*]] = exec.output 0(%{{.*}}) : memref<?x8xf32>
// CHECK: exec.dispatch @[[K:[a-z0-9_]+]](%[[X]], %[[Y]]) units
// CHECK: func.func private @[[K]](%{{.*}}: memref<?x8xf32>, %{{.*}}: memref<?x8xf32>, %{{.*}}: memref<?xi8>, %[[LO:.*]]: index, %[[HI:.*]]: index)
// CHECK: %[[FIRST:.*]] = arith.muli %[[LO]], %{{.*}} : index
// CHECK: scf.for %{{.*}} = %[[FIRST]] to
// CHECK: math.absf
// Shown in the docs of hone-to-exec.
func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}) -> (tensor<?x8xf32> {hone.name = "y"}) {
  %y = "hone.kernel"(%x) <{dims = [[0, -9], [0, -9]], family = "loops"}> ({
  ^bb0(%in: tensor<?x8xf32>):
    %0 = hone.abs %in : (tensor<?x8xf32>) -> tensor<?x8xf32>
    hone.yield %0 : tensor<?x8xf32>
  }) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
