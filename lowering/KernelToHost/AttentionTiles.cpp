// Attention over many query rows of a head: keys are transposed into panels of one register, values copied,
// once a unit; blocks of 16 rows then make two products by register tiles with a softmax between.
#include "lowering/KernelToHost/AttentionEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace hone {

constexpr int64_t rowsOfBlock = AttentionPlan::rowsOfBlock;

/// Rows of a tile: with two registers of columns their sums fill half of the registers.
static int64_t heightOf(const VectorBuilder &v) { return v.avx512 ? 8 : 4; }

void AttentionEmitter::emitTiles(Value part) {
  // Pieces of scratch, one behind the other.
  Value keys = p.paddedKeys(), panels = v.div(keys, v.lanes), offset = v.index(0);
  auto piece = [&](ArrayRef<int64_t> shape, Value leading) {
    auto type = MemRefType::get(shape, b.getF32Type());
    ValueRange sizes = leading ? ValueRange(leading) : ValueRange();
    Value view = memref::ViewOp::create(b, loc, type, scratch, offset, sizes);
    Value count = leading ? leading : v.index(1);
    for (int64_t size : shape)
      count = ShapedType::isDynamic(size) ? count : v.mul(count, size);
    offset = v.add(offset, v.mul(count, 4));
    return view;
  };
  packedKeys = piece({ShapedType::kDynamic, p.size, v.lanes}, panels);
  packedValues = piece({ShapedType::kDynamic, p.valueSize}, keys);
  scores = piece({ShapedType::kDynamic, rowsOfBlock, v.lanes}, panels);
  queryBlock = piece({rowsOfBlock, p.size}, {});
  factors = piece({rowsOfBlock}, {});

  pack();
  auto blocks = scf::ForOp::create(b, loc, part, p.blocks, p.parts);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(blocks.getBody());
  Value start = v.mul(blocks.getInductionVar(), rowsOfBlock);
  copyQuery(start);
  // Later rows see later keys.
  Value from = visible(start).first, to = visible(blockRow(start, v.index(rowsOfBlock - 1))).second;
  Value first = v.div(from, v.lanes), last = v.ceilDiv(to, v.lanes);
  v.loop(v.roundDown(first, 2), last, 2, [&](Value panel) {
    v.loop(v.index(0), v.index(rowsOfBlock), heightOf(v), [&](Value row) { scoreTile(row, panel); });
  });
  v.loop(v.index(0), v.index(rowsOfBlock), 1, [&](Value i) {
    Value row = blockRow(start, i);
    auto [rowFrom, rowTo] = visible(row);
    Value factor = softmax(row, rowFrom, rowTo, v.mul(first, v.lanes), to,
                           [&](Value t) -> Values { return {v.div(t, v.lanes), i, v.index(0)}; });
    memref::StoreOp::create(b, loc, factor, factors, i);
  });
  for (int64_t column = 0; column < p.valueSize; column += 2 * v.lanes)
    v.loop(v.index(0), v.index(rowsOfBlock), heightOf(v), [&](Value row) {
      sumTile(start, row, column, std::min<int64_t>(2, (p.valueSize - column) / v.lanes), first, last);
    });
}

/// The i-th row of a block; behind the last row there is the last row again, which gives the same result.
Value AttentionEmitter::blockRow(Value start, Value i) {
  return v.min(v.add(start, i), v.sub(p.rows, v.index(1)));
}

