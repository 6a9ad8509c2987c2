#ifndef HONE_PASSES_COMPRESS_TD
#define HONE_PASSES_COMPRESS_TD
include "mlir/Pass/PassBase.td"

def QuantizeWeights : Pass<"hone-quantize-weights", "::mlir::ModuleOp"> {
  let summary = "weights of products become integers or floats of 8 bits with a scale a group, each in front of its user as a hone.dequantize";
  let description = [{
    Every weight of f32 with two axes that an op of `QuantizableOpInterface` reads is rounded to `bits` wide integers: one scale for `group` neighbours
    along the axis that a product sums over (0: one for each row or column of outputs). Symmetric: the largest element of a group maps to the largest
    number; with `zeros` the range from the least to the largest, which then holds 0. Numbers of 3 bits (-4 to 3) lie in elements of 4. With `float` they are f8E4M3FN, 448 the largest. Numbers, scales and zero points are recipes, computed while
    the artifact is written. Kernels that can't read them get the dense tensor: no other pass has to know.

    Where the group does not divide the sum, the largest smaller one does that is a multiple of 64, or, if that is less than half of it, of 16; a remark says so.
    `embeddings` takes tables too, whose rows are picked and not multiplied. `only` and `skip` are patterns (`*` and `?`) on the model's names of nodes.
    A weight that stays dense says why in a remark.

    Needs: inferred shapes. Numerics: this is the pass that changes them, by up to half a scale an element.
  }];
  let options = [
    Option<"bits", "bits", "int64_t", "4", "width of the numbers: 3, 4 or 8">,
    Option<"group", "group", "int64_t", "32", "neighbours that share a scale; 0: all of a row or column">,
    Option<"isFloat", "float", "bool", "false", "floats of 8 bits (f8E4M3FN) instead of integers">,
    Option<"zeros", "zeros", "bool", "false", "zero points beside the scales">,
    Option<"embeddings", "embeddings", "bool", "false", "tables whose rows are picked, too">,
    Option<"rows", "rows", "int64_t", "16", "bits that kernels may round the product's other operand to: 16 or 8">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def GptqWeights : Pass<"hone-gptq-weights", "::mlir::ModuleOp"> {
  let summary = "weights of products become 3-, 4- or 8-bit integers that keep the products of samples";
  let description = [{
    As hone-quantize-weights, symmetric, but numbers and scales are chosen so that the outputs of each product change little on samples: GPTQ
    with searched scales, then coordinate descent (`sweeps` times; none by default: it fits the samples better and other texts worse). Products are taken in order, and each sees the inputs that the rounded ones in front of
    it give. Needs what runs the samples: `hone-compile --compress=int4:method=gptq --calibrate=DIR`; by itself the pass is an error.

    With a `rank` two thin products are added to each: of what rounding changed, the matrix of that rank that changes the outputs of samples least without it.

    Without `spread` elements are rounded to the nearest number and only the scales are searched, for the least error weighted by what samples give each input.
    Tables (with `embeddings`) and products inside control flow, which samples do not reach, are rounded with searched scales. Numbers and scales are
    bytes of a file beside the output.

    Needs: inferred shapes. Numerics: changes them, see docs/compress.md.
  }];
  let options = [
    Option<"bits", "bits", "int64_t", "4", "width of the numbers: 3, 4 or 8">,
    Option<"group", "group", "int64_t", "32", "neighbours that share a scale; 0: all of a row or column">,
    Option<"sweeps", "sweeps", "int64_t", "0", "of coordinate descent">,
    Option<"rank", "rank", "int64_t", "0", "of the correction that is added to each product; 0: none">,
    Option<"learns", "learns", "bool", "true", "by inputs of samples; else all count alike and spread does nothing">,
    Option<"spread", "spread", "bool", "true", "errors are made good by the elements behind; else scales alone are chosen by samples">,
    Option<"embeddings", "embeddings", "bool", "false", "tables whose rows are picked, too">,
    Option<"rows", "rows", "int64_t", "16", "bits that kernels may round the product's other operand to: 16 or 8">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def ScaleChannels : Pass<"hone-scale-channels", "::mlir::ModuleOp"> {
  let summary = "inputs of products are divided by scales a channel and their weights multiplied, in front of rounding";
  let description = [{
    The outputs of `x W` and of `(x / s) (s W)` are the same; rounded, they are not. Products that read one value share its scales. `awq` (activation-aware
    scales) takes the root mean square of each channel on samples to the power, of 20 from 0 to 0.95, with which rounding to `bits` and `group` changes the
    outputs least: channels with large inputs get finer steps. `smooth` (SmoothQuant) takes largest input^alpha / largest element^(1 - alpha), which moves
    what is hard to round from the rows to the weight, for kernels that round both to 8 bits. Rounding is the pass behind this one.

    The division goes where nobody else would notice into weights in front: of a norm, a bias, a vector that is multiplied, or the columns of a product, through
    multiplications and `relu`. Otherwise it is a multiplication in front of the products. A remark at each product says which. Needs what runs
    samples: `hone-compile --compress=int4:method=awq --calibrate=DIR`; by itself the pass is an error.

    Needs: inferred shapes. Numerics: only the order of rounding of f32.
  }];
  let options = [
    Option<"method", "method", "std::string", "\"awq\"", "awq or smooth">,
    Option<"alpha", "alpha", "double", "0.5", "how much moves from the inputs to the weights (smooth)">,
    Option<"bits", "bits", "int64_t", "4", "width of the numbers that follow (awq)">,
    Option<"group", "group", "int64_t", "32", "neighbours that will share a scale; 0: all of a row or column">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def ClipRows : Pass<"hone-clip-rows", "::mlir::ModuleOp"> {
  let summary = "rows that products read are cut off at a size that samples seldom exceed";
  let description = [{
    Kernels that round rows of a product to 8 bits as they come (`activation_bits` of hone.matmul) give each row a scale by its largest element: one that sticks out takes the
    steps from all others. In front of the product elements become at most as large as a range of the whole tensor on samples: `minmax` (the
    largest: nothing is cut off on the samples themselves), `percentile` (99.99 % of elements stay), `entropy` (the rounded elements' distribution is nearest to the elements'), `mse` (the
    least squared error of rounding and cutting, with one scale for the tensor). Products that read one value share it.

    Needs what runs samples, or a calibration file: `hone-compile --compress=int8:rows=8,range=mse --calibrate=DIR`; by itself the pass is an error.

    Needs: inferred shapes. Numerics: changes elements beyond the range.
  }];
  let options = [
    Option<"range", "range", "std::string", "\"mse\"", "minmax, percentile, entropy or mse">,
    Option<"group", "group", "int64_t", "0", "of the rounding that follows: weights that it does not take are left; 0: all of a row or column">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def NoteWeights : Pass<"hone-note-weights", "::mlir::ModuleOp"> {
  let summary = "products remember which weight they have, for hone-refit-products behind what changes it";
  let description = [{
    Each product of f32 with a weight of two axes gets the weight's name as an attribute, `hone.noted_weight` (or `hone.noted_weight_transposed`, as it
    lies), unless it has one. hone-refit-products takes them off again.

    Needs: nothing. Numerics: exact, nothing is changed.
  }];
}

def RefitProducts : Pass<"hone-refit-products", "::mlir::ModuleOp"> {
  let summary = "each output of a product is scaled and moved to be what it was with the weight it had";
  let description = [{
    Rounding and pruning change what a product gives in ways that a slope and an offset for each output take back in part: outputs get smaller, and their mean
    moves. Both are the least-squares solution on samples, in closed form: y the product as it is now, rounding of its rows in the kernel included, t the
    same inputs times the weight that hone-note-weights noted, least |slope y + offset - t|^2. Products are taken in order, and each sees the inputs
    that those in front give by then. The offset alone is known as bias correction.

    A product whose inputs or outputs became fewer stays as it is, and so does one with a correction of low rank, which was fitted already; remarks say
    so. Needs what runs samples: `hone-compile --compress=int4 --compress=refit --calibrate=DIR`; by itself the pass is an error.

    Needs: inferred shapes. Numerics: changes them, see docs/compress.md.
  }];
  let options = [
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def NarrowProducts : Pass<"hone-narrow-products", "::mlir::ModuleOp"> {
  let summary = "products of f32 are computed with 16-bit floats and sums of f32";
  let description = [{
    Products, convolutions and attention of f32 read operands of `element` (f16 or bf16) and give results of it; casts stand in front of and behind them, and a weight's
    is a recipe. All else (norms, softmax outside of attention, residual sums) stays f32. Tensor cores compute products of 16 bits many times faster than
    those of f32, and weights take half the memory. f16 has 11 bits of precision and overflows above 65504, bf16 has 8 bits and the range of f32.

    Needs: inferred shapes. Numerics: changes them: each operand and result is rounded to `element`.
  }];
  let options = [
    Option<"element", "element", "std::string", "\"f16\"", "f16 or bf16">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def PruneWeights : Pass<"hone-prune-weights", "::mlir::ModuleOp"> {
  let summary = "elements of products' weights become zero";
  let description = [{
    Of every weight of f32 with two axes that a product reads, a `share` of each row's elements (a row is what one output sums over) becomes zero, or all but
    `keep` of every `of` neighbours: 2 of 4 is what sparse tensor cores take. `magnitude` takes the smallest, with `global` below one threshold for all weights;
    `wanda` the smallest times the root mean square of their inputs; `sparsegpt` those whose loss the others can best make good, and makes them. The last
    two learn from samples, product after product, each with the inputs that the pruned ones in front of it give.

    Weights stay dense arrays with zeros in them: hone-store-sparse stores them in a form that is smaller. Needs what reads weights and runs samples:
    `hone-compile --compress=prune:2:4,method=sparsegpt --calibrate=DIR`; by itself the pass is an error.

    Needs: inferred shapes. Numerics: changes them, see docs/compress.md.
  }];
  let options = [
    Option<"share", "share", "double", "0.5", "of a row's elements that go">,
    Option<"keep", "keep", "int64_t", "0", "elements that stay of every `of` neighbours; 0: by share">,
    Option<"of", "of", "int64_t", "0", "neighbours along the sum">,
    Option<"method", "method", "std::string", "\"magnitude\"", "magnitude, wanda or sparsegpt">,
    Option<"global", "global", "bool", "false", "one threshold for all weights">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def PruneStructure : Pass<"hone-prune-structure", "::mlir::ModuleOp"> {
  let summary = "inner channels and heads are taken out: arrays between products get smaller";
  let description = [{
    `channels`: where a product reads what elementwise ops (activations, a gate, a bias) make of other products, that share of its inputs goes: columns of the
    products in front, elements of biases, rows of its own weight. `heads`: the same where it reads an attention, by groups of heads that share keys and values
    (query, key and value may be slices of one product). The number of channels that stay is rounded up to a `multiple`: 8 is a vector of f32 of
    AVX2 and 16 bytes of f16, below which a row of a tile is partly empty; weights that are rounded to integers later want their group there.

    Those go that are smallest: the norm of a row of the product's weight times the norms of the columns that give its input (heads: the norm of their rows). With `learns`, those whose loss
    the others make good best on samples, and they do (structured Optimal Brain Surgeon): the weight becomes the least-squares fit, with inputs as the layers in front
    give them that were pruned already. Every kernel and target gains, with no sparse format. A product whose inputs can't be fewer says why in a remark: others
    read them too, or the heads stand in a past that the model takes.

    Needs what reads weights and runs samples: `hone-compile --compress=prune:channels=0.25,method=data --calibrate=DIR`; by itself the pass is an error.

    Needs: inferred shapes. Numerics: changes them, see docs/compress.md.
  }];
  let options = [
    Option<"channels", "channels", "double", "0", "share of the inner channels that go">,
    Option<"heads", "heads", "double", "0", "share of the heads that go">,
    Option<"multiple", "multiple", "int64_t", "8", "of which the channels that stay are one">,
    Option<"learns", "learns", "bool", "false", "from samples; else by the size of weights">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def StoreSparse : Pass<"hone-store-sparse", "::mlir::ModuleOp"> {
  let summary = "weights of products with many zeros become their other values and a bit mask, in front of the user as a hone.decompress";
  let description = [{
    The values that are no zeros lie one behind the other, for every 32 neighbouring outputs of each input, with a bit and 1/32 of a place for each element:
    4 (1 - z) + 1/4 bytes an element, z the share of zeros. Zeros are counted, whoever made them. The arrays are bytes of a file beside the
    output: how long they are is known only when the weight is read. A target whose kernels do not read them runs the op that gives the dense weight.

    A weight is stored so where the product of one row that comes from memory takes two thirds of the time or less, by a model of the target: from about 40 % of zeros on
    AVX-512 where all products' weights together take 16 MB or more and so come from memory. Elsewhere it stays dense and says why in a remark. `least` gives a share instead, for smaller files whatever the time.

    Needs what reads weights: `hone-compile --compress=sparse`; by itself the pass is an error. Needs: inferred shapes. Numerics: kept.
  }];
  let options = [
    Option<"least", "least", "double", "-1", "share of zeros from which a weight is stored so; below 0: where it gains time">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}

def FactorWeights : Pass<"hone-factor-weights", "::mlir::ModuleOp"> {
  let summary = "products with a weight become two products with thin ones";
  let description = [{
    The weight of each product of f32 becomes `up * down` with `rank` columns and rows, or with the least rank that keeps `energy`, a share of what
    the outputs vary. With `learns`, outputs are those of samples: the truncated singular value decomposition is of the weight times a root of the inputs' second
    moments. Where two factors are no smaller than the weight it stays, with a remark.

    Needs what reads weights and runs samples: `hone-compile --compress=lowrank:energy=0.99 --calibrate=DIR`; by itself the pass is an error.

    Needs: inferred shapes. Numerics: changes them, see docs/compress.md.
  }];
  let options = [
    Option<"rank", "rank", "int64_t", "0", "of the factors; 0: by energy">,
    Option<"energy", "energy", "double", "0.99", "share of the outputs' energy to keep">,
    Option<"learns", "learns", "bool", "true", "outputs are those of samples; else all inputs count alike">,
    ListOption<"only", "only", "std::string", "patterns of the nodes to change (none: all)">,
    ListOption<"skip", "skip", "std::string", "patterns of nodes to leave">
  ];
}
#endif
