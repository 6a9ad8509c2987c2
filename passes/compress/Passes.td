#ifndef HONE_PASSES_COMPRESS_TD
#define HONE_PASSES_COMPRESS_TD
include "mlir/Pass/PassBase.td"

def QuantizeWeights : Pass<"hone-quantize-weights", "::mlir::ModuleOp"> {
  let summary = "weights of products become integers with a scale a group, each in front of its user as a hone.dequantize";
  let description = [{
    Every weight of f32 with two axes that an op of `QuantizableOpInterface` reads is rounded to `bits` wide integers: one scale for `group` neighbours
    along the axis that a product sums over (0: one for each row or column of outputs). Symmetric: the largest element of a group maps to the largest
    number; with `zeros` the range from the least to the largest, which then holds 0. Numbers, scales and zero points are recipes, computed while
    the artifact is written. Kernels that can't read them get the dense tensor: no other pass has to know.

    `embeddings` takes tables too, whose rows are picked and not multiplied. `only` and `skip` are patterns (`*` and `?`) on the model's names of nodes.
    A weight that stays dense says why in a remark.

    Needs: inferred shapes. Numerics: this is the pass that changes them, by up to half a scale an element.
  }];
  let options = [
    Option<"bits", "bits", "int64_t", "4", "width of the numbers: 4 or 8">,
    Option<"group", "group", "int64_t", "32", "neighbours that share a scale; 0: all of a row or column">,
    Option<"zeros", "zeros", "bool", "false", "zero points beside the scales">,
    Option<"embeddings", "embeddings", "bool", "false", "tables whose rows are picked, too">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def GptqWeights : Pass<"hone-gptq-weights", "::mlir::ModuleOp"> {
  let summary = "weights of products become 4- or 8-bit integers that keep the products of samples";
  let description = [{
    As hone-quantize-weights, symmetric, but numbers and scales are chosen so that the outputs of each product change little on samples: GPTQ
    with searched scales, then coordinate descent (`sweeps` times; none by default: it fits the samples better and other texts worse). Products are taken in order, and each sees the inputs that the rounded ones in front of
    it give. Needs what runs the samples: `hone-compile --compress=int4:method=gptq --calibrate=DIR`; by itself the pass is an error.

    Tables (with `embeddings`) and products inside control flow, which samples do not reach, are rounded with searched scales. Numbers and scales are
    bytes of a file beside the output.

    Needs: inferred shapes. Numerics: changes them, see docs/compress.md.
  }];
  let options = [
    Option<"bits", "bits", "int64_t", "4", "width of the numbers: 4 or 8">,
    Option<"group", "group", "int64_t", "32", "neighbours that share a scale; 0: all of a row or column">,
    Option<"sweeps", "sweeps", "int64_t", "0", "of coordinate descent">,
    Option<"embeddings", "embeddings", "bool", "false", "tables whose rows are picked, too">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}
#endif
