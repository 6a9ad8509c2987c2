#ifndef HONE_PASSES_SIMPLIFY_TD
#define HONE_PASSES_SIMPLIFY_TD
include "mlir/Pass/PassBase.td"

def InferShapes : Pass<"hone-infer-shapes", "::mlir::ModuleOp"> {
  let summary = "refines tensor types by symbolic shape inference";
  let description = [{
    Runs every op's inferShapes over all functions. Use it after anything that changed shapes without retyping its users, and on
    hand-written IR: results may be written as `tensor<*xf32>`.

    Needs: nothing. Numerics: unchanged.
  }];
}

def ExposeValues : Pass<"hone-expose-values", "::mlir::ModuleOp"> {
  let summary = "every named value of @main becomes an output, to compare graphs value by value";
  let description = [{
    For each node of the model that has a name, the last tensor that carries it and stands in the body of @main is returned too, as output `node:NAME`.
    Weights, constants, and what is returned already stay out, and so does what stands in bodies of control flow. `tools/dev/hone-check` compares
    two graphs by it.

    Needs: nothing. Numerics: unchanged.
  }];
}

def CutGraph : Pass<"hone-cut-graph", "::mlir::ModuleOp"> {
  let summary = "named values of @main become its inputs and outputs; what is then dead goes";
  let description = [{
    Cuts a part out of a graph, as a test case of its own. A value has the name of its node, as in hone-expose-values. `outputs` are names of
    outputs (kept as they are), of nodes (returned as `node:NAME`) and of inputs (returned as `input:NAME`); without them all outputs stay.
    `inputs` are names of nodes: where their values were read stands a new input `node:NAME`. Its dimensions keep the names of the model where
    they have one; others are called `cutN`, equal sizes alike. Then ops, weights and inputs go that nothing reads.
    `tools/dev/hone-reduce` finds small failing graphs by it.

    Needs: nothing. Numerics: unchanged, where a new input is given the value that it stands for.
  }];
  let options = [
    ListOption<"outputs", "outputs", "std::string", "names of outputs, nodes or inputs to return (none: all outputs)">,
    ListOption<"inputs", "inputs", "std::string", "names of nodes whose values become inputs">
  ];
}

def FoldShapes : Pass<"hone-fold-shapes", "::mlir::ModuleOp"> {
  let summary = "replaces shape computations by what they are known to hold";
  let description = [{
    Integer tensors whose elements symbolic inference knows become a `hone.constant`, or a `hone.index_tensor` of sizes
    of arguments. What computed them before dies.

    Needs: ranked types (hone-infer-shapes). Numerics: unchanged.
  }];
}
def FoldConstants : Pass<"hone-fold-constants", "::mlir::ModuleOp"> {
  let summary = "evaluates what depends on constants and weights only";
  let description = [{
    Small elementwise and movement results become a `hone.constant` at once. Larger ones become a `hone.weight` whose recipe
    computes them while the artifact is written, unless they would grow: a result of more than twice its inputs plus
    64 KB stays in the graph, and so does every `hone.dequantize`.

    Needs: ranked types; hone-fold-shapes, or shape computations of weights' sizes keep it from seeing constants. Numerics: unchanged.
  }];
}
def SimplifyMovement : Pass<"hone-simplify-movement", "::mlir::ModuleOp"> {
  let summary = "removes reshapes, transposes, casts and copies that change nothing";
  let description = [{
    Composes transposes and reshapes, drops expands, slices, casts and reshapes whose result equals their input (proved on
    symbolic sizes), and turns transposes that only move dimensions of size 1 into reshapes.

    Needs: ranked types; constants folded, so that a factor of 1 is seen as one. Numerics: unchanged.
  }];
}

def RaiseActivations : Pass<"hone-raise-activations", "::mlir::ModuleOp"> {
  let summary = "finds decomposed SiLU and GELU";
  let description = [{
    `x * sigmoid(x)` becomes `hone.silu`; the erf form of GELU in any order of its factors becomes `hone.gelu`, its tanh
    form `hone.gelu {tanh}`. What comes close is reported (`--explain`).

    Needs: hone-fold-constants and hone-simplify-movement, since it looks through neither casts nor reshapes. Numerics: rounding may change in
    the last place.
  }];
}

def RaiseNorms : Pass<"hone-raise-norms", "::mlir::ModuleOp"> {
  let summary = "finds decomposed RMSNorm and LayerNorm";
  let description = [{
    `x / sqrt(mean(x^2) + e) * scale` over the last dimension becomes `hone.rms_norm`; with the mean subtracted,
    `hone.layer_norm`. Division, reciprocal and power forms are taken. What comes close is reported (`--explain`).

    Needs: hone-fold-constants and hone-simplify-movement. Numerics: rounding may change in the last places.
  }];
}

def RaiseRope : Pass<"hone-raise-rope", "::mlir::ModuleOp"> {
  let summary = "finds decomposed rotary embedding";
  let description = [{
    `x * cos + concat(-x[..., H/2:], x[..., :H/2]) * sin` on [B, N, S, H] becomes `hone.rope` on [B, S, N*H] when cos and
    sin repeat their first half. What comes close is reported (`--explain`).

    Needs: hone-fold-shapes (the slices' bounds), hone-simplify-movement. Numerics: rounding may change in the last place.
  }];
}

def RaiseAttention : Pass<"hone-raise-attention", "::mlir::ModuleOp"> {
  let summary = "finds decomposed scaled dot-product attention";
  let description = [{
    `softmax(scale * Q K^T + mask) V` on [B, N, S, H] becomes `hone.attention` on [B, S, N*H]; repeated key and value heads
    become grouped heads, and a concat with past keys and values becomes its past. Run hone-simplify-movement after it: the
    transposes that it puts around the op cancel with the model's. What comes close is reported (`--explain`).

    Needs: hone-fold-constants, hone-simplify-movement, and hone-raise-rope in front of it. Numerics: sums are taken in another order, scales
    move.
  }];
}

def MergeFactors : Pass<"hone-merge-factors", "::mlir::ModuleOp"> {
  let summary = "makes one product of constant factors and divisors";
  let description = [{
    `x * a / b` with constants a and b becomes `x * (a / b)`, and a constant divisor a factor, when a matrix product or a
    convolution went into x.

    Needs: the raising passes first, which look for constants by their value. Numerics: rounding may change in the last place.
  }];
}

def LowerConvTranspose : Pass<"hone-lower-conv-transpose", "::mlir::ModuleOp"> {
  let summary = "writes transposed convolutions as convolutions";
  let description = [{
    `hone.conv_transpose` of f32 with a weight of known shape, up to two spatial dimensions and no dilation becomes a
    `hone.conv` with a channel for each remainder of the output position by the stride, and a `hone.interleave`.

    Needs: ranked types; hone-fold-constants after it makes the new weight a recipe. Numerics: sums are taken in another order.
  }];
}

def ApplyPdlPatterns : Pass<"hone-apply-pdl-patterns", "::mlir::ModuleOp"> {
  let summary = "applies the rewrite patterns that a file states in PDL";
  let description = [{
    What `--pdl-patterns=FILE` of the tools stands for. The patterns are applied greedily until none matches. Ops that
    nobody registered and native functions are errors.

    Needs: nothing. Numerics: the patterns' matter.
  }];
  let options = [Option<"file", "file", "std::string", "", "an .mlir file with pdl.pattern ops">];
}
#endif
