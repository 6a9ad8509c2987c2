// Attention and rotary embedding.
#ifndef HONE_ATTENTION_TD
#define HONE_ATTENTION_TD
include "dialects/hone/HoneDialect.td"
def Hone_AttentionOp : Hone_TensorOp<"attention", [AttrSizedOperandSegments, Hone_Composite, Hone_SumsProducts, DeclareOpInterfaceMethods<CostOpInterface, ["getFlops"]>]> {
  let summary = "softmax(softcap(scale * Q K^T) + mask) V with grouped heads and an optional past";
  let description = [{
    query [B, S, N*H], key and value [B, L, Nkv*H] / [B, L, Nkv*Hv] (row-major projections), past_key/past_value
    [B, Nkv, P, H(v)] before them in time; T = P + L. Results: output [B, S, N*Hv], present_key [B, Nkv, T, H],
    present_value [B, Nkv, T, Hv] (`presents`: both or none).
    `mask` is added to the scores (float) or keeps where true (i1); broadcast to [B, N, S, T]. `lengths` [B] (integers) is the
    number of valid keys of each row, with the new ones: a row's past is its first lengths[b] - L past keys (none when that is negative), and
    its new keys follow right behind them, in the presents too, which are 0 further on. `causal`: query s sees keys up to `lengths[b]` (or T) - S + s (bottom-right);
    `window` > 0 keeps only the last `window` of them. A row with no key gives 0.
    `softcap` > 0: softcap * tanh(score / softcap), before the mask. Scores and sums are f32 (f64 for f64).
  }];
  let arguments = (ins Hone_Tensor:$query, Hone_Tensor:$key, Hone_Tensor:$value, Optional<Hone_Tensor>:$past_key,
                   Optional<Hone_Tensor>:$past_value, Optional<Hone_Tensor>:$mask, Optional<Hone_Tensor>:$lengths,
                   I64Attr:$heads, I64Attr:$kv_heads, F32Attr:$scale, UnitAttr:$causal,
                   DefaultValuedAttr<F32Attr, "0.0f">:$softcap, DefaultValuedAttr<I64Attr, "-1">:$window);
  let results = (outs Hone_Tensor:$output, Variadic<Hone_Tensor>:$presents);
  let hasVerifier = 1;
}
def Hone_RopeOp : Hone_ElementOp<"rope", [Hone_Composite, DeclareOpInterfaceMethods<IndexingOpInterface>]> {
  let summary = "rotary position embedding of [B, S, heads*H]";
  let description = [{
    cos and sin are [positions, R/2] tables looked up by `positions` ([B, S] integers), or, without it, [B, S, R/2]
    themselves (B or S may be 1). Only the first R of each head's H elements turn; halves, or pairs when `interleaved`.
  }];
  let arguments = (ins Hone_Tensor:$input, Hone_Tensor:$cos, Hone_Tensor:$sin, Optional<Hone_Tensor>:$positions, I64Attr:$heads,
                   UnitAttr:$interleaved);
  let results = (outs Hone_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
#endif
