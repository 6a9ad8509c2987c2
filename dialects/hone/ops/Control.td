// Control flow, kernel regions.
#ifndef HONE_CONTROL_TD
#define HONE_CONTROL_TD
include "dialects/hone/HoneDialect.td"
def Hone_YieldOp : Hone_Op<"yield", [Pure, ReturnLike, Terminator]> {
  let summary = "the results of a region";
  let description = [{
    Its operands become the results of the op around the region, in order.
  }];
  let arguments = (ins Variadic<Hone_Tensor>:$operands);
  let assemblyFormat = "($operands^ `:` type($operands))? attr-dict";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
}
def Hone_IfOp : Hone_Op<"if", [DeclareOpInterfaceMethods<ShapeOpInterface>, NoRegionArguments, RecursiveMemoryEffects, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "runs one of two regions; regions read values of outside directly";
  let description = [{
    condition: one i1. Both regions take no arguments and yield as many tensors as there are results, of one type and rank each; sizes may differ.
  }];
  let arguments = (ins Hone_Tensor:$condition);
  let results = (outs Variadic<Hone_Tensor>:$results);
  let regions = (region SizedRegion<1>:$thenRegion, SizedRegion<1>:$elseRegion);
  let assemblyFormat = "$condition $thenRegion `else` $elseRegion attr-dict `:` functional-type(operands, results)";
}
def Hone_LoopOp : Hone_Op<"loop", [DeclareOpInterfaceMethods<ShapeOpInterface>, RecursiveMemoryEffects, SingleBlockImplicitTerminator<"YieldOp">, AttrSizedOperandSegments]> {
  let summary = "ONNX Loop: body(iteration i64, condition i1, carried...) yields condition, carried..., scanned...";
  let description = "Runs while `condition` (absent: true) and fewer than `trips` (absent: no limit) iterations are done. Results: carried..., scanned... stacked along a new first dimension.";
  let arguments = (ins Optional<Hone_Tensor>:$trips, Optional<Hone_Tensor>:$condition, Variadic<Hone_Tensor>:$carried);
  let results = (outs Variadic<Hone_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
}
def Hone_KernelOp : Hone_Op<"kernel", [DeclareOpInterfaceMethods<ShapeOpInterface>, IsolatedFromAbove, RecursiveMemoryEffects, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "a kernel region: one root op plus what it absorbs; becomes one function";
  let description = [{
    `family` names the emitter, `config` its configuration, `refused` says why neighbours were not absorbed.
    `dims` gives each operand, then each result, one number a dimension: >= 0 names a size that is
    equal wherever the number is equal, < 0 stands for the static size -n-1. Kernels that print alike are emitted once.
  }];
  let arguments = (ins Variadic<AnyType>:$inputs, StrAttr:$family, OptionalAttr<DictionaryAttr>:$config, ArrayAttr:$dims,
                   OptionalAttr<ArrayAttr>:$refused);
  let results = (outs Variadic<Hone_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
}
#endif
