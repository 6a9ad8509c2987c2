#ifndef HONE_OPS_TD
#define HONE_OPS_TD
// The umbrella: every op family stands in a file of its own.
include "dialects/hone/HoneAttrs.td"
include "dialects/hone/ops/Elementwise.td"
include "dialects/hone/ops/Movement.td"
include "dialects/hone/ops/Indexing.td"
include "dialects/hone/ops/Reduce.td"
include "dialects/hone/ops/Matmul.td"
include "dialects/hone/ops/Norm.td"
include "dialects/hone/ops/Attention.td"
include "dialects/hone/ops/Conv.td"
include "dialects/hone/ops/Quant.td"
include "dialects/hone/ops/Select.td"
include "dialects/hone/ops/Recurrent.td"
include "dialects/hone/ops/Control.td"
include "dialects/hone/ops/State.td"
#endif
