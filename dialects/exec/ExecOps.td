// How a compiled model runs: buffers, kernel calls, library calls, checks.
#ifndef EXEC_OPS_TD
#define EXEC_OPS_TD
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Exec_Dialect : Dialect {
  let name = "exec";
  let cppNamespace = "::mlir::exec";
  let summary = "how a model runs, on buffers";
  let description = [{
    Buffers are memrefs with the identity layout. One function is the entry; the functions it dispatches to are
    kernels, `func.func @k(buffers..., %scratch: memref<?xi8>, %lo: index, %hi: index)`, that work on the units [lo, hi).
    Memory of a GPU has memory space 1. Its kernels stand in a nested module each, `module @k { func.func @k(buffers...) }`, in the
    terms of the device (`nvvm`); only `exec.launch` and `exec.transfer` touch that memory.
    The host code is straight line code and scf around these ops; `ExecToLLVM` maps each op to one call of runtime/abi/Abi.h.
  }];
}
class Exec_Op<string mnemonic, list<Trait> traits = []> : Op<Exec_Dialect, mnemonic, traits>;

def Exec_InputOp : Exec_Op<"input", [Pure]> {
  let summary = "input `index` of the model, dynamic sizes read from the call";
  let arguments = (ins I64Attr:$index);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$index attr-dict `:` type($result)";
}
def Exec_WeightOp : Exec_Op<"weight", [Pure]> {
  let summary = "the bytes of a weight of the artifact (`hone.weight` symbol; its offset is in the module's weight plan)";
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}
def Exec_AllocOp : Exec_Op<"alloc"> {
  let summary = "memory of the run's arena (the device's for memory space 1); ends the run with an error when there is none";
  let arguments = (ins Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "`(` $sizes `)` attr-dict `:` type($result)";
}
def Exec_ReleaseOp : Exec_Op<"release"> {
  let summary = "gives an exec.alloc back";
  let arguments = (ins AnyMemRef:$buffer);
  let assemblyFormat = "$buffer attr-dict `:` type($buffer)";
}
def Exec_OutputOp : Exec_Op<"output"> {
  let summary = "memory of output `index` with these sizes, filled by what follows";
  let arguments = (ins I64Attr:$index, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$index `(` $sizes `)` attr-dict `:` type($result)";
}
def Exec_DispatchOp : Exec_Op<"dispatch"> {
  let summary = "runs a kernel over [0, units), `cost` nanoseconds each, `scratch` bytes a worker";
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyMemRef>:$buffers, Index:$units, Index:$cost, Index:$scratch, I64Attr:$call);
  let hasVerifier = 1;
  let assemblyFormat = "$kernel `(` $buffers `)` `units` $units `cost` $cost `scratch` $scratch `call` $call attr-dict `:` type($buffers)";
}
def Exec_LaunchOp : Exec_Op<"launch"> {
  let summary = "starts a kernel of the device: a grid of blocks of `threads` with `shared` bytes of dynamic shared memory each";
  let description = [{
    A grid with a size of 0 runs nothing. Work of the device is done in order; an error ends the run here or at a later transfer.
    `maps`: pairs (number of a buffer, lines). Behind its buffers the kernel takes a tensor map for each: the buffer as a matrix of lines along
    its last axis, of which boxes of so many lines and 128 bytes are copied with a swizzle of 128 bytes.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyMemRef>:$buffers, Index:$x, Index:$y, Index:$z, I64Attr:$threads,
                   I64Attr:$shared, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$maps, I64Attr:$call);
  let assemblyFormat = "$kernel `(` $buffers `)` `grid` `(` $x `,` $y `,` $z `)` `threads` $threads `shared` $shared `call` $call attr-dict `:` type($buffers)";
  let hasVerifier = 1;
}
def Exec_TransferOp : Exec_Op<"transfer"> {
  let summary = "copies a buffer between host and device; from the device it waits for the kernels in front";
  let arguments = (ins AnyMemRef:$from, AnyMemRef:$to, I64Attr:$call);
  let assemblyFormat = "$from `to` $to `call` $call attr-dict `:` type($from) `to` type($to)";
  let hasVerifier = 1;
}
def Exec_LibraryOp : Exec_Op<"library", [AttrSizedOperandSegments]> {
  let summary = "calls a function of runtime/abi/Library.def by name; an error ends the run";
  let arguments = (ins StrAttr:$function, Variadic<AnyMemRef>:$buffers, Variadic<Index>:$params, I64Attr:$call);
  let assemblyFormat = "$function `(` $buffers `)` `params` `(` $params `)` `call` $call attr-dict `:` type($buffers)";
}
def Exec_CheckOp : Exec_Op<"check"> {
  let summary = "ends the run with `message` unless the condition holds";
  let arguments = (ins I1:$condition, StrAttr:$message, I64Attr:$call);
  let assemblyFormat = "$condition `,` $message `call` $call attr-dict";
}
#endif
