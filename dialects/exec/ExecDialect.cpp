// Registration of the exec dialect.
#include "dialects/exec/ExecDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::exec;

#include "dialects/exec/ExecDialect.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/exec/ExecOps.cpp.inc"

static bool isOfDevice(Type type) {
  auto space = dyn_cast_or_null<IntegerAttr>(cast<BaseMemRefType>(type).getMemorySpace());
  return space && space.getInt() == 1;
}

LogicalResult DispatchOp::verify() {
  for (Type type : getBuffers().getTypes())
    if (isOfDevice(type))
      return emitOpError("expected buffers of the host, got ") << type;
  return success();
}

LogicalResult LaunchOp::verify() {
  for (Type type : getBuffers().getTypes())
    if (!isOfDevice(type))
      return emitOpError("expected buffers of the device (memory space 1), got ") << type;
  return success();
}

LogicalResult TransferOp::verify() {
  auto from = cast<MemRefType>(getFrom().getType()), to = cast<MemRefType>(getTo().getType());
  if (isOfDevice(from) == isOfDevice(to))
    return emitOpError("expected one buffer of the host and one of the device, got ")
           << from << " and " << to;
  if (from.getElementType() != to.getElementType() || from.getRank() != to.getRank())
    return emitOpError("expected buffers of one element type and rank, got ") << from << " and " << to;
  return success();
}

void ExecDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/exec/ExecOps.cpp.inc"
      >();
}
