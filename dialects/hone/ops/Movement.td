// Ops that move or make elements without arithmetic on them.
#ifndef HONE_MOVEMENT_TD
#define HONE_MOVEMENT_TD
include "dialects/hone/HoneDialect.td"

def Hone_ConstantOp : Hone_ElementOp<"constant", [ConstantLike]> {
  let summary = "a small constant (at most 1 KB or a splat; larger data is a hone.weight)";
  let description = [{
    A leaf; passes fold it, kernels hold it in their code when it is small. The result has the type of `value`, whose shape is static.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{ build($_builder, $_state, value.getType(), value); }]>];
}
def Hone_ShapeOp : Hone_ElementOp<"shape"> {
  let summary = "dimensions [start, end) of the input as 1-D i64";
  let description = [{
    input [d0, ..., d(r-1)]; result [end - start] i64. `start` and `end` count from the end when negative and clamp to [0, r];
    without `end` it is r.
  }];
  let arguments = (ins Hone_Tensor:$input, DefaultValuedAttr<I64Attr, "0">:$start, OptionalAttr<I64Attr>:$end);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}
def Hone_DimOp : Hone_Op<"dim", [Pure]> {
  let summary = "one dimension as index";
  let description = [{
    input of any rank above `axis`; the result is the size of that dimension, in elements. Passes and host code compute sizes with it; kernels do not
    hold it.
  }];
  let arguments = (ins Hone_Tensor:$input, I64Attr:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "$input `[` $axis `]` attr-dict `:` type($input)";
}
def Hone_IndexTensorOp : Hone_ElementOp<"index_tensor"> {
  let summary = "an integer tensor from index values, in row-major order";
  let description = [{
    As many elements as the result, which is static, has. What symbolic inference knows of a shape computation is written as one of these.
  }];
  let arguments = (ins Variadic<Index>:$elements);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$elements attr-dict `:` type($result)";
}
def Hone_ReshapeOp : Hone_TensorOp<"reshape"> {
  let summary = "the same elements in another shape; `shape` holds the final dimensions (0 copies unless `allowzero`, one -1 infers)";
  let description = [{
    input [d...], shape [r] (integers, r known); result of rank r with the same number of elements in row-major order. Errors: more
    than one -1, sizes below -1, a number of elements that differs. What only the run knows it checks. Costs nothing: a view.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$shape, UnitAttr:$allowzero);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $shape attr-dict `:` functional-type(operands, results)";
}
def Hone_SqueezeOp : Hone_TensorOp<"squeeze"> {
  let summary = "drops dimensions of size 1";
  let description = [{
    input of rank r; result of rank r - |axes|. A dimension that is known to be other than 1 is an error; an open one is checked when the
    model runs. A view.
  }];
  let arguments = (ins Hone_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input $axes attr-dict `:` functional-type(operands, results)";
}
def Hone_UnsqueezeOp : Hone_TensorOp<"unsqueeze"> {
  let summary = "adds dimensions of size 1; axes count in the result";
  let description = [{
    input of rank r; result of rank r + |axes|. Axes are different and below the result's rank. A view.
  }];
  let arguments = (ins Hone_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input $axes attr-dict `:` functional-type(operands, results)";
}
def Hone_TransposeOp : Hone_ElementOp<"transpose"> {
  let summary = "result dimension i is input dimension perm[i]";
  let description = [{
    input [d0, ..., d(r-1)]; `perm` is a permutation of 0 ... r-1; result [d(perm[0]), ...].
  }];
  let arguments = (ins Hone_Tensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input $perm attr-dict `:` functional-type(operands, results)";
}
def Hone_ExpandOp : Hone_ElementOp<"expand"> {
  let summary = "broadcast with a shape (numpy rules both ways)";
  let description = [{
    input [d...], shape [r] (integers, r known); result: the broadcast of both, of the larger rank. A 1 on either side takes the other's size.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$shape);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $shape attr-dict `:` functional-type(operands, results)";
}
def Hone_TileOp : Hone_ElementOp<"tile"> {
  let summary = "repeats the input along each dimension";
  let description = [{
    input [d0, ..., d(r-1)], repeats [r] (integers); result [d0 * repeats[0], ...].
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$repeats);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $repeats attr-dict `:` functional-type(operands, results)";
}
def Hone_ConcatOp : Hone_ElementOp<"concat"> {
  let summary = "joins along an axis";
  let description = [{
    At least one input; all have one rank and element type and, but for `axis`, equal sizes. The result's size along `axis` is the sum.
  }];
  let arguments = (ins Variadic<Hone_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_SliceOp : Hone_ElementOp<"slice"> {
  let summary = "ONNX Slice: 1-D starts, ends and steps (any integer type), one element an axis of `axes`; negative counts from the end, values clamp";
  let description = [{
    input [d0, ..., d(r-1)]; axis `axes[i]` keeps elements starts[i], starts[i] + steps[i], ... before ends[i]; a negative step goes backwards.
    A step of 0 is an error. The result has the input's rank.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$starts, Hone_Tensor:$ends, Hone_Tensor:$steps, DenseI64ArrayAttr:$axes);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $starts `,` $ends `,` $steps $axes attr-dict `:` functional-type(operands, results)";
}
def Hone_PadZero : I32EnumAttrCase<"constant", 0>;
def Hone_PadReflect : I32EnumAttrCase<"reflect", 1>;
def Hone_PadEdge : I32EnumAttrCase<"edge", 2>;
def Hone_PadWrap : I32EnumAttrCase<"wrap", 3>;
def Hone_PadKind : I32EnumAttr<"PadKind", "padding", [Hone_PadZero, Hone_PadReflect, Hone_PadEdge, Hone_PadWrap]> {
  let cppNamespace = "::mlir::hone";
}
def Hone_PadOp : Hone_ElementOp<"pad"> {
  let summary = "pads (negative: crops); `pads` is 1-D, all begins then all ends over every dimension; `value` a scalar";
  let description = [{
    input [d0, ..., d(r-1)], pads [2r] (integers, elements), value of the input's element type. Result dimension i has
    d(i) + pads[i] + pads[r + i] elements. Kinds: `constant` (value), `reflect` (without the edge), `edge`, `wrap`.
  }];
  let arguments = (ins Hone_PadKind:$kind, Hone_Tensor:$input, Hone_Tensor:$pads, Hone_Tensor:$value);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input `,` $pads `,` $value attr-dict `:` functional-type(operands, results)";
}
def Hone_FillOp : Hone_ElementOp<"fill"> {
  let summary = "a tensor of shape `shape` (1-D) that holds `value` (scalar or one element)";
  let description = [{
    shape [r] (integers, r known); result of those sizes and value's element type.
  }];
  let arguments = (ins Hone_Tensor:$shape, Hone_Tensor:$value);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$shape `,` $value attr-dict `:` functional-type(operands, results)";
}
def Hone_RangeOp : Hone_ElementOp<"range"> {
  let summary = "start, start + delta, ... before limit (scalars)";
  let description = [{
    Three scalars of one number type; result [max(ceil((limit - start) / delta), 0)].
  }];
  let arguments = (ins Hone_Tensor:$start, Hone_Tensor:$limit, Hone_Tensor:$delta);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$start `,` $limit `,` $delta attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "std::optional<double> staticFloatCount();";
}
def Hone_ResizeNearest : I32EnumAttrCase<"nearest", 0>;
def Hone_ResizeLinear : I32EnumAttrCase<"linear", 1>;
def Hone_ResizeCubic : I32EnumAttrCase<"cubic", 2>;
def Hone_ResizeKind : I32EnumAttr<"ResizeKind", "interpolation", [Hone_ResizeNearest, Hone_ResizeLinear, Hone_ResizeCubic]> {
  let cppNamespace = "::mlir::hone";
}
def Hone_ResizeOp : Hone_ElementOp<"resize"> {
  let summary = "ONNX Resize over `axes`: `extent` holds sizes (1-D i64) or scales (1-D f32), one element an axis";
  let description = [{
    input [d...]; axis `axes[i]` gets size extent[i], or floor(d * extent[i]) when extent holds scales. `sizes` (1-D i64): the sizes that go with
    scales which only the run knows. `coordinates` and `nearest` are ONNX's coordinate_transformation_mode and nearest_mode; `cubic_a` is the
    cubic's coefficient. Interpolates in f32.
  }];
  let arguments = (ins Hone_ResizeKind:$kind, Hone_Tensor:$input, Hone_Tensor:$extent, Optional<Hone_Tensor>:$sizes,
                   DenseI64ArrayAttr:$axes, StrAttr:$coordinates, DefaultValuedAttr<StrAttr, "\"round_prefer_floor\"">:$nearest,
                   DefaultValuedAttr<F32Attr, "-0.75f">:$cubic_a, UnitAttr:$exclude_outside);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input `,` $extent (`,` $sizes^)? $axes attr-dict `:` functional-type(operands, results)";
}
#endif
