// f32 products of two tensors that the run computes. A panel of rhs is packed into scratch as weights are
// at compile time, transposed on the way where rhs is, then the same tiles go over it. The unit is (matrix of
// the batch, panel, block of rows); a worker packs each panel that it meets once. One row reads rhs directly.
#include "lowering/KernelToHost/MatmulTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {
namespace {

constexpr int64_t registers = MatmulTiles::registersOfPanel;

/// Run-time sizes that the kernel and its launch agree on.
struct Sizes {
  Value batch, m, n, k, panels, blocks;
  int64_t rowBlock;

  Sizes(VectorBuilder &v, KernelOp kernel, ValueRange buffers) {
    MatmulOp root = MatmulTiles::rootOf(kernel);
    Value lhs = buffers[MatmulTiles::sourceOf(root.getLhs()).getArgNumber()];
    Value rhs = buffers[MatmulTiles::sourceOf(root.getRhs()).getArgNumber()];
    int64_t lhsRank = cast<MemRefType>(lhs.getType()).getRank(),
            rhsRank = cast<MemRefType>(rhs.getType()).getRank();
    bool batched = cast<IntegerAttr>(kernel.getConfig()->get("batched")).getInt();
    batch = batched ? v.product(lhs, lhsRank - 2) : v.index(1);
    m = batched ? v.dim(lhs, lhsRank - 2) : v.product(lhs, lhsRank - 1);
    k = v.dim(lhs, lhsRank - 1);
    n = v.dim(rhs, root.getTransposeB() ? rhsRank - 2 : rhsRank - 1);
    panels = v.ceilDiv(n, MatmulTiles::widthOf(v));
    rowBlock = MatmulTiles::heightsOf(v).front() * 16;
    blocks = v.ceilDiv(m, rowBlock);
  }
  /// Rows of the packed panel: transposing writes whole squares.
  Value packedRows(VectorBuilder &v) { return v.mul(v.ceilDiv(k, v.lanes), v.lanes); }
};

class PlainEmitter : MatmulTiles {
public:
  PlainEmitter(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch)
      : MatmulTiles(b, kernel, rootOf(kernel), buffers), sizes(v, kernel, buffers),
        isTransposed(rootOf(kernel).getTransposeB()),
        rhs(v.asRows(buffers[sourceOf(rootOf(kernel).getRhs()).getArgNumber()])) {
    auto type = MemRefType::get({ShapedType::kDynamic, widthOf(v)}, b.getF32Type());
    panelMemory =
        memref::ViewOp::create(b, v.loc, type, scratch, v.index(0), ValueRange{sizes.packedRows(v)});
  }

  void emit(Value lo, Value hi) {
    // Nothing may be divided by the sizes of an empty product.
    v.branch(v.less(lo, hi), [&] {
      Value panelsOfUnits = v.div(lo, sizes.blocks),
            end = v.div(v.add(hi, v.sub(sizes.blocks, v.index(1))), sizes.blocks);
      v.loop(panelsOfUnits, end, 1, [&](Value index) {
        Value matrix = v.div(index, sizes.panels), first = v.mul(v.rem(index, sizes.panels), widthOf(v));
        Value unit = v.mul(index, sizes.blocks);
        Value from = v.sub(v.select(v.less(unit, lo), lo, unit), unit),
              to = v.min(v.sub(hi, unit), sizes.blocks);
        Value firstRow = v.mul(matrix, sizes.m), lastRow = v.min(v.mul(to, sizes.rowBlock), sizes.m);
        Value top = v.add(firstRow, v.mul(from, sizes.rowBlock)), bottom = v.add(firstRow, lastRow);
        if (isTransposed) {
          packTransposed(matrix, first);
          return tiles(top, bottom, first);
        }
        v.branch(
            v.equal(sizes.m, 1), [&] { oneRow(matrix, top, first); },
            [&] {
              pack(matrix, first);
              tiles(top, bottom, first);
            });
      });
    });
  }

private:
  bool isAligned() {
    auto n = getConstantIntValue(sizes.n);
    return n && *n % widthOf(v) == 0;
  }
  /// The columns [first, first + lanes) that there are; null: all.
  Value maskAt(Value first) {
    if (isAligned())
      return {};
    return v.maskOf(v.sub(sizes.n, v.min(first, sizes.n)));
  }

