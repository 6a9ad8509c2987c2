// Stored forms of tensors, quantized and sparse, as explicit ops next to their users.
#ifndef HONE_QUANT_TD
#define HONE_QUANT_TD
include "dialects/hone/HoneDialect.td"
def Hone_DequantizeOp : Hone_ElementOp<"dequantize", [Hone_Reconstructs]> {
  let summary = "(q - zero) * scale; one scale a tensor (scalar), a slice of `axis` (1-D) or a block of `block` along `axis`";
  let description = [{
    input [d...] of integers or f8E4M3FN; scale of floats and zero (default 0): a scalar, [d(axis)], or with `block` > 0 the input's rank with
    ceil(d(axis) / block) along `axis`. Result of the input's shape and the scale's type, computed in f32. Stands next to the op that reads it, so that
    its kernel may read the packed numbers.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$scale, Optional<Hone_Tensor>:$zero, I64Attr:$axis,
                   DefaultValuedAttr<I64Attr, "0">:$block);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
def Hone_DecompressOp : Hone_ElementOp<"decompress", [Hone_Reconstructs]> {
  let summary = "a matrix of `columns` columns whose zeros are not stored: values one behind the other, and a bit for each element";
  let description = [{
    values [n] of floats, n > 0; mask and starts [ceil(columns / 32), R] of i32. Result [R, columns]: bit c % 32 of mask[c / 32, r] says whether element
    [r, c] is stored; it is values[starts[c / 32, r] + s] then, where s counts the lower set bits of the mask, and 0 if not. So every 32 neighbours
    of a row lie together, and groups may lie in any order: a kernel of a product reads panels of 32 columns from first to last. Places outside of values are
    clamped. Takes 4 (1 - z) + 1/4 bytes an element of f32, z the share of zeros. Stands next to the op that reads it.
  }];
  let arguments = (ins Hone_Tensor:$values, Hone_Tensor:$mask, Hone_Tensor:$starts, I64Attr:$columns);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
def Hone_QuantizeOp : Hone_ElementOp<"quantize"> {
  let summary = "saturate(round(x / scale) + zero) to the element type `to`; scales as in dequantize";
  let description = [{
    input [d...] of floats; scale and zero (of type `to`, default 0) shaped as in dequantize; rounds to even. Result of the input's shape
    and `to`, a type of integers or f8E4M3FN.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$scale, Optional<Hone_Tensor>:$zero, TypeAttr:$to, I64Attr:$axis,
                   DefaultValuedAttr<I64Attr, "0">:$block);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
#endif
