// f32 rows times 4- or 8-bit weights with a scale a block of K. Rows are quantized to 16 bits (a scale a
// group of K), so that products of integers are exact in i32 and the result is as good as with f32 rows to
// 2e-5. Groups with outliers, beside which 16 bits leave little for the rest, take a second pass over what
// the first rounded off. One row multiplies straight from the packed stream; more rows unpack a panel to 16
// bits once and go over it in register tiles. The unit is (block of rows, panel), rows outermost: a worker
// quantizes the rows it meets into its scratch.
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/KernelToHost/VectorEpilogue.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::VectorBuilder;
using ::hone::VectorEpilogue;

namespace {

/// A group whose largest element is so many times the typical one of its row's groups needs more than 16
/// bits: its small elements would be rounded by more than those of other groups. Typical is the harmonic
/// mean, which a few huge elements do not move.
constexpr double outlierFactor = 3;
/// The same in the first stripe of rows. In a prompt these are the tokens that all others see and that models
/// build their largest activations on: what is rounded there comes out a hundredfold. A single row waits for
/// memory, not for products.
constexpr double firstOutlierFactor = 1;

/// Sizes that the kernel and its launch agree on. A packed register holds `depth` steps of K for `lanes`
/// columns: 32-bit lanes, which are `bits` wide numbers of which every `pairs`-th pair makes a 16-bit pair.
struct Plan {
  int64_t n, k, bits, block, lanes, panels, group, groups, depth, pairs, rowBlock;
  std::optional<int64_t> zero; // of all weights; none: one a block
  SmallVector<int64_t> heights;

  Plan(KernelOp kernel, const VectorBuilder &v) {
    auto number = [&](StringRef name) { return cast<IntegerAttr>(kernel.getConfig()->get(name)).getInt(); };
    n = number("n"), k = number("k"), bits = number("bits"), block = number("block"), lanes = v.lanes;
    if (kernel.getConfig()->contains("zero"))
      zero = number("zero");
    panels = (n + lanes - 1) / lanes;
    // Sums of 64 products of 4 by 16 bits, scaled by 256 as one row's are, fit in 32 bits.
    group = block % 64 == 0 ? 64 : block % 32 == 0 ? 32 : 16;
    groups = k / group;
    depth = 32 / bits;
    pairs = depth / 2;
    rowBlock = k > 2048 ? 32 : 64;
    heights = v.avx512 ? SmallVector<int64_t>{8, 4, 2, 1} : SmallVector<int64_t>{4, 2, 1};
  }

  // Scratch: 16-bit rows (those of the second pass behind the first's), their scales and sums; for a stripe
  // of rows the number of groups that take two passes, and those groups; the unpacked panel.
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

/// The region argument at the start of a chain of steps.
BlockArgument sourceOf(Value value) {
  while (Operation *op = value.getDefiningOp())
    value = op->getOperand(0);
  return cast<BlockArgument>(value);
}

class Emitter {
public:
  Emitter(OpBuilder &b, KernelOp kernel, MatmulOp root, ValueRange buffers, Value scratch)
      : v(b, kernel.getLoc(), TargetAttr::of(kernel)), plan(kernel, v),
        epilogue(v, kernel, root.getResult(), buffers) {
    lhs = v.asRows(buffers[sourceOf(root.getLhs()).getArgNumber()]);
    auto dequantize = root.getRhs().getDefiningOp<DequantizeOp>();
    packed = buffers[sourceOf(dequantize.getInput()).getArgNumber()];
    scales = buffers[sourceOf(dequantize.getScale()).getArgNumber()];
    packedBytes = v.asFlat(packed);
    flatScales = v.asFlat(scales);
    if (!plan.zero)
      zeros = buffers[sourceOf(dequantize.getZero()).getArgNumber()];
    auto view = [&](int64_t offset, int64_t columns, Type element) {
      return v.view(scratch, offset, MemRefType::get({plan.rows(), columns}, element));
    };
    Type i16 = b.getI16Type(), i32 = b.getI32Type(), f32 = b.getF32Type();
    halves = view(0, plan.k, i16);
    pairs = view(0, plan.k / 2, i32);
    rowScales = view(plan.scalesAt(), plan.groups, f32);
    rowSums = view(plan.sumsAt(), plan.groups, plan.zero ? i32 : f32);
    limits = v.view(scratch, plan.limitsAt(), MemRefType::get({plan.stripe() + plan.lanes}, f32));
    counts = v.view(scratch, plan.countsAt(), MemRefType::get({plan.stripes()}, b.getIndexType()));
    lists = v.view(scratch, plan.listsAt(), MemRefType::get({plan.stripes(), plan.groups}, b.getIndexType()));
    panelWords = v.view(scratch, plan.panelAt(), MemRefType::get({plan.k / 2, 2 * plan.lanes}, i16));
  }

