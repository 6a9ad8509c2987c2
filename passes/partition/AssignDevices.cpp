// Every op gets the device it runs on. One device so far; the attribute is what the cut goes by.
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
    auto host = StringAttr::get(&getContext(), "host");
    WalkResult walked =
        getOperation().walk([&](mlir::hone::ElementOpInterface op) { return assign(op, host); });
    if (!walked.wasInterrupted())
      walked = getOperation().walk([&](Operation *op) {
        return isa<mlir::hone::AttentionOp, mlir::hone::LstmOp>(op) ? assign(op, host)
                                                                    : WalkResult::advance();
      });
    if (walked.wasInterrupted())
      signalPassFailure();
  }

  static WalkResult assign(Operation *op, StringAttr host) {
    // Recipes run while the artifact is written; they have no place in the partition.
    if (!op->getParentOfType<func::FuncOp>() || isa<mlir::hone::ConstantOp>(op))
      return WalkResult::advance();
    auto device = op->getAttrOfType<StringAttr>("hone.device");
    if (device && device != host) {
      op->emitError("expected device 'host', got '")
          << device.getValue() << "': code is made for the host only";
      return WalkResult::interrupt();
    }
    op->setAttr("hone.device", host);
    return WalkResult::advance();
  }
};
} // namespace
