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
  ArrayRef<int64_t> maps = getMaps();
  if (maps.size() % 2)
    return emitOpError("expected pairs of a buffer and lines as maps, got ") << maps.size() << " numbers";
  for (size_t i = 0; i < maps.size(); i += 2)
    if (maps[i] < 0 || maps[i] >= int64_t(getBuffers().size()) || maps[i + 1] < 1 || maps[i + 1] > 256 ||
        cast<MemRefType>(getBuffers()[maps[i]].getType()).getRank() < 1)
      return emitOpError("expected maps of 1 to 256 lines of buffers with an axis, got (")
             << maps[i] << ", " << maps[i + 1] << ")";
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
