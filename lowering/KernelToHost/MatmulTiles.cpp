// The shared tile, and the family that chooses between packed weights and plain operands.
#include "lowering/KernelToHost/MatmulTiles.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

MatmulTiles::MatmulTiles(OpBuilder &b, KernelOp kernel, MatmulOp root, ValueRange buffers)
    : v(b, kernel.getLoc(), TargetAttr::of(kernel)), epilogue(v, kernel, root.getResult(), buffers),
      lhs(v.asRows(buffers[sourceOf(root.getLhs()).getArgNumber()])) {}

MatmulTiles::MatmulTiles(OpBuilder &b, KernelOp kernel, Value root, ValueRange buffers, Value lhs,
                         int64_t columnAxes)
    : v(b, kernel.getLoc(), TargetAttr::of(kernel)), epilogue(v, kernel, root, buffers, columnAxes),
      lhs(v.asRows(lhs, cast<MemRefType>(lhs.getType()).getRank() - 1)) {}

ArrayRef<int64_t> MatmulTiles::heightsOf(const VectorBuilder &v) {
  // 16 of 32 registers of AVX-512, 12 of 16 of AVX2 hold sums.
  static const int64_t tall[] = {8, 4, 2, 1}, short_[] = {6, 4, 2, 1};
  return v.avx512 ? ArrayRef<int64_t>(tall) : ArrayRef<int64_t>(short_);
}

BlockArgument MatmulTiles::sourceOf(Value value) {
  while (Operation *op = value.getDefiningOp())
    value = op->getOperand(0);
  return cast<BlockArgument>(value);
}

MatmulOp MatmulTiles::rootOf(KernelOp kernel) { return *kernel.getBody().front().getOps<MatmulOp>().begin(); }

MatmulTiles::Values MatmulTiles::product(Value row, int64_t height, Value from, Value to, PanelLoad panel,
                                         int64_t registers, Values start) {
  Value tile = v.rowsFrom(lhs, row, height);
  if (start.empty())
    start.assign(height * registers, v.constant(v.f32(), 0));
  return overK(from, to, 2, start, [&](Value k, ValueRange sums) {
    Values columns, next;
    for (int64_t r = 0; r < registers; ++r)
      columns.push_back(panel(k, r));
    for (int64_t i = 0; i < height; ++i) {
      Value x = v.loadSplat(tile, {v.index(i), k});
      for (int64_t r = 0; r < registers; ++r)
        next.push_back(v.fma(x, columns[r], sums[i * registers + r]));
    }
    return next;
  });
}

void MatmulTiles::prefetch(Value row, int64_t height, Value first, Value n, bool isAligned) {
  Values rows;
  for (int64_t i = 0; i < height; ++i)
    rows.push_back(v.add(row, i));
  for (int64_t r = 0; r < registersOfPanel; ++r)
    epilogue.prefetch(v.add(first, r * v.lanes), n, isAligned, rows);
}

void MatmulTiles::finish(Value row, Value first, Value n, bool isAligned, ArrayRef<Value> tile,
                         int64_t registers) {
  Values rows;
  for (size_t i = 0; i < tile.size() / registers; ++i)
    rows.push_back(v.add(row, i));
  for (int64_t r = 0; r < registers; ++r) {
    Values column;
    for (size_t i = 0; i < rows.size(); ++i)
      column.push_back(tile[i * registers + r]);
    epilogue.finish(v.add(first, r * v.lanes), n, isAligned, rows, column);
  }
}

MatmulTiles::Values MatmulTiles::overK(Value from, Value to, int64_t unroll, ValueRange zeros,
                                       llvm::function_ref<Values(Value, ValueRange)> step) {
  Value main = v.add(from, v.roundDown(v.sub(to, from), unroll));
  Values sums = v.loop(from, main, unroll, zeros, [&](Value k, ValueRange carried) {
    Values now(carried);
    for (int64_t u = 0; u < unroll; ++u)
      now = step(v.add(k, u), now);
    return now;
  });
  return v.loop(main, to, 1, sums, step);
}

namespace {
class MatmulHost : public HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val(), scratch = arguments.pop_back_val();
    (isPacked(kernel) ? emitPackedMatmul : emitPlainMatmul)(b, kernel, arguments, scratch, lo, hi);
    func::ReturnOp::create(b, kernel.getLoc());
    return success();
  }

  Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    return (isPacked(kernel) ? launchPackedMatmul : launchPlainMatmul)(v, kernel, buffers);
  }

private:
  static bool isPacked(KernelOp kernel) { return kernel.getConfig()->contains("packed"); }
};
} // namespace

const HostFamily &getMatmulHost() {
  static MatmulHost family;
  return family;
}

} // namespace hone
