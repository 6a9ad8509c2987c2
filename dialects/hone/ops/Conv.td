// Convolution and pooling, channels first.
#ifndef HONE_CONV_TD
#define HONE_CONV_TD
include "dialects/hone/HoneDialect.td"
def Hone_ConvOp : Hone_CostlyElementOp<"conv", [Hone_SumsProducts, DeclareOpInterfaceMethods<CostOpInterface, ["getFlops"]>]> {
  let summary = "N-D convolution: input [B, C, spatial...], weight [O, C/group, kernel...], bias [O]";
  let description = [{
    `strides`, `dilations`: one a spatial dimension, at least 1; `pads`: all begins, then all ends, in elements. Result
    [B, O, (spatial + pads - dilation * (kernel - 1) - 1) / stride + 1, ...]. `group` divides C and O.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$weight, Optional<Hone_Tensor>:$bias, DenseI64ArrayAttr:$strides,
                   DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, I64Attr:$group);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
def Hone_ConvTransposeOp : Hone_CostlyElementOp<"conv_transpose"> {
  let summary = "transposed convolution: input [B, C, spatial...], weight [C, O/group, kernel...], bias [O]";
  let description = [{
    `pads` crop the result, all begins, then all ends; `output_padding` adds at the ends. Result [B, O, stride * (spatial - 1) + dilation *
    (kernel - 1) + 1 + output_padding - pads, ...]. No dilation and f32 become a conv in simplify.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$weight, Optional<Hone_Tensor>:$bias, DenseI64ArrayAttr:$strides,
                   DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$output_padding, I64Attr:$group);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
def Hone_InterleaveOp : Hone_ElementOp<"interleave"> {
  let summary = "[B, C * strides..., spatial...] to [B, C, spatial * strides...]: the last channel digits become the last digits of positions; `pads` elements are cropped off both ends";
  let arguments = (ins Hone_Tensor:$input, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}
def Hone_PoolMax : I32EnumAttrCase<"max", 0>;
def Hone_PoolAverage : I32EnumAttrCase<"average", 1>;
def Hone_PoolKind : I32EnumAttr<"PoolKind", "pooling", [Hone_PoolMax, Hone_PoolAverage]> {
  let cppNamespace = "::mlir::hone";
}
def Hone_PoolOp : Hone_CostlyElementOp<"pool", [CostOpInterface]> {
  let summary = "max or average over windows of [B, C, spatial...]";
  let description = [{
    `kernel`, `strides`, `dilations`: one a spatial dimension; `pads`: all begins, then all ends. Result [B, C, (spatial + pads - dilation *
    (kernel - 1) - 1) / stride + 1, ...], rounded up with `ceil_mode`. An average counts padding only with `count_include_pad`.
  }];
  let arguments = (ins Hone_PoolKind:$kind, Hone_Tensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                   DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, UnitAttr:$ceil_mode, UnitAttr:$count_include_pad);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
}
#endif
