// Products of rows that are rounded to 8 bits as they come, a scale a row, with a weight of i8 or f8E4M3FN
// [n, k] and a scale a column.
#ifndef HONE_LOWERING_KERNELTOCUDA_ROUNDEDROWS_H
#define HONE_LOWERING_KERNELTOCUDA_ROUNDEDROWS_H
#include "lowering/KernelToCuda/MatmulStaged.h"

namespace hone {

/// What the two steps share: the rows as bytes [rows, k], and the value of 1 in each, f32 [rows].
llvm::SmallVector<mlir::MemRefType, 2> roundedRows(mlir::MLIRContext *context, int64_t k);

/// The first step, a warp for a row: the largest element of a row becomes the largest number of
/// the type.
class RowRounding : public DeviceBuilder {
public:
  /// `isFloat`: to f8E4M3FN, else i8.
  RowRounding(mlir::OpBuilder &b, mlir::Location loc, bool isFloat)
      : DeviceBuilder(b, loc), isFloat(isFloat) {}
  /// `from`: [..., k] of floats, k a multiple of 16. `numbers`, `scales`: see roundedRows.
  void emit(mlir::Value from, mlir::Value numbers, mlir::Value scales);
  static CudaLaunch launch(mlir::OpBuilder &b, mlir::Location loc, mlir::Value rows);

private:
  mlir::Value loadPiece(mlir::Value from, mlir::Value row, mlir::Value column);
  /// As bytes.
  mlir::Value rounded(llvm::ArrayRef<mlir::Value> elements);

  bool isFloat;
};

/// The second step.
class RoundedProduct : public MatmulStaged {
public:
  /// `numbers`, `scales`: of the rows; `weight`, `weightScales` ([n / 16, 1, 16]): of the columns.
  RoundedProduct(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                 mlir::ValueRange buffers, Form form, mlir::Value numbers, mlir::Value scales,
                 mlir::Value weight, mlir::Value weightScales)
      : MatmulStaged(b, loc, kernel, buffers, form, weight), numbers(numbers), scales(scales),
        weightScales(weightScales) {}

private:
  Matrix left() override { return matrixOf(numbers); }
  mlir::Value complete(RegionBuilder &region, mlir::Value sum, mlir::Value row, mlir::Value column) override;

  mlir::Value numbers, scales, weightScales;
};

} // namespace hone
#endif
