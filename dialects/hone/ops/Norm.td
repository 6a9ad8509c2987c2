// Normalisations and softmax.
#ifndef HONE_NORM_TD
#define HONE_NORM_TD
include "dialects/hone/HoneDialect.td"
def Hone_SoftmaxOp : Hone_CostlyElementOp<"softmax", [CostOpInterface]> {
  let summary = "softmax along one axis; `log`: its logarithm";
  let description = [{
    result of the input's shape and type; floats only. exp(x - max) / sum(exp(x - max)) along `axis`, in f32 (f64 for f64).
  }];
  let arguments = (ins Hone_Tensor:$input, I64Attr:$axis, UnitAttr:$log);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` functional-type(operands, results)";
}
def Hone_LayerNormOp : Hone_CostlyElementOp<"layer_norm", [Hone_Composite, CostOpInterface]> {
  let summary = "(x - mean) / sqrt(var + epsilon) * scale + bias over the last dimension; statistics in f32 (f64 for f64)";
  let description = [{
    input [..., D], scale [D], bias [D]; result of the input's shape and type; floats only.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$scale, Optional<Hone_Tensor>:$bias, F32Attr:$epsilon);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
def Hone_RmsNormOp : Hone_CostlyElementOp<"rms_norm", [Hone_Composite, CostOpInterface]> {
  let summary = "x / sqrt(mean(x^2) + epsilon) * scale over the last dimension; statistics in f32 (f64 for f64)";
  let description = [{
    input [..., D], scale [D]; result of the input's shape and type; floats only.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$scale, F32Attr:$epsilon);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
#endif
