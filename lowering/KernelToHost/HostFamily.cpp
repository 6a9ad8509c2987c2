// The table of host families and the buffer type rule.
#include "lowering/KernelToHost/HostFamily.h"

using namespace mlir;

namespace hone {

#define HONE_FAMILY(cls, name) const HostFamily &get##cls##Host();
#include "lowering/kernels/Families.def"

const HostFamily *findHostFamily(StringRef name) {
#define HONE_FAMILY(cls, row)                                                                                \
  if (name == row)                                                                                           \
    return &get##cls##Host();
#include "lowering/kernels/Families.def"
  return nullptr;
}

MemRefType bufferType(RankedTensorType tensor) {
  SmallVector<int64_t> shape(tensor.getShape());
  auto integer = dyn_cast<IntegerType>(tensor.getElementType());
  if (integer && integer.getWidth() == 4 && !shape.empty() && !ShapedType::isDynamic(shape.back()))
    shape.back() = (shape.back() + 1) / 2;
  Type element = mlir::hone::storageType(tensor.getElementType());
  return MemRefType::get(shape, element.isInteger(1) ? IntegerType::get(tensor.getContext(), 8) : element);
}

} // namespace hone
