// Large products of f16, bf16 or i8 by tiles on tensor cores: result(row, column) = sum over k of left(row,
// k) * right(k, column), for a batch of such. Operands are matrices that lie in global memory as they are.
#ifndef HONE_LOWERING_KERNELTOCUDA_STAGEDPRODUCT_H
#define HONE_LOWERING_KERNELTOCUDA_STAGEDPRODUCT_H
#include "lowering/KernelToCuda/Product.h"

namespace hone {

/// A block computes a tile. Tiles of the operands travel in a ring of stages in shared memory: cp.async fills
/// one while mma.sync works on another, or wgmma, where a form is for warpgroups. A line of a tile is 128
/// bytes or more; its pieces of 16 bytes are swizzled (piece p of line l lies at p ^ (l % 8)), so that
/// neither the copies nor ldmatrix meet in a bank. Sums leave through shared memory, from where each thread
/// puts 8 neighbours through the epilogue.
class StagedProduct : public Product {
public:
  static constexpr int64_t lineBytes = 128; // of a row or column in a stage
  /// What host code and kernel must agree on. Warps cut the tile into equal parts.
  struct Form {
    int64_t rows, columns, warpsDown, warpsAcross, stages;
    /// integers: operands of i8 along k, sums of i32. warpgroups: wgmma; 16 rows a warp, all columns, the
    /// right operand along k.
    enum Cores { floats, integers, warpgroups } cores;
    bool isForWarpgroups() const { return cores == warpgroups; }
    bool isInteger() const { return cores == integers; }
    int64_t width() const { return isInteger() ? 1 : 2; } // bytes of an element
    int64_t depth() const { return lineBytes / width(); } // steps of k in a stage
    int64_t threads() const { return 32 * warpsDown * warpsAcross; }
    int64_t stageBytes() const { return (rows + columns) * lineBytes; }
    int64_t sumPitch() const { return columns + 8; } // floats of a row on their way out
    int64_t sharedBytes() const { return std::max(stages * stageBytes(), rows * sumPitch() * 4); }
  };
  static constexpr Form small{64, 64, 2, 2, 4, Form::floats}, large{128, 128, 2, 4, 3, Form::floats};
  static constexpr Form square{128, 128, 8, 1, 4, Form::warpgroups},
      wide{128, 256, 8, 1, 4, Form::warpgroups};
  static constexpr Form smallInteger{64, 64, 2, 2, 4, Form::integers},
      largeInteger{128, 128, 2, 4, 3, Form::integers};

  StagedProduct(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
                mlir::Value root, Form form)
      : Product(b, loc, kernel, buffers, root), form(form) {}
  void emit();
  /// The grid for products of these sizes (host code).
  static CudaLaunch launch(mlir::OpBuilder &b, mlir::Location loc, mlir::Value batch, mlir::Value m,
                           mlir::Value n, Form form);

protected:
  /// A matrix in global memory. Its lines start at multiples of 16 bytes.
  struct Matrix {
    mlir::Value address; // in bytes, as index
    mlir::Value pitch;   // elements from line to line
    bool alongK;         // a line is a row of left or a column of right; else it is a step of k
  };
  /// Called once, in front of all else.
  virtual Sizes sizes() = 0;
  /// Called once: the position of this block in the batch.
  virtual void enterBatch(mlir::Value position) = 0;
  virtual Matrix left() = 0;
  virtual Matrix right() = 0;

private:
  /// How this thread fills its part of an operand's tile: one piece of 16 bytes of every few lines.
  struct Filling {
    bool alongK;
    int64_t copies, linesApart;              // of the thread; lines from copy to copy
    mlir::Value from, to;                    // address of the first piece at k = 0; its offset in a stage
    mlir::Value copyStep, kStep;             // bytes from copy to copy, from stage to stage
    mlir::Value step;                        // of k in a stage: of the piece, or of the first line
    llvm::SmallVector<mlir::Value> isInside; // of each copy, across k (one for all where lines are steps)
  };
  Filling fillingOf(const Matrix &matrix, int64_t extent, mlir::Value origin, mlir::Value end,
                    int64_t offset);
  void fill(const Filling &filling, mlir::Value number, mlir::Value stage);
  void multiplyStage(mlir::Value stage, bool rightAlongK, llvm::MutableArrayRef<mlir::Value> sums);
  void startStage(mlir::Value stage, llvm::MutableArrayRef<mlir::Value> sums);
  llvm::SmallVector<mlir::Value> loadFragments(mlir::Value at, bool transposed);
  void storeSums(llvm::ArrayRef<mlir::Value> sums);

  int64_t warpRows() const { return form.rows / form.warpsDown; } // of a warp's part
  int64_t warpColumns() const { return form.columns / form.warpsAcross; }

  Form form;
  mlir::Value memory; // of the block
  mlir::Value thread, lane, row0, column0;
  mlir::Value warpRow, warpColumn; // in the tile
};

} // namespace hone
#endif
