// f32 products with a weight packed as [N / width][K][width], width two registers. The unit is (panel, block
// of rows), panels outermost, so that a panel stays in cache; one row alone takes two panels at a time, as
// several streams from memory are faster than one. Recipes and measurements: docs/rationale/host-matmul.md.
#include "lowering/KernelToHost/MatmulTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

constexpr int64_t longestK = 1536; // longer products of many rows go through K in blocks
constexpr int64_t blockOfK = 512;
constexpr int64_t registers = MatmulTiles::registersOfPanel;

/// Sizes that the kernel and its launch agree on.
struct Plan {
  int64_t n, k, width, panels, panelsAtOnce, rowBlock;

  Plan(KernelOp kernel, const VectorBuilder &v) {
    n = cast<IntegerAttr>(kernel.getConfig()->get("n")).getInt();
    k = cast<IntegerAttr>(kernel.getConfig()->get("k")).getInt();
    width = MatmulTiles::widthOf(v);
    panels = (n + width - 1) / width;
    panelsAtOnce = v.avx512 ? 2 : 4; // of one row
    // With few panels, rows are what can be split.
    rowBlock = MatmulTiles::heightsOf(v).front() * (panels >= 8 ? 16 : 4);
  }
  int64_t groups() const { return (panels + panelsAtOnce - 1) / panelsAtOnce; }
  /// The part of K that is summed by blocks in front of the last one.
  int64_t blockedK() const { return k > longestK ? (k - 1) / blockOfK * blockOfK : 0; }
};

class PackedEmitter : MatmulTiles {
public:
  PackedEmitter(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch)
      : MatmulTiles(b, kernel, rootOf(kernel), buffers), plan(kernel, v),
        packed(buffers[sourceOf(rootOf(kernel).getRhs()).getArgNumber()]), n(v.index(plan.n)),
        scratch(scratch) {}

  void emit(Value lo, Value hi) {
    Value rows = v.dim(lhs, 0);
    v.branch(v.equal(rows, 1), [&] { oneRow(lo, hi); }, [&] { manyRows(rows, lo, hi); });
  }

private:
  bool isAligned() const { return plan.n % plan.width == 0; }

  void oneRow(Value lo, Value hi) {
    v.loop(lo, hi, 1, [&](Value group) {
      Value panel = v.mul(group, plan.panelsAtOnce);
      int64_t full = plan.panels / plan.panelsAtOnce, rest = plan.panels % plan.panelsAtOnce;
      if (!rest)
        return rowTimesPanels(panel, plan.panelsAtOnce);
      v.branch(
          v.less(group, v.index(full)), [&] { rowTimesPanels(panel, plan.panelsAtOnce); },
          [&] { rowTimesPanels(panel, rest); });
    });
  }

  void rowTimesPanels(Value panel, int64_t count) {
    Value row = v.index(0);
    Values panels, zeros(count * registers, v.constant(v.f32(), 0));
    for (int64_t p = 0; p < count; ++p)
      panels.push_back(v.add(panel, p));
    Values sums = overK(v.index(0), v.index(plan.k), 4, zeros, [&](Value k, ValueRange carried) {
      Value x = v.loadSplat(lhs, {row, k});
      Values next;
      for (auto [i, sum] : llvm::enumerate(carried))
        next.push_back(v.fma(
            x, v.load(v.f32(), packed, {panels[i / registers], k, v.index(i % registers * v.lanes)}), sum));
      return next;
    });
    for (int64_t p = 0; p < count; ++p)
      finish(row, v.mul(panels[p], plan.width), n, isAligned(),
             ArrayRef<Value>(sums).slice(p * registers, registers));
  }

  void manyRows(Value rows, Value lo, Value hi) {
    Value blocks = v.ceilDiv(rows, plan.rowBlock);
    v.loop(lo, hi, 1, [&](Value unit) {
      Value panel = v.div(unit, blocks), from = v.mul(v.rem(unit, blocks), plan.rowBlock);
      Value to = v.min(v.add(from, plan.rowBlock), rows), whole = v.index(plan.blockedK()), sums;
      auto panelAt = [&](Value k, int64_t r) {
        return v.load(v.f32(), packed, {panel, k, v.index(r * v.lanes)});
      };
      auto place = [&](Value row, size_t i) -> SmallVector<Value> {
        return {v.add(v.sub(row, from), i / registers), v.index(i % registers * v.lanes)};
      };
      // A block of K at a time for all rows, so that the panel's part stays in cache; sums wait in scratch.
      if (plan.blockedK()) {
        sums = v.view(scratch, 0, MemRefType::get({plan.rowBlock, plan.width}, v.b.getF32Type()));
        v.loop(v.index(0), whole, blockOfK, [&](Value k) {
          Value isFirst = v.equal(k, 0);
          v.tileRows(from, to, heightsOf(v), [&](Value row, int64_t height) {
            for (auto [i, sum] : llvm::enumerate(product(row, height, k, v.add(k, blockOfK), panelAt))) {
              Value before = v.select(isFirst, v.constant(v.f32(), 0), v.load(v.f32(), sums, place(row, i)));
              v.store(arith::AddFOp::create(v.b, v.loc, before, sum), sums, place(row, i));
            }
          });
        });
      }
      v.tileRows(from, to, heightsOf(v), [&](Value row, int64_t height) {
        Values tile = product(row, height, whole, v.index(plan.k), panelAt);
        if (sums)
          for (size_t i = 0; i < tile.size(); ++i)
            tile[i] = arith::AddFOp::create(v.b, v.loc, tile[i], v.load(v.f32(), sums, place(row, i)));
        finish(row, v.mul(panel, plan.width), n, isAligned(), tile);
      });
    });
  }

  Plan plan;
  Value packed, n, scratch;
};

} // namespace

void emitPackedMatmul(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch, Value lo, Value hi) {
  PackedEmitter(b, kernel, buffers, scratch).emit(lo, hi);
}

Launch launchPackedMatmul(VectorBuilder &v, KernelOp kernel, ValueRange buffers) {
  Plan plan(kernel, v);
  Value lhs = buffers[MatmulTiles::sourceOf(MatmulTiles::rootOf(kernel).getLhs()).getArgNumber()];
  Value rows = v.product(lhs, cast<MemRefType>(lhs.getType()).getRank() - 1), isOne = v.equal(rows, 1);
  Value units = v.select(isOne, v.index(plan.groups()), v.mul(v.ceilDiv(rows, plan.rowBlock), plan.panels));
  // One row streams its panels from memory at 20 bytes a nanosecond; tiles do about 90 operations.
  int64_t streamed = plan.k * plan.width * plan.panelsAtOnce * 4 / 20, perRow = plan.k * plan.width * 2 / 90;
  Value cost = v.select(isOne, v.index(std::max<int64_t>(streamed, 1)),
                        v.add(v.mul(v.min(rows, v.index(plan.rowBlock)), perRow), 20));
  return {units, cost, v.index(plan.blockedK() ? plan.rowBlock * plan.width * 4 : 0)};
}

} // namespace hone
