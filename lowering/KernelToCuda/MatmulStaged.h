// Products of hone.matmul: where their elements stand, their sizes in host code, and by stages of tiles.
#ifndef HONE_LOWERING_KERNELTOCUDA_MATMULSTAGED_H
#define HONE_LOWERING_KERNELTOCUDA_MATMULSTAGED_H
#include "lowering/KernelToCuda/StagedProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace hone {

/// Whether the leading axes of the left operand are rows like its last but one.
bool isOneMatrix(mlir::hone::MatmulOp op);

/// Where the elements of a product stand.
class MatmulPlace : public DeviceBuilder {
public:
  /// `isFlat`: leading axes are rows.
  MatmulPlace(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::MatmulOp op, bool isFlat);

  /// Batch, m, n, k.
  std::array<mlir::Value, 4> sizes(RegionBuilder &region);
  void enterBatch(mlir::Value position);
  llvm::SmallVector<mlir::Value> resultIndices(mlir::Value row, mlir::Value column);
  /// The indices in front of the last two, of an operand: its leading dimensions broadcast.
  llvm::SmallVector<mlir::Value> leadingOf(RegionBuilder &region, mlir::Value operand);

private:
  mlir::hone::MatmulOp op;
  int64_t rank;
  bool isFlat;
  mlir::Value rows;
  llvm::SmallVector<mlir::Value> extents, at;
};

class MatmulStaged : public StagedProduct {
public:
  /// `weight`: a buffer [n, k] that stands for the right operand; null where that is a buffer itself.
  MatmulStaged(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
               Form form, mlir::Value weight = {});

protected:
  /// A buffer [lines, k].
  Matrix matrixOf(mlir::Value buffer);
  Matrix left() override { return matrix(op.getLhs(), true); }

private:
  Sizes sizes() override;
  void enterBatch(mlir::Value position) override { place.enterBatch(position); }
  llvm::SmallVector<mlir::Value> resultIndices(mlir::Value row, mlir::Value column) override {
    return place.resultIndices(row, column);
  }
  Matrix right() override;
  Matrix matrix(mlir::Value operand, bool alongK);

  mlir::hone::MatmulOp op;
  RegionBuilder region;
  MatmulPlace place;
  mlir::Value weight;
};

/// Sizes in host code.
struct MatmulSizes {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::hone::MatmulOp op;
  mlir::ValueRange buffers;
  mlir::Value batch, m, n;

  MatmulSizes(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
              bool isFlat);
  mlir::Value constant(int64_t value);
  mlir::Value compare(mlir::arith::CmpIPredicate how, mlir::Value x, int64_t y);
  /// Whether the lines of both operands start at multiples of 16 bytes, and there is something on them.
  mlir::Value areAligned();
};

} // namespace hone
#endif