  void emit(Value lo, Value hi) {
    Value rows = v.dim(lhs, 0);
    v.branch(
        v.less(rows, v.index(plan.heights.front() + 1)), [&] { fewRows(rows, lo, hi); },
        [&] { manyRows(rows, lo, hi); });
  }

  static Value rowsOfBlock(VectorBuilder &v, const Plan &plan, Value rows) {
    // Blocks of equal height, so that units cost the same.
    Value blocks = v.ceilDiv(rows, plan.rowBlock);
    Value atLeastOne = v.select(v.equal(blocks, 0), v.index(1), blocks);
    Value height = v.div(v.add(rows, v.sub(atLeastOne, v.index(1))), atLeastOne);
    Value rounded = v.mul(v.ceilDiv(height, plan.heights.front()), plan.heights.front());
    return v.select(v.equal(rounded, 0), v.index(plan.heights.front()), rounded);
  }

private:
  //===-- rows to 16 bits --------------------------------------------------------------===//

  /// Rows [from, to) of lhs into rows 0... of scratch; the rest of groups with outliers behind them.
  void quantizeRows(Value from, Value to) {
    v.loop(from, to, plan.stripe(), [&](Value start) {
      Value at = v.sub(start, from), count = v.min(v.sub(to, start), v.index(plan.stripe()));
      Value stripe = v.div(at, plan.stripe());
      v.loop(v.index(0), count, 1, [&](Value i) { quantizeRow(v.add(start, i), v.add(at, i), i); });
      Value limit =
          v.select(v.equal(start, 0), v.constant(v.b.getF32Type(), firstOutlierFactor / outlierFactor),
                   v.constant(v.b.getF32Type(), 1));
      Value listed = listOutliers(at, count, stripe, limit);
      memref::StoreOp::create(v.b, v.loc, listed, counts, stripe);
      v.loop(v.index(0), listed, 1, [&](Value i) {
        Value group = memref::LoadOp::create(v.b, v.loc, lists, ValueRange{stripe, i});
        v.loop(v.index(0), count, 1,
               [&](Value r) { quantizeGroup(v.add(start, r), v.add(at, r), group, true); });
      });
    });
  }

  /// The inverse of the scale from which on a group holds outliers goes to `limits`.
  void quantizeRow(Value row, Value at, Value i) {
    Value sum = v.loop(v.index(0), v.index(plan.groups), 1, v.constant(v.b.getF32Type(), 0),
                       [&](Value group, ValueRange carried) -> VectorBuilder::Values {
                         Value inverse = quantizeGroup(row, at, group, false);
                         return {arith::AddFOp::create(v.b, v.loc, carried[0], inverse)};
                       })[0];
    Value mean = v.constant(v.b.getF32Type(), 1 / (outlierFactor * plan.groups));
    memref::StoreOp::create(v.b, v.loc, arith::MulFOp::create(v.b, v.loc, sum, mean), limits, i);
  }

