// f32 products with a weight packed as [N / width][K][width], width two registers. The unit is (panel, block
// of rows), panels outermost, so that a panel stays in cache; up to three rows take several panels at a time,
// as several streams from memory are faster than one and a few rows of one panel have too few sums to keep
// busy. Recipes and measurements: docs/rationale/host-matmul.md.
#include "lowering/KernelToHost/MatmulTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

constexpr int64_t longestK = 1536; // longer products of many rows go through K in blocks
constexpr int64_t blockOfK = 512;
constexpr int64_t mostFewRows = 3; // that take several panels at a time
constexpr int64_t tilesOfUnit = 16;
constexpr int64_t registers = MatmulTiles::registersOfPanel;

/// Sizes that the kernel and its launch agree on.
struct Plan {
  int64_t n, k, width, panels, panelsAtOnce, rowBlock;

  Plan(KernelOp kernel, const VectorBuilder &v) {
    n = cast<IntegerAttr>(kernel.getConfig()->get("n")).getInt();
    k = cast<IntegerAttr>(kernel.getConfig()->get("k")).getInt();
    width = MatmulTiles::widthOf(v);
    panels = (n + width - 1) / width;
    panelsAtOnce = v.avx512 ? 2 : 4; // of few rows
    // With few panels, rows are what can be split.
    rowBlock = MatmulTiles::heightsOf(v).front() * (panels >= 8 ? tilesOfUnit : 4);
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
    v.branch(
        v.less(v.index(mostFewRows), rows), [&] { manyRows(rows, lo, hi); }, [&] { fewRows(rows, lo, hi); });
  }

private:
  bool isAligned() const { return plan.n % plan.width == 0; }

  void fewRows(Value rows, Value lo, Value hi) {
    for (int64_t count = 1; count <= mostFewRows; ++count)
      v.branch(v.equal(rows, count), [&] {
        v.loop(lo, hi, 1, [&](Value group) {
          Value panel = v.mul(group, plan.panelsAtOnce);
          int64_t full = plan.panels / plan.panelsAtOnce, rest = plan.panels % plan.panelsAtOnce;
          if (!rest)
            return rowsTimesGroup(count, panel, plan.panelsAtOnce);
          v.branch(
              v.less(group, v.index(full)), [&] { rowsTimesGroup(count, panel, plan.panelsAtOnce); },
              [&] { rowsTimesGroup(count, panel, rest); });
        });
      });
  }

  /// As many panels at once as sums have registers.
  void rowsTimesGroup(int64_t rows, Value panel, int64_t panels) {
    int64_t most = v.avx512 || rows == 1 ? plan.panelsAtOnce : 2;
    for (int64_t p = 0; p < panels; p += most)
      rowsTimesPanels(rows, v.add(panel, p), std::min(most, panels - p));
  }

  void rowsTimesPanels(int64_t rows, Value panel, int64_t count) {
    int64_t columns = count * registers;
    Values panels, zeros(rows * columns, v.constant(v.f32(), 0));
    for (int64_t p = 0; p < count; ++p)
      panels.push_back(v.add(panel, p));
    Values sums = overK(v.index(0), v.index(plan.k), rows == 1 ? 4 : 2, zeros, [&](Value k, ValueRange now) {
      Values weights, next;
      for (int64_t c = 0; c < columns; ++c)
        weights.push_back(
            v.load(v.f32(), packed, {panels[c / registers], k, v.index(c % registers * v.lanes)}));
      for (int64_t row = 0; row < rows; ++row) {
        Value x = v.loadSplat(lhs, {v.index(row), k});
        for (int64_t c = 0; c < columns; ++c)
          next.push_back(v.fma(x, weights[c], now[row * columns + c]));
      }
      return next;
    });
    for (int64_t p = 0; p < count; ++p)
      for (int64_t row = 0; row < rows; ++row)
        finish(v.index(row), v.mul(panels[p], plan.width), n, isAligned(),
               ArrayRef<Value>(sums).slice(row * columns + p * registers, registers));
  }

  void manyRows(Value rows, Value lo, Value hi) {
    Value blocks = v.ceilDiv(rows, plan.rowBlock);
    v.loop(lo, hi, 1, [&](Value unit) {
      Value panel = v.div(unit, blocks), from = v.mul(v.rem(unit, blocks), plan.rowBlock);
      Value to = v.min(v.add(from, plan.rowBlock), rows), whole = v.index(plan.blockedK()), sums;
      Value flat = v.asFlat(packed), next;
      auto panelAt = [&](Value k, int64_t r) {
        if (r == 0 && next)
          memref::PrefetchOp::create(v.b, v.loc, flat, v.add(next, v.mul(k, plan.width / tilesOfUnit)),
                                     /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
        return v.load(v.f32(), packed, {panel, k, v.index(r * v.lanes)});
      };
      // While tiles work on [first, last) of K, each asks memory for its share of what comes behind: the next
      // part of this panel, or of the next one.
      auto lookAhead = [&](Value row, int64_t height, Value first, Value last) {
        next = nullptr;
        if (height != heightsOf(v).front())
          return;
        Value behind = v.min(v.add(v.mul(panel, plan.k), last), v.index((plan.panels - 1) * plan.k));
        Value share = v.mul(v.div(v.sub(row, from), height), v.sub(last, first));
        next = v.sub(v.add(v.mul(behind, plan.width), v.mul(share, plan.width / tilesOfUnit)),
                     v.mul(first, plan.width / tilesOfUnit));
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
            lookAhead(row, height, k, v.add(k, blockOfK));
            for (auto [i, sum] : llvm::enumerate(product(row, height, k, v.add(k, blockOfK), panelAt))) {
              Value before = v.select(isFirst, v.constant(v.f32(), 0), v.load(v.f32(), sums, place(row, i)));
              v.store(arith::AddFOp::create(v.b, v.loc, before, sum), sums, place(row, i));
            }
          });
        });
      }
      v.tileRows(from, to, heightsOf(v), [&](Value row, int64_t height) {
        prefetch(row, height, v.mul(panel, plan.width), n, isAligned());
        lookAhead(row, height, whole, v.index(plan.k));
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
  Value rows = v.product(lhs, cast<MemRefType>(lhs.getType()).getRank() - 1);
  Value isFew = v.less(rows, v.index(mostFewRows + 1));
  Value units = v.select(isFew, v.index(plan.groups()), v.mul(v.ceilDiv(rows, plan.rowBlock), plan.panels));
  // Few rows stream their panels from memory at 20 bytes a nanosecond; tiles do about 90 operations.
  int64_t streamed = plan.k * plan.width * plan.panelsAtOnce * 4 / 20, perRow = plan.k * plan.width * 2 / 90;
  Value cost = v.select(isFew, v.index(std::max<int64_t>(streamed, 1)),
                        v.add(v.mul(v.min(rows, v.index(plan.rowBlock)), perRow), 20));
  return {units, cost, v.index(plan.blockedK() ? plan.rowBlock * plan.width * 4 : 0)};
}

} // namespace hone
