// Every op gets the device it runs on: the GPU where kernels are made for one, else the host. The attribute
// is what the cut goes by.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/partition/Passes.h"

namespace hone {
#define GEN_PASS_DEF_ASSIGNDEVICES
#include "passes/partition/Passes.h.inc"
} // namespace hone

using namespace mlir;

namespace {
struct AssignDevices : ::hone::impl::AssignDevicesBase<AssignDevices> {
  void runOnOperation() override {
    bool hasGpu = getOperation()->hasAttr("hone.device_target");
    WalkResult walked = getOperation().walk([&](Operation *op) {
      // Recipes run while the artifact is written; they have no place in the partition.
      if (!computes(op) || !op->getParentOfType<func::FuncOp>())
        return WalkResult::advance();
      auto given = op->getAttrOfType<StringAttr>("hone.device");
      if (given && given != "host" && (given != "cuda" || !hasGpu)) {
        op->emitError("expected device 'host'")
            << (hasGpu ? " or 'cuda'" : "") << ", got '" << given.getValue() << "'"
            << (hasGpu ? "" : ": code is made for the host only");
        return WalkResult::interrupt();
      }
      if (!given)
        op->setAttr("hone.device", StringAttr::get(&getContext(), hasGpu ? "cuda" : "host"));
      return WalkResult::advance();
    });
    if (walked.wasInterrupted())
      signalPassFailure();
  }

  /// Ops that become kernels; views, constants and calls of the runtime's library are the host's business.
  static bool computes(Operation *op) {
    return isa<mlir::hone::ElementOpInterface, mlir::hone::AttentionOp, mlir::hone::LstmOp>(op) &&
           !isa<mlir::hone::ConstantOp>(op);
  }
};
} // namespace
