// Matrix products.
#ifndef HONE_MATMUL_TD
#define HONE_MATMUL_TD
include "dialects/hone/HoneDialect.td"
def Hone_MatmulOp : Hone_CostlyElementOp<"matmul", [Hone_SumsProducts, DeclareOpInterfaceMethods<QuantizableOpInterface>, DeclareOpInterfaceMethods<CostOpInterface, ["getFlops"]>]> {
  let summary = "numpy matmul of operands of rank >= 2, the last two dimensions optionally transposed";
  let description = [{
    lhs [..., M, K] (`transpose_a`: [..., K, M]), rhs [..., K, N] (`transpose_b`: [..., N, K]); leading dimensions broadcast.
    Integers multiply into i32 results for 8-bit operands. A quantized weight is a `hone.dequantize` in front of rhs;
    `activation_bits` (8, 16; 0: as typed) allows the kernel to quantize lhs by block of the weight's block size.
  }];
  let arguments = (ins Hone_Tensor:$lhs, Hone_Tensor:$rhs, UnitAttr:$transpose_a, UnitAttr:$transpose_b,
                   DefaultValuedAttr<I64Attr, "0">:$activation_bits);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}
#endif