  /// Lists the groups that exceed `limit` times the limit of any of `count` rows, and returns how many there
  /// are.
  Value listOutliers(Value at, Value count, Value stripe, Value limit) {
    OpBuilder &b = v.b;
    Location loc = v.loc;
    Value groups = v.index(plan.groups);
    return v.loop(v.index(0), groups, plan.lanes, v.index(0), [&](Value first, ValueRange carried) {
      Value left = v.sub(groups, first), mask = plan.groups % plan.lanes ? v.maskOf(left) : Value();
      Value ratios = v.loop(v.index(0), count, 1, v.constant(v.f32(), 0),
                            [&](Value i, ValueRange now) -> VectorBuilder::Values {
                              Value scale = v.load(v.f32(), rowScales, {v.add(at, i), first}, mask);
                              Value ratio = arith::MulFOp::create(b, loc, scale, v.loadSplat(limits, i));
                              return {arith::MaxNumFOp::create(b, loc, now[0], ratio)};
                            })[0];
      // Most often there are none.
      Value largest = vector::ReductionOp::create(b, loc, vector::CombiningKind::MAXNUMF, ratios);
      Value isAny = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, largest, limit);
      v.store(ratios, limits, {v.index(plan.stripe())});
      Value end = v.select(isAny, v.min(left, v.index(plan.lanes)), v.index(0));
      return v.loop(v.index(0), end, 1, carried, [&](Value i, ValueRange now) -> VectorBuilder::Values {
        Value ratio = memref::LoadOp::create(b, loc, limits, ValueRange{v.add(i, plan.stripe())});
        memref::StoreOp::create(b, loc, v.add(first, i), lists, ValueRange{stripe, now[0]});
        Value isOutlier = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, ratio, limit);
        return {v.select(isOutlier, v.add(now[0], 1), now[0])};
      });
    })[0];
  }

