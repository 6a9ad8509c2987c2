// Weights: symbols at module level, and their uses.
#ifndef HONE_STATE_TD
#define HONE_STATE_TD
include "dialects/hone/HoneDialect.td"
def Hone_WeightOp : Hone_Op<"weight", [Symbol, IsolatedFromAbove]> {
  let summary = "a tensor by reference: bytes of a file, or a recipe that computes it from other weights";
  let description = [{
    Either `file`, `offset`, `length` (bytes, row-major, little endian; sub-byte types packed low bits first) or a region that
    yields the tensor from other weights (`hone.get_weight`). Data never stands in the IR.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, OptionalAttr<StrAttr>:$file, OptionalAttr<I64Attr>:$offset,
                   OptionalAttr<I64Attr>:$length);
  let regions = (region AnyRegion:$recipe);
  let assemblyFormat = "$sym_name `:` $type (`file` $file^ `offset` $offset `length` $length)? attr-dict-with-keyword ($recipe^)?";
  let hasVerifier = 1;
}
def Hone_GetWeightOp : Hone_TensorOp<"get_weight"> {
  let summary = "the value of a weight";
  let description = [{
    The result has the weight's type. Any op that reads it reads the mapped bytes; nothing is copied.
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}
#endif
