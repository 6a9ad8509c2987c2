// Reductions along axes.
#ifndef HONE_REDUCE_TD
#define HONE_REDUCE_TD
include "dialects/hone/HoneDialect.td"
def Hone_RSum : I32EnumAttrCase<"sum", 0>;
def Hone_RMean : I32EnumAttrCase<"mean", 1>;
def Hone_RMax : I32EnumAttrCase<"max", 2>;
def Hone_RMin : I32EnumAttrCase<"min", 3>;
def Hone_RProd : I32EnumAttrCase<"prod", 4>;
def Hone_RL1 : I32EnumAttrCase<"l1", 5>;
def Hone_RSumSquare : I32EnumAttrCase<"sum_square", 6>;
def Hone_ReduceKind : I32EnumAttr<"ReduceKind", "reduction", [Hone_RSum, Hone_RMean, Hone_RMax, Hone_RMin, Hone_RProd, Hone_RL1, Hone_RSumSquare]> {
  let cppNamespace = "::mlir::hone";
}
def Hone_ReduceOp : Hone_CostlyElementOp<"reduce", [CostOpInterface]> {
  let summary = "reduces `axes` (sorted, not negative)";
  let description = [{
    input [d...]; result without `axes`, or with size 1 there when `keepdims`; same element type. 16-bit floats accumulate in f32. The order of
    a sum is free.
  }];
  let arguments = (ins Hone_ReduceKind:$kind, Hone_Tensor:$input, DenseI64ArrayAttr:$axes, BoolAttr:$keepdims);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$kind $input $axes `keepdims` $keepdims attr-dict `:` functional-type(operands, results)";
}
def Hone_ArgReduceOp : Hone_CostlyElementOp<"arg_reduce"> {
  let summary = "index (i64) of the largest (`min`: smallest) element along `axis`; the first one unless `last`";
  let description = [{
    input [d...]; result i64 without `axis`, or with size 1 there when `keepdims`.
  }];
  let arguments = (ins Hone_Tensor:$input, I64Attr:$axis, BoolAttr:$keepdims, UnitAttr:$min, UnitAttr:$last);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `axis` $axis `keepdims` $keepdims attr-dict `:` functional-type(operands, results)";
}
def Hone_CumSumOp : Hone_CostlyElementOp<"cumsum"> {
  let summary = "running sum (`prod`: product) along `axis`";
  let description = [{
    result of the input's shape and type. `exclusive` leaves the element itself out; `reverse` runs from the end.
  }];
  let arguments = (ins Hone_Tensor:$input, I64Attr:$axis, UnitAttr:$exclusive, UnitAttr:$reverse, UnitAttr:$prod);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` functional-type(operands, results)";
}
#endif