  /// Returns the inverse of the group's scale, 0 for a group of zeros.
  Value quantizeGroup(Value row, Value at, Value group, bool isSecond) {
    OpBuilder &b = v.b;
    Location loc = v.loc;
    Value first = v.mul(group, plan.group);
    VectorBuilder::Values xs, magnitudes;
    // Bits of absolute values order like the values, and NaN stands above all of them.
    Value bitsOfMagnitude = v.constant(v.i32(), 0x7fffffff);
    Value rounded = isSecond ? arith::NegFOp::create(b, loc, v.loadSplat(rowScales, {at, group})) : Value();
    for (int64_t i = 0; i < plan.group; i += plan.lanes) {
      Value x = v.load(v.f32(), lhs, {row, v.add(first, i)});
      if (isSecond) {
        Value q = v.load(v.vector(b.getI16Type()), halves, {at, v.add(first, i)});
        x = v.fma(arith::SIToFPOp::create(b, loc, v.f32(), q), rounded, x);
      }
      xs.push_back(x);
      magnitudes.push_back(arith::AndIOp::create(b, loc, v.bitcast(x, v.i32()), bitsOfMagnitude));
    }
    if (isSecond)
      at = v.add(at, plan.rowBlock);
    while (magnitudes.size() > 1) {
      Value x = magnitudes.pop_back_val(), y = magnitudes.pop_back_val();
      magnitudes.insert(magnitudes.begin(), arith::MaxSIOp::create(b, loc, x, y));
    }
    Value tiny = arith::ConstantIntOp::create(b, loc, b.getI32Type(),
                                              0x0da24260); // 1e-30: all zeros divide by something
    Value largest = vector::ReductionOp::create(b, loc, vector::CombiningKind::MAXSI, magnitudes[0], tiny);
    Value magnitude = arith::BitcastOp::create(b, loc, b.getF32Type(), largest);
    Value top = v.constant(b.getF32Type(), 32767);
    Value inverse = arith::DivFOp::create(b, loc, top, magnitude), factor = v.splat(inverse);
    Value scale = arith::DivFOp::create(b, loc, magnitude, top);
    memref::StoreOp::create(b, loc, scale, rowScales, ValueRange{at, group});
    // Adding 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits.
    Value magic = v.constant(v.f32(), 12582912.0), magicBits = v.constant(v.i32(), 0x4b400000), sum;
    for (auto [i, x] : llvm::enumerate(xs)) {
      Value q = arith::SubIOp::create(b, loc, v.bitcast(v.fma(x, factor, magic), v.i32()), magicBits);
      v.store(arith::TruncIOp::create(b, loc, v.vector(b.getI16Type()), q), halves,
              {at, v.add(first, i * plan.lanes)});
      sum = sum ? arith::AddIOp::create(b, loc, sum, q).getResult() : q;
    }
    Value total = vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, sum);
    // What the zero point contributes: the start of the integer sum when it is the same everywhere.
    if (plan.zero)
      total = arith::MulIOp::create(b, loc, total,
                                    arith::ConstantIntOp::create(b, loc, b.getI32Type(), -*plan.zero));
    else
      total = arith::SIToFPOp::create(b, loc, b.getF32Type(), total);
    memref::StoreOp::create(b, loc, total, rowSums, ValueRange{at, group});
    Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, largest, tiny);
    return v.select(isZero, v.constant(b.getF32Type(), 0), inverse);
  }

  /// Sums over the groups of rows [row, row + count) in scratch: all of them, then those that take a second
  /// pass. `step` adds the products of one group to what it carries.
  VectorBuilder::Values
  overGroups(Value row, int64_t count,
             function_ref<VectorBuilder::Values(Value, ArrayRef<Value>, ValueRange)> step) {
    VectorBuilder::Values zeros(count, v.constant(v.f32(), 0)), first, second;
    for (int64_t r = 0; r < count; ++r) {
      first.push_back(v.add(row, r));
      second.push_back(v.add(row, r + plan.rowBlock));
    }
    auto totals = v.loop(v.index(0), v.index(plan.groups), 1, zeros,
                         [&](Value group, ValueRange carried) { return step(group, first, carried); });
    Value stripe = v.div(row, plan.stripe()), listed = memref::LoadOp::create(v.b, v.loc, counts, stripe);
    return v.loop(v.index(0), listed, 1, totals, [&](Value i, ValueRange carried) {
      return step(memref::LoadOp::create(v.b, v.loc, lists, ValueRange{stripe, i}), second, carried);
    });
  }

  //===-- pieces of both forms -----------------------------------------------------------===//

  VectorType words() { return v.vector(v.b.getI16Type(), 2 * plan.lanes); }
  Value packedWords(Value panel, Value step) {
    Value bytes = v.load(v.vector(v.b.getI8Type(), 4 * plan.lanes), packed, {panel, step, v.index(0)});
    return v.bitcast(bytes, words());
  }
  Value rowPair(Value row, Value pair) { return v.bitcast(v.loadSplat(pairs, {row, pair}), words()); }
  Value zeroSum() { return v.constant(v.i32(), 0); }
  Value startOf(Value row, Value group) {
    return plan.zero && *plan.zero ? v.loadSplat(rowSums, {row, group}) : zeroSum();
  }

  /// totals + sums * scale of the weight * scale of the row
  VectorBuilder::Values scaled(ArrayRef<Value> sums, Value panel, Value group, ArrayRef<Value> rows,
                               ValueRange totals) {
    Value block = plan.block == plan.group ? group : v.div(group, plan.block / plan.group);
    Value scale = v.load(v.f32(), scales, {panel, block, v.index(0)}), zero;
    if (zeros)
      zero = arith::NegFOp::create(v.b, v.loc, v.load(v.f32(), zeros, {panel, block, v.index(0)}));
    VectorBuilder::Values next;
    for (auto [sum, row, total] : llvm::zip(sums, rows, totals)) {
      Value x = arith::SIToFPOp::create(v.b, v.loc, v.f32(), sum);
      if (zero)
        x = v.fma(zero, v.loadSplat(rowSums, {row, group}), x);
      next.push_back(
          v.fma(x, arith::MulFOp::create(v.b, v.loc, scale, v.loadSplat(rowScales, {row, group})), total));
    }
    return next;
  }

  //===-- few rows: straight from the packed stream -----------------------------------------===//

  void fewRows(Value rows, Value lo, Value hi) {
    quantizeRows(v.index(0), rows);
    v.loop(lo, hi, 1, [&](Value panel) {
      v.tileRows(v.index(0), rows, plan.heights,
                 [&](Value row, int64_t count) { packedTile(panel, row, count); });
    });
  }

  /// Asks for the weights some groups further on: unpacking keeps a core too busy to look so far ahead, and
  /// the wait for memory would add up with it.
  void prefetch(Value panel, Value group) {
    constexpr int64_t groupsAhead = 16, line = 64;
    auto ask = [&](Value flat, int64_t bytesOfPanel, int64_t bytesOfGroup, int64_t elementBytes) {
      Value at =
          v.add(v.add(v.mul(panel, bytesOfPanel), v.mul(group, bytesOfGroup)), groupsAhead * bytesOfGroup);
      for (int64_t i = 0; i < bytesOfGroup; i += line) {
        Value last = v.index(plan.panels * bytesOfPanel - 1);
        memref::PrefetchOp::create(v.b, v.loc, flat, v.div(v.min(v.add(at, i), last), elementBytes),
                                   /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
      }
    };
    int64_t bytes = plan.group * plan.lanes * plan.bits / 8;
    ask(packedBytes, plan.groups * bytes, bytes, 1);
    if (plan.block == plan.group)
      ask(flatScales, plan.groups * plan.lanes * 4, plan.lanes * 4, 4);
  }

  void packedTile(Value panel, Value row, int64_t count) {
    VectorBuilder::Values results;
    for (int64_t i = 0; i < count; ++i)
      results.push_back(v.add(row, i));
    int64_t registersOfGroup = plan.group / plan.depth;
    // For one row, numbers in the middle of a word are not shifted down: their own sum carries the factor.
    int64_t factors = plan.bits == 4 && count == 1 ? 3 : 1;
    auto totals = overGroups(row, count, [&](Value group, ArrayRef<Value> rows, ValueRange carried) {
      prefetch(panel, group);
      VectorBuilder::Values sums(factors * count, zeroSum());
      for (int64_t r = 0; r < count; ++r)
        sums[r] = startOf(rows[r], group);
      for (int64_t i = 0; i < registersOfGroup; ++i) {
        Value w = packedWords(panel, v.add(v.mul(group, registersOfGroup), i));
        for (int64_t s = 0; s < plan.pairs; ++s) {
          bool isFactored = s > 0 && s < factors;
          Value number = isFactored ? masked(w, ((1 << plan.bits) - 1) << s * plan.bits) : numberOf(w, s);
          Value pair = v.add(v.mul(group, plan.group / 2), i * plan.pairs + s);
          for (int64_t r = 0; r < count; ++r) {
            Value &sum = sums[isFactored ? s : r];
            sum = v.dot16(sum, number, rowPair(rows[r], pair));
          }
        }
      }
      for (int64_t s = 1; s < factors; ++s)
        sums[0] = arith::AddIOp::create(
            v.b, v.loc, sums[0],
            arith::ShRSIOp::create(v.b, v.loc, sums[s], v.constant(v.i32(), s * plan.bits)));
      return scaled(ArrayRef<Value>(sums).take_front(count), panel, group, rows, carried);
    });
    epilogue.finish(v.mul(panel, plan.lanes), v.index(plan.n), plan.n % plan.lanes == 0, results, totals);
  }

  /// The s-th number of each 16-bit half.
  Value numberOf(Value w, int64_t s) {
    Value number = shifted(w, s * plan.bits);
    return s + 1 < plan.pairs ? masked(number, (1 << plan.bits) - 1) : number;
  }
  Value masked(Value w, int64_t mask) {
    return arith::AndIOp::create(v.b, v.loc, w, v.constant(words(), mask));
  }
  Value shifted(Value w, int64_t by) {
    return by ? arith::ShRUIOp::create(v.b, v.loc, w, v.constant(words(), by)).getResult() : w;
  }

  //===-- many rows ------------------------------------------------------------------------===//

  void manyRows(Value rows, Value lo, Value hi) {
    Value height = rowsOfBlock(v, plan, rows), panels = v.index(plan.panels);
    v.branch(v.less(lo, hi), [&] {
      v.loop(v.div(lo, plan.panels), v.ceilDiv(hi, plan.panels), 1, [&](Value blockOfRows) {
        Value from = v.mul(blockOfRows, height), to = v.min(v.add(from, height), rows),
              unit = v.mul(blockOfRows, plan.panels);
        quantizeRows(from, to);
        Value first = v.sub(v.select(v.less(unit, lo), lo, unit), unit),
              last = v.min(v.sub(hi, unit), panels);
        v.loop(first, last, 1, [&](Value panel) {
          unpack(panel);
          v.tileRows(from, to, plan.heights,
                     [&](Value row, int64_t count) { tile(panel, from, row, count); });
        });
      });
    });
  }

  /// The panel as 16-bit pairs, one register a pair of steps of K.
  void unpack(Value panel) {
    v.loop(v.index(0), v.index(plan.k / plan.depth), 1, [&](Value step) {
      Value w = packedWords(panel, step);
      for (int64_t s = 0; s < plan.pairs; ++s) {
        v.store(numberOf(w, s), panelWords, {v.add(v.mul(step, plan.pairs), s), v.index(0)});
      }
    });
  }

  void tile(Value panel, Value from, Value row, int64_t count) {
    VectorBuilder::Values rows;
    for (int64_t i = 0; i < count; ++i)
      rows.push_back(v.add(row, i));
    Value first = v.mul(panel, plan.lanes), n = v.index(plan.n);
    bool isAligned = plan.n % plan.lanes == 0;
    epilogue.prefetch(first, n, isAligned, rows);
    auto totals =
        overGroups(v.sub(row, from), count, [&](Value group, ArrayRef<Value> at, ValueRange carried) {
          VectorBuilder::Values sums;
          for (int64_t i = 0; i < count; ++i)
            sums.push_back(startOf(at[i], group));
          Value firstPair = v.mul(group, plan.group / 2);
          constexpr int64_t unroll = 8;
          sums = v.loop(firstPair, v.add(firstPair, plan.group / 2), unroll, sums,
                        [&](Value pair, ValueRange now) {
                          VectorBuilder::Values next(now);
                          for (int64_t u = 0; u < unroll; ++u) {
                            Value w = v.load(words(), panelWords, {v.add(pair, u), v.index(0)});
                            for (int64_t i = 0; i < count; ++i)
                              next[i] = v.dot16(next[i], w, rowPair(at[i], v.add(pair, u)));
                          }
                          return next;
                        });
          return scaled(sums, panel, group, at, carried);
        });
    epilogue.finish(first, n, isAligned, rows, totals);
  }

  VectorBuilder v;
  Plan plan;
  VectorEpilogue epilogue;
  Value lhs, packed, scales, zeros, packedBytes, flatScales;
  Value halves, pairs, rowScales, rowSums, limits, counts, lists, panelWords; // scratch
};

