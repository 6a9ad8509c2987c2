#ifndef HONE_PASSES_PARTITION_TD
#define HONE_PASSES_PARTITION_TD
include "mlir/Pass/PassBase.td"

def AssignDevices : Pass<"hone-assign-devices", "::mlir::ModuleOp"> {
  let summary = "gives every op the device it runs on";
  let description = [{
    Sets `hone.device` on each op that does not have one: `cuda` where the module has a `hone.device_target`, else `host`. Kernel
    regions never cross devices. An op that names a device that code is not made for is an error.

    With the module attribute `hone.partition` (what `--partition` and `--device-memory` write) ops without a device are divided
    between both, so that the run is predicted to take least: a minimum cut of what ops take on either side and what it takes to
    move tensors, and branch and bound where the device's memory for weights is limited. `pins`: [[pattern of node names,
    device], ...]; `memory`: bytes; `sizes`: numbers for named dimensions to predict with (16 without one). Remarks say what
    crosses, what stays on the host and why, and what is predicted.

    Needs: nothing. Numerics: unchanged.
  }];
}
#endif
