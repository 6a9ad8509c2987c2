// Registration of the exec dialect.
#include "dialects/exec/ExecDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::exec;

#include "dialects/exec/ExecDialect.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/exec/ExecOps.cpp.inc"

void ExecDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/exec/ExecOps.cpp.inc"
      >();
}
