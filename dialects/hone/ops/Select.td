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
def Hone_NmsOp : Hone_TensorOp<"nms"> {
  let summary = "non-maximum suppression: [batch, class, box] i64, the boxes that stay by falling score, then -1";
  let description = [{
    boxes [batch, box, 4] f32 (two corners, or with `center` the centre, width and height), scores [batch, class, box] f32; `most` boxes
    of a class at most (i64), those that overlap a chosen one by more than `overlap` or score at most `least` (f32) are left out.
  }];
  let arguments = (ins Hone_Tensor:$boxes, Hone_Tensor:$scores, Hone_Tensor:$most, Hone_Tensor:$overlap, Hone_Tensor:$least,
                   UnitAttr:$center);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
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
