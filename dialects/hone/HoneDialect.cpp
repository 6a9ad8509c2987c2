// Registration of the dialect's ops and attributes.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::hone;

#include "dialects/hone/HoneDialect.cpp.inc"
#include "dialects/hone/HoneEnums.cpp.inc"
#include "dialects/hone/HoneInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/hone/HoneAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/hone/HoneOps.cpp.inc"

void HoneDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/hone/HoneOps.cpp.inc"
      >();
}

void HoneDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/hone/HoneAttrs.cpp.inc"
      >();
}

Operation *HoneDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && elements.getType() == type)
    return ConstantOp::create(b, loc, elements);
  return nullptr;
}

int64_t TargetAttr::fact(StringRef name) const {
  auto value = dyn_cast_or_null<IntegerAttr>(getFacts().get(name));
  return value ? value.getInt() : 0;
}

TargetAttr TargetAttr::of(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto target = op->getAttrOfType<TargetAttr>("hone.target"))
      return target;
  return {};
}