  void tiles(Value top, Value bottom, Value first) {
    v.tileRows(top, bottom, heightsOf(v), [&](Value row, int64_t height) {
      Values tile = product(row, height, v.index(0), sizes.k, [&](Value k, int64_t r) {
        return v.load(v.f32(), panelMemory, {k, v.index(r * v.lanes)});
      });
      finish(row, first, sizes.n, isAligned(), tile);
    });
  }

  void oneRow(Value matrix, Value row, Value first) {
    Value base = v.mul(matrix, sizes.k);
    Values masks;
    for (int64_t r = 0; r < registers; ++r)
      masks.push_back(maskAt(v.add(first, r * v.lanes)));
    Values tile = product(row, 1, v.index(0), sizes.k, [&](Value k, int64_t r) {
      return v.load(v.f32(), rhs, {v.add(base, k), v.add(first, r * v.lanes)}, masks[r]);
    });
    finish(row, first, sizes.n, isAligned(), tile);
  }

  void pack(Value matrix, Value first) {
    Value base = v.mul(matrix, sizes.k);
    Values masks;
    for (int64_t r = 0; r < registers; ++r)
      masks.push_back(maskAt(v.add(first, r * v.lanes)));
    v.loop(v.index(0), sizes.k, 1, [&](Value k) {
      for (int64_t r = 0; r < registers; ++r)
        v.store(v.load(v.f32(), rhs, {v.add(base, k), v.add(first, r * v.lanes)}, masks[r]), panelMemory,
                {k, v.index(r * v.lanes)});
    });
  }

  /// Squares of one register a side. Columns behind the last are copies of it; nobody reads them.
  void packTransposed(Value matrix, Value first) {
    Value base = v.mul(matrix, sizes.n), last = v.sub(sizes.n, v.index(1));
    Value whole = v.roundDown(sizes.k, v.lanes);
    auto square = [&](Value k, int64_t r, Value mask) {
      Values rows;
      for (int64_t i = 0; i < v.lanes; ++i) {
        Value column = v.min(v.add(first, r * v.lanes + i), last);
        rows.push_back(v.load(v.f32(), rhs, {v.add(base, column), k}, mask));
      }
      for (auto [i, row] : llvm::enumerate(v.transpose(rows)))
        v.store(row, panelMemory, {v.add(k, i), v.index(r * v.lanes)});
    };
    for (int64_t r = 0; r < registers; ++r) {
      v.loop(v.index(0), whole, v.lanes, [&](Value k) { square(k, r, {}); });
      if (auto k = getConstantIntValue(sizes.k); k && *k % v.lanes == 0)
        continue;
      v.branch(v.less(whole, sizes.k), [&] { square(whole, r, v.maskOf(v.sub(sizes.k, whole))); });
    }
  }

  Sizes sizes;
  bool isTransposed;
  Value rhs, panelMemory;
};

} // namespace

void emitPlainMatmul(OpBuilder &b, KernelOp kernel, ValueRange buffers, Value scratch, Value lo, Value hi) {
  PlainEmitter(b, kernel, buffers, scratch).emit(lo, hi);
}

Launch launchPlainMatmul(VectorBuilder &v, KernelOp kernel, ValueRange buffers) {
  Sizes sizes(v, kernel, buffers);
  Value units = v.mul(v.mul(sizes.batch, sizes.panels), sizes.blocks);
  // In nanoseconds: a panel's row is packed in about 2, tiles do about 90 operations.
  Value rows = v.min(sizes.m, v.index(sizes.rowBlock));
  Value perK = v.add(v.div(v.mul(rows, 2 * MatmulTiles::widthOf(v)), 90), 2);
  return {units, v.add(v.mul(sizes.k, perK), 20), v.mul(sizes.packedRows(v), MatmulTiles::widthOf(v) * 4)};
}

} // namespace hone