/// A register of the key or value row t: the past comes first.
Value AttentionEmitter::keyRow(Value old, Columns fresh, Value t, Value column, int64_t size) {
  auto loadFresh = [&] {
    Value at = v.add(v.add(v.mul(group, size), column), fresh.first);
    return v.load(v.f32(), fresh.memory, {row0, v.sub(t, past), at});
  };
  if (!old)
    return loadFresh();
  auto choice = scf::IfOp::create(b, loc, v.f32(), v.less(t, past), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  Value before = v.load(v.f32(), old, {row0, group, t, column});
  scf::YieldOp::create(b, loc, before);
  b.setInsertionPointToStart(choice.elseBlock());
  Value added = loadFresh();
  scf::YieldOp::create(b, loc, added);
  return choice.getResult(0);
}

void AttentionEmitter::pack() {
  Value last = v.sub(filled, v.index(1)), zero = v.constant(v.f32(), 0);
  v.loop(v.index(0), v.div(p.paddedKeys(), v.lanes), 1, [&](Value panel) {
    Value start = v.mul(panel, v.lanes);
    v.loop(v.index(0), v.index(p.size), v.lanes, [&](Value column) {
      Values rows;
      for (int64_t i = 0; i < v.lanes; ++i)
        rows.push_back(keyRow(p.pastKey, p.key, v.min(v.add(start, i), last), column, p.size));
      for (auto [i, lane] : llvm::enumerate(v.transpose(rows)))
        v.store(lane, packedKeys, {panel, v.add(column, i), v.index(0)});
    });
    v.loop(start, v.add(start, v.lanes), 1, [&](Value t) {
      Value isKey = v.less(t, filled), at = v.min(t, last);
      for (int64_t column = 0; column < p.valueSize; column += v.lanes) {
        Value row = keyRow(p.pastValue, p.value, at, v.index(column), p.valueSize);
        v.store(v.select(isKey, row, zero), packedValues, {t, v.index(column)});
      }
    });
  });
}

void AttentionEmitter::copyQuery(Value start) {
  Value scale = v.constant(v.f32(), p.op.getScale().convertToDouble());
  v.loop(v.index(0), v.index(rowsOfBlock), 1, [&](Value i) {
    Values row = rowOf(p.query, blockRow(start, i), head, p.size);
    for (auto [c, part] : llvm::enumerate(row))
      v.store(arith::MulFOp::create(b, loc, part, scale), queryBlock, {i, v.index(int64_t(c) * v.lanes)});
  });
}

/// Scores of rows [row, row + height) of the block with the keys of two panels.
void AttentionEmitter::scoreTile(Value row, Value panel) {
  int64_t height = heightOf(v);
  Value next = v.add(panel, 1), zero = v.constant(v.f32(), 0);
  Values sums =
      v.loop(v.index(0), v.index(p.size), 4, Values(2 * height, zero), [&](Value k, ValueRange carried) {
        Values now(carried);
        for (int64_t u = 0; u < 4; ++u) {
          Value at = v.add(k, u);
          Value left = v.load(v.f32(), packedKeys, {panel, at, v.index(0)});
          Value right = v.load(v.f32(), packedKeys, {next, at, v.index(0)});
          for (int64_t i = 0; i < height; ++i) {
            Value q = v.loadSplat(queryBlock, {v.add(row, i), at});
            now[2 * i] = v.fma(q, left, now[2 * i]);
            now[2 * i + 1] = v.fma(q, right, now[2 * i + 1]);
          }
        }
        return now;
      });
  for (int64_t i = 0; i < height; ++i) {
    v.store(sums[2 * i], scores, {panel, v.add(row, i), v.index(0)});
    v.store(sums[2 * i + 1], scores, {next, v.add(row, i), v.index(0)});
  }
}

/// Weighted sums of values for rows [row, row + height) of the block and registers of columns from `column`
/// on.
void AttentionEmitter::sumTile(Value start, Value row, int64_t column, int64_t columns, Value first,
                               Value last) {
  int64_t height = heightOf(v);
  Values zeros(height * columns, v.constant(v.f32(), 0));
  Values sums = v.loop(first, last, 1, zeros, [&](Value panel, ValueRange outer) {
    return v.loop(v.index(0), v.index(v.lanes), 4, outer, [&](Value lane, ValueRange carried) {
      Values now(carried);
      for (int64_t u = 0; u < 4; ++u) {
        Value at = v.add(lane, u), t = v.add(v.mul(panel, v.lanes), at);
        Values values;
        for (int64_t c = 0; c < columns; ++c)
          values.push_back(v.load(v.f32(), packedValues, {t, v.index(column + c * v.lanes)}));
        for (int64_t i = 0; i < height; ++i) {
          Value weight = v.loadSplat(scores, {panel, v.add(row, i), at});
          for (int64_t c = 0; c < columns; ++c)
            now[i * columns + c] = v.fma(weight, values[c], now[i * columns + c]);
        }
      }
      return now;
    });
  });
  for (int64_t i = 0; i < height; ++i) {
    Value at = v.add(row, i), factor = v.loadSplat(factors, at);
    for (int64_t c = 0; c < columns; ++c)
      v.store(arith::MulFOp::create(b, loc, sums[i * columns + c], factor), p.output,
              {row0, blockRow(start, at), v.add(v.mul(head, p.valueSize), column + c * v.lanes)});
  }
}

} // namespace hone
