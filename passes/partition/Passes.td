#ifndef HONE_PASSES_PARTITION_TD
#define HONE_PASSES_PARTITION_TD
include "mlir/Pass/PassBase.td"

def AssignDevices : Pass<"hone-assign-devices", "::mlir::ModuleOp"> {
  let summary = "gives every op the device it runs on";
  let description = [{
    Sets `hone.device` on each op that does not have one: `cuda` where the module has a `hone.device_target`, else `host`. Kernel
    regions never cross devices. An op that names a device that code is not made for is an error.

    Needs: nothing. Numerics: unchanged.
  }];
}
#endif
