// Recurrent layers.
#ifndef HONE_RECURRENT_TD
#define HONE_RECURRENT_TD
include "dialects/hone/HoneDialect.td"
def Hone_LstmOp : Hone_TensorOp<"lstm", [DeclareOpInterfaceMethods<CostOpInterface, ["getFlops"]>]> {
  let summary = "one direction of an LSTM layer, gates in the order i, o, f, c; sigmoid, tanh, tanh";
  let description = [{
    input [T, B, I], w [4H, I], r [4H, H], bias [8H] (input bias, then recurrent bias), hidden and cell [B, H].
    Results: all hidden states [T, B, H], the last hidden and the last cell state [B, H]. `reverse` runs from T-1 to 0.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$w, Hone_Tensor:$r, Hone_Tensor:$bias, Hone_Tensor:$hidden, Hone_Tensor:$cell,
                   UnitAttr:$reverse);
  let results = (outs Hone_Tensor:$output, Hone_Tensor:$last_hidden, Hone_Tensor:$last_cell);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
#endif
