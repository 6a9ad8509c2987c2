// Gathers and scatters.
#ifndef HONE_INDEXING_TD
#define HONE_INDEXING_TD
include "dialects/hone/HoneDialect.td"

def Hone_GatherOp : Hone_ElementOp<"gather", [DeclareOpInterfaceMethods<QuantizableOpInterface>, DeclareOpInterfaceMethods<IndexingOpInterface>]> {
  let summary = "picks whole slices of `axis`; negative indices count from the end";
  let description = [{
    input [d0, ..., d(r-1)], indices of any shape [i...] (integers, in [-d(axis), d(axis))); result [d0, ..., i..., ..., d(r-1)] with
    the indices' dimensions in place of `axis`.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$indices, I64Attr:$axis);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_GatherElementsOp : Hone_ElementOp<"gather_elements", [DeclareOpInterfaceMethods<IndexingOpInterface>]> {
  let summary = "result[..i..] = input[..indices[..i..]..] at `axis`";
  let description = [{
    input and indices of one rank r; result of the indices' shape. Indices count from the end when negative.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$indices, I64Attr:$axis);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_GatherNDOp : Hone_ElementOp<"gather_nd", [DeclareOpInterfaceMethods<IndexingOpInterface>]> {
  let summary = "picks by index tuples (the last dimension of indices)";
  let description = [{
    input of rank r, indices [b..., i..., n] with n <= r - batch_dims; the first `batch_dims` dimensions are shared. Result [b..., i..., rest of
    the input behind the tuple].
  }];
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
  let description = [{
    input of rank r; indices and updates of one shape of rank r; result of the input's shape. `kind` combines with what stands there
    (`set`, `add`, `mul`, `min`, `max`). Updates apply in row-major order. A library call of the runtime: no kernel absorbs it.
  }];
  let arguments = (ins Hone_ScatterKind:$kind, Hone_Tensor:$input, Hone_Tensor:$indices, Hone_Tensor:$updates, I64Attr:$axis);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input `,` $indices `,` $updates `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_ScatterNDOp : Hone_TensorOp<"scatter_nd"> {
  let summary = "a copy of the input with slices written at index tuples, in order";
  let description = [{
    input [d...], indices [i..., n], updates [i..., d(n), ..., d(r-1)]; result of the input's shape. `kind` as in scatter_elements. A library call
    of the runtime.
  }];
  let arguments = (ins Hone_ScatterKind:$kind, Hone_Tensor:$input, Hone_Tensor:$indices, Hone_Tensor:$updates);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)";
}
#endif
