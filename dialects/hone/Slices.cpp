// What a slice takes.
#include "dialects/hone/Slices.h"

namespace hone {

std::optional<int64_t> firstColumnOf(mlir::hone::SliceOp slice) {
  auto number = [](mlir::Value value) -> std::optional<int64_t> {
    auto constant = value.getDefiningOp<mlir::hone::ConstantOp>();
    if (!constant || constant.getValue().getNumElements() != 1)
      return std::nullopt;
    return (*mlir::cast<mlir::DenseElementsAttr>(constant.getValue()).value_begin<llvm::APInt>())
        .getSExtValue();
  };
  auto type = mlir::cast<mlir::RankedTensorType>(slice.getInput().getType());
  std::optional<int64_t> start = number(slice.getStarts()), step = number(slice.getSteps());
  int64_t last = type.getRank() - 1;
  if (slice.getAxes() != mlir::ArrayRef<int64_t>{last} || type.isDynamicDim(last) || !start || step != 1)
    return std::nullopt;
  int64_t size = type.getDimSize(last);
  return std::clamp<int64_t>(*start < 0 ? *start + size : *start, 0, size);
}

} // namespace hone
