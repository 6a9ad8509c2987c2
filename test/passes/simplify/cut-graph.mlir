// A part of a graph: values become inputs and outputs, what is dead goes, dimensions keep their names.
// RUN: hone-opt %s --hone-cut-graph=outputs=c --hone-cut-graph=inputs=a | FileCheck %s
// RUN: hone-opt %s --hone-cut-graph="outputs=y,node:c,x" | FileCheck %s --check-prefix=OUTPUTS
// RUN: hone-opt %s --hone-cut-graph="inputs=b,d" | FileCheck %s --check-prefix=INPUTS
// RUN: not hone-opt %s --hone-cut-graph="outputs=none" 2>&1 | FileCheck %s --check-prefix=NO-OUTPUT
// RUN: not hone-opt %s --hone-cut-graph="inputs=x" 2>&1 | FileCheck %s --check-prefix=NO-NODE

// NO-OUTPUT: error: expected the name of an output, a node or an input, got 'none'
// NO-NODE: error: expected the name of a node, got 'x'

// CHECK-NOT: hone.weight
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[A:.*]]: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "node:a"}) -> (tensor<?x8xf32> {hone.name = "node:c"})
// CHECK-NEXT: %[[B:.*]] = hone.neg %[[A]]
// CHECK-NEXT: %[[C:.*]] = hone.mul %[[B]], %[[A]]
// CHECK-NEXT: return %[[C]]

// OUTPUTS-LABEL: func.func @main
// OUTPUTS-SAME: (%[[X:.*]]: tensor<?x8xf32> {{.*}}, %{{.*}}: tensor<?xf32>
// OUTPUTS-SAME: -> (tensor<?xf32> {hone.name = "y"}, tensor<?x8xf32> {hone.name = "node:c"}, tensor<?x8xf32> {hone.name = "input:x"})
// OUTPUTS: return %{{.*}}, %{{.*}}, %[[X]] :

// A size that has no name gets one; what only the part in front of d read goes with it.
// INPUTS-NOT: hone.weight
// INPUTS-LABEL: func.func @main
// INPUTS-SAME: {hone.dims = ["m"], hone.name = "z"}, %{{.*}}: tensor<?xf32> {hone.dims = ["cut0"], hone.name = "node:d"})
// INPUTS-NOT: hone.reshape
// INPUTS: hone.concat
hone.weight @w : tensor<8xf32> file "w.bin" offset 0 length 32
// Shown in the docs of hone-cut-graph.
func.func @main(%x: tensor<?x8xf32> {hone.dims = ["n", 8], hone.name = "x"}, %z: tensor<?xf32> {hone.dims = ["m"], hone.name = "z"})
    -> (tensor<?xf32> {hone.name = "y"}) {
  %w = hone.get_weight @w : tensor<8xf32>
  %0 = hone.add %x, %w : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32> loc("a")
  %1 = hone.neg %0 : (tensor<?x8xf32>) -> tensor<?x8xf32> loc("b")
  %2 = hone.mul %1, %0 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32> loc("c")
  %all = hone.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %3 = hone.reshape %2, %all : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?xf32> loc("d")
  %4 = hone.concat %3, %z axis 0 : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32> loc("e")
  return %4 : tensor<?xf32>
}
