#ifndef HONE_PASSES_SIMPLIFY_TD
#define HONE_PASSES_SIMPLIFY_TD
include "mlir/Pass/PassBase.td"

def InferShapes : Pass<"hone-infer-shapes", "::mlir::ModuleOp"> {
  let summary = "refines tensor types by symbolic shape inference";
  let description = [{
    Runs every op's inferShapes over all functions. Numerics do not change. Use it after anything that changed
    shapes without retyping its users, and on hand-written IR: results may be written as `tensor<*xf32>`.
  }];
}

def FoldShapes : Pass<"hone-fold-shapes", "::mlir::ModuleOp"> {
  let summary = "replaces shape computations by what they are known to hold";
  let description = [{
    Integer tensors whose elements symbolic inference knows become a `hone.constant`, or a `hone.index_tensor` of sizes
    of arguments. What computed them before dies. Numerics do not change.
  }];
}
def FoldConstants : Pass<"hone-fold-constants", "::mlir::ModuleOp"> {
  let summary = "evaluates what depends on constants and weights only";
  let description = [{
    Small elementwise and movement results become a `hone.constant` at once. Larger ones become a `hone.weight` whose recipe
    computes them while the artifact is written, unless they would grow: a result of more than twice its inputs plus
    64 KB stays in the graph, and so does every `hone.dequantize`. Numerics do not change.
  }];
}
#endif
