#ifndef HONE_LOWERING_KERNELS_PASSES_TD
#define HONE_LOWERING_KERNELS_PASSES_TD
include "mlir/Pass/PassBase.td"

def DecomposeComposites : Pass<"hone-decompose-composites", "::mlir::ModuleOp"> {
  let summary = "writes attention, LSTM, norms and softmax as primitive ops where no kernel family takes them";
  let description = [{
    An attention becomes products, masks and a softmax on [B, N, S, T]; an LSTM becomes its time steps, unrolled when they are
    few and known, else a loop.

    Needs: ranked types, `hone.target` on the module (which families there are depends on it). Numerics: rounding may differ from a fused
    kernel's.
  }];
}

def FormKernels : Pass<"hone-form-kernels", "::mlir::ModuleOp"> {
  let summary = "groups ops into kernel regions";
  let description = [{
    Every op that computes goes into a `hone.kernel`: a root op with what it absorbs. Producers move down into their only
    user when the user's family takes them. Reshapes stay outside (they become views), as do weights and library ops.
    `refused` on the region says what was not absorbed, and why.

    Needs: ranked types, hone-decompose-composites, `hone.target` on the module. Numerics: unchanged.
  }];
  let options = [Option<"noFusion", "no-fusion", "bool", "false", "one op a kernel, for comparing fused with unfused code">];
}
#endif
