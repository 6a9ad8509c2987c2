// Large products of f16, bf16, i8 or f8E4M3FN by tiles on tensor cores: result(row, column) = sum over k of
// left(row, k) * right(k, column), for a batch of such. Operands are matrices that lie in global memory as
// they are.
#ifndef HONE_LOWERING_KERNELTOCUDA_STAGEDPRODUCT_H
#define HONE_LOWERING_KERNELTOCUDA_STAGEDPRODUCT_H
#include "lowering/KernelToCuda/Product.h"

namespace hone {

/// Tiles of the operands travel in a ring of stages in shared memory. A block computes a tile of the result:
/// its threads fill a stage by cp.async while their mma.sync work on another. Or, where a form is for
/// warpgroups, one block a multiprocessor goes from tile to tile: a thread of its first warpgroup has boxes
/// of the operands copied (TMA), the other two multiply what has arrived (wgmma), and transaction barriers
/// are all that they have in common. A line of a stage is 128 bytes or more; its pieces of 16 bytes are
/// swizzled (piece p of line l lies at p ^ (l % 8)), so that neither the copies nor ldmatrix meet in a bank.
/// Sums leave through shared memory, from where each thread puts 8 neighbours through the epilogue.
class StagedProduct : public Product {
public:
  static constexpr int64_t lineBytes = 128; // of a row or column in a stage
  /// What host code and kernel must agree on. Warps cut the tile into equal parts.
  struct Form {
    int64_t rows, columns, warpsDown, warpsAcross, stages;
    /// warpgroups: wgmma; 16 rows a warp, all columns, both operands along k.
    enum Cores { warps, warpgroups } cores;
    /// halves: f16 or bf16. Those of 8 bits lie along k. Sums of integers are i32, all others f32.
    enum Operands { halves, integers, floats8 } operands;
    constexpr Form of(Operands other) const {
      return {rows, columns, warpsDown, warpsAcross, stages, cores, other};
    }
    bool isForWarpgroups() const { return cores == warpgroups; }
    int64_t width() const { return operands == halves ? 2 : 1; }         // bytes of an element
    int64_t depth() const { return lineBytes / width(); }                // steps of k in a stage
    int64_t multipliers() const { return 32 * warpsDown * warpsAcross; } // threads
    int64_t threads() const { return multipliers() + (isForWarpgroups() ? warpgroup : 0); }
    int64_t stageBytes() const { return (rows + columns) * lineBytes; }
    int64_t ringBytes() const { return stages * stageBytes(); }
    /// Columns of sums that are on their way out together, and the floats of their rows.
    int64_t sumColumns() const { return isForWarpgroups() ? std::min<int64_t>(columns, 128) : columns; }
    int64_t sumPitch() const { return sumColumns() + 8; }
    int64_t sumBytes() const { return rows * sumPitch() * 4; }
    /// With warpgroups the ring is filled for the next tile while sums leave. Behind both: two barriers a
    /// stage.
    int64_t sharedBytes() const {
      return isForWarpgroups() ? ringBytes() + sumBytes() + 16 * stages : std::max(ringBytes(), sumBytes());
    }
  };
  static constexpr int64_t warpgroup = 128; // threads
  static constexpr Form small{64, 64, 2, 2, 4, Form::warps, Form::halves},
      large{128, 128, 2, 4, 3, Form::warps, Form::halves};
  static constexpr Form square{128, 128, 8, 1, 4, Form::warpgroups, Form::halves},
      wide{128, 256, 8, 1, 3, Form::warpgroups, Form::halves};

  StagedProduct(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
                mlir::Value root, Form form)
      : Product(b, loc, kernel, buffers, root), form(form) {}
  void emit();
  /// The grid for products of these sizes (host code), on a chip with so many multiprocessors.
  static CudaLaunch launch(mlir::OpBuilder &b, mlir::Location loc, mlir::Value batch, mlir::Value m,
                           mlir::Value n, Form form, int64_t processors);
  /// The maps that a form needs of the buffers with these numbers.
  static llvm::SmallVector<CudaMap> maps(Form form, unsigned left, unsigned right);

protected:
  /// A matrix in global memory. Its lines start at multiples of 16 bytes.
  struct Matrix {
    mlir::Value address; // in bytes, as index
    mlir::Value pitch;   // elements from line to line
    bool alongK;         // a line is a row of left or a column of right; else it is a step of k
    mlir::Value line;    // of its buffer, at which it starts
  };
  /// Called once, in front of all else.
  virtual Sizes sizes() = 0;
  /// The position of the tile in the batch: what follows where `b` stands is about it.
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
  llvm::SmallVector<mlir::Value> loadFragments(mlir::Value at, bool transposed);
  void storeSums(llvm::ArrayRef<mlir::Value> sums);
  /// Writes sums of form.sumColumns() columns to shared memory.
  void shareSums(llvm::ArrayRef<mlir::Value> sums, mlir::Value memory);
  /// What one of so many threads stores of them, from a row and a column of the tile on.
  void storeShared(mlir::Value memory, mlir::Value thread, int64_t threads, int64_t rows,
                   mlir::Value firstRow, mlir::Value firstColumn);
  mlir::Value sumAt(mlir::Value memory, mlir::Value row, mlir::Value column);
  /// The tile with this number becomes the one that is computed.
  void enterTile(mlir::Value number);
  mlir::Type operandType();
  mlir::Value noSum() { return form.operands == Form::integers ? integer(0) : real(0); }

  // With warpgroups (StagedWarpgroups.cpp).
  void emitWarpgroups();
  void prepareBarriers();
  void produce(mlir::Value tiles), consume(mlir::Value tiles);
  void startStage(mlir::Value stage, llvm::MutableArrayRef<mlir::Value> sums);
  void releaseStage(mlir::Value stage);
  /// Of a stage by its number: it has arrived; it may be filled.
  mlir::Value arrivedBarrier(mlir::Value stage), freeBarrier(mlir::Value stage);

  int64_t warpRows() const { return form.rows / form.warpsDown; } // of a warp's part
  int64_t warpColumns() const { return form.columns / form.warpsAcross; }

  Form form;
  mlir::Value memory;       // of the block
  mlir::Value down, across; // tiles
  mlir::Value thread, lane, row0, column0;
  mlir::Value warpRow, warpColumn; // in the tile
};

} // namespace hone
#endif
