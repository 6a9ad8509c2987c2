#ifndef HONE_PASSES_PARTITION_TD
#define HONE_PASSES_PARTITION_TD
include "mlir/Pass/PassBase.td"

def AssignDevices : Pass<"hone-assign-devices", "::mlir::ModuleOp"> {
  let summary = "gives every op the device it runs on";
  let description = [{
    Sets `hone.device` on each op that does not have one. Kernel regions never cross devices. The host is the only
    device that code is made for so far; an op that names another is an error.

    Needs: nothing. Numerics: unchanged.
  }];
}
#endif
