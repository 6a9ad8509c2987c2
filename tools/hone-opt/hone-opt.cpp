// mlir-opt with Hone's dialects, passes and phases.
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tools/common/Registration.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  hone::registerDialects(registry);
  hone::registerPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Hone's pass driver\n", registry));
}
