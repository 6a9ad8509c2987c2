// The register tile that all f32 products share: `height` rows times two registers of columns, kept over K.
#ifndef HONE_LOWERING_KERNELTOHOST_MATMULTILES_H
#define HONE_LOWERING_KERNELTOHOST_MATMULTILES_H
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/KernelToHost/VectorEpilogue.h"

namespace hone {

class MatmulTiles {
public:
  static constexpr int64_t registersOfPanel = 2;
  using Values = VectorBuilder::Values;
  /// Register `r` of the panel's row `k`.
  using PanelLoad = llvm::function_ref<mlir::Value(mlir::Value k, int64_t r)>;

  MatmulTiles(mlir::OpBuilder &b, mlir::hone::KernelOp kernel, mlir::hone::MatmulOp root,
              mlir::ValueRange buffers);
  /// Of any root whose result is a product of `lhs` (its first axis rows) seen as a matrix with that many
  /// column axes.
  MatmulTiles(mlir::OpBuilder &b, mlir::hone::KernelOp kernel, mlir::Value root, mlir::ValueRange buffers,
              mlir::Value lhs, int64_t columnAxes);

  static int64_t widthOf(const VectorBuilder &v) { return registersOfPanel * v.lanes; }
  static llvm::ArrayRef<int64_t> heightsOf(const VectorBuilder &v);
  /// The region argument at the start of a chain of steps that read it first.
  static mlir::BlockArgument sourceOf(mlir::Value value);
  static mlir::hone::MatmulOp rootOf(mlir::hone::KernelOp kernel);

  /// Rows [row, row + height) of lhs times the panel over k in [from, to): by row, then register. Added to
  /// `start`, zeros when empty.
  Values product(mlir::Value row, int64_t height, mlir::Value from, mlir::Value to, PanelLoad panel,
                 int64_t registers = registersOfPanel, Values start = {});
  /// Asks for what the epilogue of such a tile reads.
  void prefetch(mlir::Value row, int64_t height, mlir::Value first, mlir::Value n, bool isAligned);
  /// Applies the epilogue to a tile whose first column is `first` and stores it.
  void finish(mlir::Value row, mlir::Value first, mlir::Value n, bool isAligned,
              mlir::ArrayRef<mlir::Value> tile, int64_t registers = registersOfPanel);
  /// A loop over K, `unroll` steps at a time, then the steps that are left.
  Values overK(mlir::Value from, mlir::Value to, int64_t unroll, mlir::ValueRange zeros,
               llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> step);

  VectorBuilder v;
  VectorEpilogue epilogue;
  mlir::Value lhs; // as rows
};

/// Products with a packed weight: `config` has n, k, packed.
void emitPackedMatmul(mlir::OpBuilder &b, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
                      mlir::Value scratch, mlir::Value lo, mlir::Value hi);
Launch launchPackedMatmul(VectorBuilder &v, mlir::hone::KernelOp kernel, mlir::ValueRange buffers);

/// Products of two tensors that the run computes: `config` has batched (leading dimensions agree, or rhs has
/// none).
void emitPlainMatmul(mlir::OpBuilder &b, mlir::hone::KernelOp kernel, mlir::ValueRange buffers,
                     mlir::Value scratch, mlir::Value lo, mlir::Value hi);
Launch launchPlainMatmul(VectorBuilder &v, mlir::hone::KernelOp kernel, mlir::ValueRange buffers);

} // namespace hone
#endif