class QuantMatmulHost : public ::hone::HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val(), scratch = arguments.pop_back_val();
    Emitter(b, kernel, rootOf(kernel), arguments, scratch).emit(lo, hi);
    func::ReturnOp::create(b, kernel.getLoc());
    return success();
  }

  ::hone::Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    Plan plan(kernel, v);
    Value lhs = buffers[sourceOf(rootOf(kernel).getLhs()).getArgNumber()];
    Value rows = v.product(lhs, cast<MemRefType>(lhs.getType()).getRank() - 1);
    Value height = Emitter::rowsOfBlock(v, plan, rows);
    Value isOne = v.equal(rows, 1), blocks = v.div(v.add(rows, v.sub(height, v.index(1))), height);
    Value units = v.select(isOne, v.index(plan.panels), v.mul(blocks, plan.panels));
    // One row streams the panel; tiles run at most of the rate of integer products.
    int64_t streamed = plan.k * plan.lanes * plan.bits / 8 / 25, perRow = plan.k * plan.lanes * 2 / 150;
    Value cost = v.select(isOne, v.index(std::max<int64_t>(streamed, 1)),
                          v.add(v.mul(v.min(rows, height), perRow), streamed));
    return {units, cost, v.index(plan.scratchBytes())};
  }

  /// Its reassociation makes integer kernels spill.
  bool wantsOptimizer() const override { return false; }

private:
  static MatmulOp rootOf(KernelOp kernel) { return *kernel.getBody().front().getOps<MatmulOp>().begin(); }
};

} // namespace

namespace hone {
const HostFamily &getQuantMatmulHost() {
  static QuantMatmulHost family;
  return family;
}
} // namespace hone
