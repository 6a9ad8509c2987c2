// The left operand of products with quantized weights: rows quantized into a worker's scratch, where register
// tiles read them. Sizes and scratch layout that the kernel and its launch agree on stand here too.
#ifndef HONE_LOWERING_KERNELTOHOST_QUANTROWS_H
#define HONE_LOWERING_KERNELTOHOST_QUANTROWS_H
#include "lowering/KernelToHost/VectorBuilder.h"
#include <optional>

namespace hone {

/// A packed register holds `depth` steps of K for `lanes` columns: 32-bit lanes, which are `bits` wide
/// numbers of which every `pairs`-th pair makes a 16-bit pair, and every `depth / 4`-th four make bytes.
struct QuantPlan {
  int64_t n, k, bits, block, lanes, panels, group, groups, depth, pairs, rowBlock;
  int64_t rowBits;             // 16, or 8 where the model allows it
  std::optional<int64_t> zero; // of all weights; none: one a block
  llvm::SmallVector<int64_t> heights;

  QuantPlan(mlir::hone::KernelOp kernel, const VectorBuilder &v);

  // Scratch: the rows (those of the second pass behind the first's), their scales and sums; for a stripe of
  // rows the number of groups that take two passes, and those groups; the unpacked panel.
  int64_t rows() const { return 2 * rowBlock; }
  int64_t stripe() const { return heights.front(); }
  int64_t stripes() const { return rowBlock / stripe(); }
  int64_t scalesAt() const { return rows() * k * 2; }
  int64_t sumsAt() const { return scalesAt() + rows() * groups * 4; }
  int64_t limitsAt() const { return sumsAt() + rows() * groups * 4; }
  int64_t countsAt() const { return (limitsAt() + (stripe() + lanes) * 4 + 7) / 8 * 8; }
  int64_t listsAt() const { return countsAt() + stripes() * 8; }
  int64_t panelAt() const { return (listsAt() + stripes() * groups * 8 + 63) / 64 * 64; }
  int64_t scratchBytes() const { return panelAt() + k * lanes * 2; }
};

/// Rows of `bits` each. A lane of 32 bits holds two neighbouring steps of K (16 bits), or four in the order
/// of the weights' bytes (8 bits).
class QuantRows {
public:
  using Value = mlir::Value;
  QuantRows(VectorBuilder &v, const QuantPlan &plan, Value lhs, Value scratch);

  /// Rows [from, to) of lhs into rows 0... of scratch. 16 bits: the rest of groups with outliers behind them.
  void quantize(Value from, Value to);
  /// Lane `register` of a row, in all lanes.
  Value splat(Value row, Value at) { return v.loadSplat(registers, {row, at}); }
  int64_t registersOf(int64_t steps) const { return steps * bits / 32; }

  /// Sums over the groups of rows [row, row + count) in scratch: all of them, then those that take a second
  /// pass. `step` adds the products of one group to what it carries.
  VectorBuilder::Values
  overGroups(Value row, int64_t count,
             llvm::function_ref<VectorBuilder::Values(Value, llvm::ArrayRef<Value>, mlir::ValueRange)> step);

  int64_t bits;
  Value scales, sums; // [rows, groups]; sums of the row's numbers in f32, or times -zero in i32

private:
  void quantizeRow(Value row, Value at, Value i);
  Value quantizeGroup(Value row, Value at, Value group, bool isSecond);
  Value listOutliers(Value at, Value count, Value stripe, Value limit);

  VectorBuilder &v;
  const QuantPlan &plan;
  Value lhs, numbers, registers, limits, counts, lists;
};

} // namespace hone
#endif
