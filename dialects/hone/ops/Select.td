// Sorting and picking: sizes that depend on data, done by library code of the runtime.
#ifndef HONE_SELECT_TD
#define HONE_SELECT_TD
include "dialects/hone/HoneDialect.td"
def Hone_TopKOp : Hone_TensorOp<"topk"> {
  let summary = "the `k` (one element) largest (`smallest`) along `axis`, sorted, and their i64 indices";
  let description = [{
    input [d...], k: one element (integer); results [..., k, ...] along `axis`: values, and i64 positions. Equal values: the lower index first. A library
    call of the runtime.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$k, I64Attr:$axis, UnitAttr:$smallest);
  let results = (outs Hone_Tensor:$values, Hone_Tensor:$indices);
  let assemblyFormat = "$input `,` $k `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_NonZeroOp : Hone_TensorOp<"nonzero"> {
  let summary = "[rank, n] i64: the indices of the n elements that are not zero, in row-major order";
  let description = [{
    input of rank r; n is known only when the model runs: memory for it is taken then. A library call of the runtime.
  }];
  let arguments = (ins Hone_Tensor:$input);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}
#endif
