// Ops that move, make or pick elements without arithmetic on them.
#ifndef HONE_MOVEMENT_TD
#define HONE_MOVEMENT_TD
include "dialects/hone/HoneDialect.td"

def Hone_ConstantOp : Hone_ElementOp<"constant", [ConstantLike]> {
  let summary = "a small constant (at most 1 KB or a splat; larger data is a hone.weight)";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{ build($_builder, $_state, value.getType(), value); }]>];
}
def Hone_ShapeOp : Hone_ElementOp<"shape"> {
  let summary = "dimensions [start, end) of the input as 1-D i64";
  let arguments = (ins Hone_Tensor:$input, DefaultValuedAttr<I64Attr, "0">:$start, OptionalAttr<I64Attr>:$end);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}
def Hone_DimOp : Hone_Op<"dim", [Pure]> {
  let summary = "one dimension as index";
  let arguments = (ins Hone_Tensor:$input, I64Attr:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "$input `[` $axis `]` attr-dict `:` type($input)";
}
def Hone_IndexTensorOp : Hone_ElementOp<"index_tensor"> {
  let summary = "an integer tensor from index values, in row-major order";
  let arguments = (ins Variadic<Index>:$elements);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$elements attr-dict `:` type($result)";
}
def Hone_ReshapeOp : Hone_TensorOp<"reshape"> {
  let summary = "the same elements in another shape; `shape` holds the final dimensions (0 copies unless `allowzero`, one -1 infers)";
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$shape, UnitAttr:$allowzero);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $shape attr-dict `:` functional-type(operands, results)";
}
def Hone_SqueezeOp : Hone_TensorOp<"squeeze"> {
  let summary = "drops dimensions of size 1";
  let arguments = (ins Hone_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input $axes attr-dict `:` functional-type(operands, results)";
}
def Hone_UnsqueezeOp : Hone_TensorOp<"unsqueeze"> {
  let summary = "adds dimensions of size 1; axes count in the result";
  let arguments = (ins Hone_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input $axes attr-dict `:` functional-type(operands, results)";
}
def Hone_TransposeOp : Hone_ElementOp<"transpose"> {
  let summary = "result dimension i is input dimension perm[i]";
  let arguments = (ins Hone_Tensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input $perm attr-dict `:` functional-type(operands, results)";
}
def Hone_ExpandOp : Hone_ElementOp<"expand"> {
  let summary = "broadcast with a shape (numpy rules both ways)";
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$shape);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $shape attr-dict `:` functional-type(operands, results)";
}
def Hone_TileOp : Hone_ElementOp<"tile"> {
  let summary = "repeats the input along each dimension";
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$repeats);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $repeats attr-dict `:` functional-type(operands, results)";
}
def Hone_ConcatOp : Hone_ElementOp<"concat"> {
  let summary = "joins along an axis";
  let arguments = (ins Variadic<Hone_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_SliceOp : Hone_ElementOp<"slice"> {
  let summary = "ONNX Slice: 1-D starts, ends and steps (any integer type), one element an axis of `axes`; negative counts from the end, values clamp";
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
  let arguments = (ins Hone_PadKind:$kind, Hone_Tensor:$input, Hone_Tensor:$pads, Hone_Tensor:$value);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input `,` $pads `,` $value attr-dict `:` functional-type(operands, results)";
}
def Hone_FillOp : Hone_ElementOp<"fill"> {
  let summary = "a tensor of shape `shape` (1-D) that holds `value` (scalar or one element)";
  let arguments = (ins Hone_Tensor:$shape, Hone_Tensor:$value);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$shape `,` $value attr-dict `:` functional-type(operands, results)";
}
def Hone_RangeOp : Hone_ElementOp<"range"> {
  let summary = "start, start + delta, ... before limit (scalars)";
  let arguments = (ins Hone_Tensor:$start, Hone_Tensor:$limit, Hone_Tensor:$delta);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$start `,` $limit `,` $delta attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "std::optional<double> staticFloatCount();";
}
def Hone_GatherOp : Hone_ElementOp<"gather"> {
  let summary = "picks whole slices of `axis`; negative indices count from the end";
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$indices, I64Attr:$axis);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_GatherElementsOp : Hone_ElementOp<"gather_elements"> {
  let summary = "result[..i..] = input[..indices[..i..]..] at `axis`";
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$indices, I64Attr:$axis);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_GatherNDOp : Hone_ElementOp<"gather_nd"> {
  let summary = "picks by index tuples (the last dimension of indices)";
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$indices, DefaultValuedAttr<I64Attr, "0">:$batch_dims);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $indices attr-dict `:` functional-type(operands, results)";
}

def Hone_ScatterSet : I32EnumAttrCase<"set", 0>;
def Hone_ScatterAdd : I32EnumAttrCase<"add", 1>;
def Hone_ScatterMul : I32EnumAttrCase<"mul", 2>;
def Hone_ScatterMin : I32EnumAttrCase<"min", 3>;
def Hone_ScatterMax : I32EnumAttrCase<"max", 4>;
def Hone_ScatterKind : I32EnumAttr<"ScatterKind", "reduction of a scatter", [Hone_ScatterSet, Hone_ScatterAdd, Hone_ScatterMul, Hone_ScatterMin, Hone_ScatterMax]> {
  let cppNamespace = "::mlir::hone";
}
def Hone_ScatterElementsOp : Hone_TensorOp<"scatter_elements"> {
  let summary = "a copy of the input with result[..indices[i]..] = updates[i] at `axis`, in order";
  let arguments = (ins Hone_ScatterKind:$kind, Hone_Tensor:$input, Hone_Tensor:$indices, Hone_Tensor:$updates, I64Attr:$axis);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input `,` $indices `,` $updates `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_ScatterNDOp : Hone_TensorOp<"scatter_nd"> {
  let summary = "a copy of the input with slices written at index tuples, in order";
  let arguments = (ins Hone_ScatterKind:$kind, Hone_Tensor:$input, Hone_Tensor:$indices, Hone_Tensor:$updates);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)";
}
def Hone_ResizeNearest : I32EnumAttrCase<"nearest", 0>;
def Hone_ResizeLinear : I32EnumAttrCase<"linear", 1>;
def Hone_ResizeCubic : I32EnumAttrCase<"cubic", 2>;
def Hone_ResizeKind : I32EnumAttr<"ResizeKind", "interpolation", [Hone_ResizeNearest, Hone_ResizeLinear, Hone_ResizeCubic]> {
  let cppNamespace = "::mlir::hone";
}
def Hone_ResizeOp : Hone_ElementOp<"resize"> {
  let summary = "ONNX Resize over `axes`: `extent` holds sizes (1-D i64) or scales (1-D f32), one element an axis";
  let arguments = (ins Hone_ResizeKind:$kind, Hone_Tensor:$input, Hone_Tensor:$extent,
                   DenseI64ArrayAttr:$axes, StrAttr:$coordinates, DefaultValuedAttr<StrAttr, "\"round_prefer_floor\"">:$nearest,
                   DefaultValuedAttr<F32Attr, "-0.75f">:$cubic_a, UnitAttr:$exclude_outside);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input `,` $extent $axes attr-dict `:` functional-type(operands, results)";
}
#endif
