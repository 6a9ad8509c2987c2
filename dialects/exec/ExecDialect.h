// The exec dialect: buffers, dispatches, checks.
#ifndef HONE_DIALECTS_EXEC_EXECDIALECT_H
#define HONE_DIALECTS_EXEC_EXECDIALECT_H
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/exec/ExecDialect.h.inc"
#define GET_OP_CLASSES
#include "dialects/exec/ExecOps.h.inc"
#endif
