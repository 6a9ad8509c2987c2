// What both forms of an attention kernel share: its buffers and sizes, the keys that a row sees, masks, the
// weights of a row, and the presents. Shapes: query [B, S, heads * size], key and value [B, T, kv * size],
// past and present [B, kv, T, size].
#ifndef HONE_LOWERING_KERNELTOHOST_ATTENTIONEMITTER_H
#define HONE_LOWERING_KERNELTOHOST_ATTENTIONEMITTER_H
#include "lowering/KernelToHost/VectorBuilder.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace hone {

/// The op of a region, its buffers by operand, and its sizes.
struct AttentionPlan {
  using Value = mlir::Value;

  AttentionPlan(VectorBuilder &v, mlir::hone::KernelOp kernel, mlir::ValueRange buffers);

  static constexpr int64_t rowsOfBlock = 16;
  /// From so many rows on, keys and values are packed and rows go by tiles.
  static constexpr int64_t fewestTiledRows = 4;

  VectorBuilder &v;
  mlir::hone::AttentionOp op;
  /// Columns of a buffer [B, S, width] from `first` on.
  struct Columns {
    Value memory;
    int64_t first;
  };
  Columns query, key, value;
  // Buffers; null: not given, or (results) read by nobody.
  Value pastKey, pastValue, mask, lengths, output, presentKey, presentValue;
  int64_t heads, kvHeads, size, valueSize;
  Value batch, rows, newKeys, past, total;
  Value isTiled, blocks, parts; // a unit is a part of one head's blocks

  /// Keys, rounded up to a pair of registers.
  Value paddedKeys();
  /// f32 elements of a worker's scratch.
  Value scratchElements();
};

class AttentionEmitter {
public:
  AttentionEmitter(AttentionPlan &plan, mlir::Value scratch);
  /// Works on the units [lo, hi).
  void emit(mlir::Value lo, mlir::Value hi);

private:
  using Value = mlir::Value;
  using Values = VectorBuilder::Values;
  /// Blocks part, part + parts, ... of the unit, by tiles (AttentionTiles.cpp).
  void emitTiles(Value part);
  void emitRow(Value row);

  using Columns = AttentionPlan::Columns;
  void copyPresents(Value share);
  void scoreRow(llvm::ArrayRef<Value> q, Value from, Value to);
  Values rowOf(Value memory, mlir::ValueRange at, int64_t size);
  /// A row of the columns of one head.
  Values rowOf(Columns columns, Value row, Value head, int64_t size);
  Values overTimes(Value from, Value to, Value old, Columns fresh, int64_t size, Values carried,
                   llvm::function_ref<Values(Value, Values, mlir::ValueRange)> body);
  /// Keys of the batch row that count.
  Value validKeys();
  /// The keys that a row sees: [from, to).
  std::pair<Value, Value> visible(Value row);
  /// `lanes` scores from t on, with the mask added.
  Value masked(Value x, Value row, Value t, Value inside);
  /// Turns the scores of the times [first, last) of a row into powers, 0 outside [from, to); `at(t)` is the
  /// place of the register with the times [t, t + lanes), `first` a multiple of lanes. Returns one over their
  /// sum, 0 for a row that sees nothing.
  Value softmax(Value row, Value from, Value to, Value first, Value last,
                llvm::function_ref<Values(Value t)> at);
  Value reduce(mlir::vector::CombiningKind kind, Value x);

  // Tiles: their scratch in this order, rows of blocks padded by copies of the last.
  void pack();
  Value keyRow(Value old, Columns fresh, Value t, Value column, int64_t size);
  void copyQuery(Value start);
  void scoreTile(Value row, Value panel);
  void sumTile(Value start, Value row, int64_t column, int64_t columns, Value first, Value last);
  Value blockRow(Value start, Value i);

  AttentionPlan &p;
  VectorBuilder &v;
  mlir::OpBuilder &b;
  mlir::Location loc;
  Value scratch;
  Value row0, head, group; // of the unit: batch row, query head, key head
  Value past, filled;      // of its batch row: past keys, and past and new ones
  Value packedKeys;        // [keys / lanes, size, lanes]
  Value packedValues;      // [keys, valueSize]
  Value scores;            // tiles: [keys / lanes, rowsOfBlock, lanes]; one row: [keys]
  Value queryBlock;        // [rowsOfBlock, size], scaled
  Value factors;           // [rowsOfBlock]
};

} // namespace hone
#endif
