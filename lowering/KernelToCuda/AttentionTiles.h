// Attention of f16 or bf16 on the tensor cores with a running softmax (FlashAttention-2), all in registers.
#ifndef HONE_LOWERING_KERNELTOCUDA_ATTENTIONTILES_H
#define HONE_LOWERING_KERNELTOCUDA_ATTENTIONTILES_H
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/KernelToCuda/DeviceBuilder.h"

namespace hone {

/// The op that a kernel is made around.
inline mlir::hone::AttentionOp attentionOf(mlir::hone::KernelOp kernel) {
  return *kernel.getBody().front().getOps<mlir::hone::AttentionOp>().begin();
}

/// What host code and kernel must agree on.
struct AttentionForm {
  /// Who shares the keys of a row: the warps of several blocks, those of one block, or nobody. With up to 16
  /// rows (decoding) blocks are few and keys many.
  enum Sharing { blocks, warps, none } sharing;
  int64_t kvHeads, group, size, valueSize;

  AttentionForm(mlir::hone::KernelOp kernel, Sharing sharing);
  int64_t warpCount() const { return sharing != none && valueSize <= 64 ? 8 : 4; }
  int64_t rows() const { return sharing != none ? 16 : 16 * warpCount(); } // of a block
  int64_t keys() const { return size <= 64 ? 32 : 16; }                    // of a step of a warp
  /// Neighbouring elements of a value row that one lane reads.
  int64_t wide() const { return valueSize % 64 ? 4 : 8; }
  /// What blocks that share keys hand on, f32 [batch * kvHeads, blocks, 16, valueSize + 2]: a row's sums, its
  /// peak and the sum of its weights, relative to that peak.
  mlir::MemRefType partials(mlir::MLIRContext *context) const;
};

/// The query rows of one block share a head of keys and values: row r is query r / group of head r % group. A
/// warp owns 16 rows. Which step of a sum is which register does not matter as long as both operands agree,
/// and neither does the order of the result's columns: both are chosen so that every lane reads and writes 16
/// neighbouring bytes of global memory, and nothing passes through shared memory.
class AttentionTiles : public DeviceBuilder {
public:
  AttentionTiles(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                 mlir::ValueRange buffers, AttentionForm form);

  void emit();
  /// The step behind blocks that share keys: their partial results become one.
  void emitCombination();

private:
  using Value = mlir::Value;
  template <typename T>
  using Many = llvm::SmallVector<T>;
  struct Row {
    Value number, isInside; // clipped to the last
    Value position, head;   // query, head
    Value limit, from;      // keys [from, limit) are seen
  };
  struct State {
    Many<Value> outputs, peaks, sums; // 4 registers a tile of 8 columns; of rows g and g + 8
    Many<Value> all() const;
    static State of(mlir::ValueRange values);
  };
  /// A region's input [B, S, columns] and the column where the rows that are meant start.
  struct Projection {
    Value buffer;
    int64_t first;
  };
  /// A row of the result over some of the keys: its peak, and relative to that the sum of weights and a sum.
  struct Partial {
    Value peak, weights, sum;
  };

  // operands
  Value resultOf(Value result);
  Value bufferOf(Value tensor);
  Projection projection(Value tensor);
  Value dim(Value buffer, int64_t axis);
  mlir::VectorType vectorOf(int64_t n);
  Value address(Value buffer, mlir::ValueRange indices);
  Value loadAt(Value address, Value column, int64_t n);
  Value keyRow(const Projection &fresh, Value old, int64_t size, Value at);
  void findOperands();
  void countKeys();
  void copy(const Projection &fresh, Value old, Value to, int64_t size, Value thread, Value share,
            Value shares);
  Row rowAt(Value number);
  void prepareBounds();

  // the loop
  State loopOverKeys();
  Value queryPart(const Row &row, int64_t c);
  Value pairOf(Value eight, int64_t at);
  Value clipped(Value key);
  Many<Value> scores(llvm::ArrayRef<std::array<Value, 2>> q, Value key0);
  Value finishScore(Value score, const Row &row, Value at);
  Value maskAt(Value mask, const Row &row, Value at);
  Many<Value> softmax(Many<Value> scores, Value key0, State &state);
  void addValues(llvm::ArrayRef<Value> weights, Value key0, State &state);

  // results
  Value exp2(Value x);
  Value larger(Value x, Value y), plus(Value x, Value y);
  Value baseOf(Value peak);
  Value firstColumn(int64_t c, int64_t i);
  Value inverse(Value sum);
  void finishAlone(State &state);
  void finishTogether(State &state, Value thread);
  Partial merge(const Partial &x, const Partial &y);
  Partial combine(Value count, llvm::function_ref<Partial(Value)> read);
  void forEachElement(Value thread, llvm::function_ref<void(Value row, Value column)> body);
  void storeResult(const Partial &whole, Value row, Value column);

  mlir::hone::KernelOp kernel;
  mlir::ValueRange buffers;
  AttentionForm form;
  mlir::hone::AttentionOp op;
  mlir::Type element;
  Projection query, key, value;
  Value pastKey, pastValue;
  Value output, partials;
  Value queries, rows, total; // sizes: S, S * group, P + L
  Value past, filled, valid;  // of the batch row: past keys, past and new ones, those that count
  Value batch, kvHead, warp, g, t, row0;
  Value part, parts; // where blocks share keys: which this is, of how many
  Row mine[2];
  Value keysFrom, keysTo;
};

} // namespace hone
#endif
