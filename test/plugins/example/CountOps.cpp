// The smallest useful plugin: a pass that says how many ops of each kind a module holds.
#include "dialects/hone/HoneDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include <map>

namespace {
struct CountOps : mlir::PassWrapper<CountOps, mlir::OperationPass<mlir::ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountOps)
  llvm::StringRef getArgument() const override { return "example-count-ops"; }
  llvm::StringRef getDescription() const override {
    return "remarks how many hone ops of each kind there are";
  }

  void runOnOperation() override {
    std::map<std::string, int> counts;
    getOperation().walk([&](mlir::Operation *op) {
      if (op->getDialect() && op->getDialect()->getNamespace() == "hone")
        ++counts[op->getName().getStringRef().str()];
    });
    for (auto &[name, count] : counts)
      getOperation().emitRemark() << name << ": " << count;
  }
};
} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "ExamplePlugin", "0.1", [] { mlir::PassRegistration<CountOps>(); }};
}
