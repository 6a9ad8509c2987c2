// Rows of f32 to 16 or 8 bits with a scale a group of K. At 16 bits products of integers are exact in i32 and
// the result is as good as with f32 rows to 2e-5; groups with outliers, beside which 16 bits leave little for
// the rest, take a second pass over what the first rounded off. 8 bits are what a model's accuracy level asks
// for.
#include "lowering/KernelToHost/QuantRows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// A group whose largest element is so many times the typical one of its row's groups needs more than 16
/// bits: its small elements would be rounded by more than those of other groups. Typical is the harmonic
/// mean, which a few huge elements do not move.
constexpr double outlierFactor = 3;
/// The same in the first stripe of rows. In a prompt these are the tokens that all others see and that models
/// build their largest activations on: what is rounded there comes out a hundredfold. A single row waits for
/// memory, not for products.
constexpr double firstOutlierFactor = 1;

QuantPlan::QuantPlan(KernelOp kernel, const VectorBuilder &v) {
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
  // Without VNNI, sums of two products of 8 by 8 bits saturate.
  rowBits = number("row_bits") == 8 && (bits == 4 || v.vnni) ? 8 : 16;
}

QuantRows::QuantRows(VectorBuilder &v, const QuantPlan &plan, Value lhs, Value scratch)
    : bits(plan.rowBits), v(v), plan(plan), lhs(lhs) {
  auto view = [&](int64_t offset, int64_t columns, Type element) {
    return v.view(scratch, offset, MemRefType::get({plan.rows(), columns}, element));
  };
  Type i32 = v.b.getI32Type(), f32 = v.b.getF32Type();
  numbers = view(0, plan.k, v.b.getIntegerType(bits));
  registers = view(0, registersOf(plan.k), i32);
  scales = view(plan.scalesAt(), plan.groups, f32);
  sums = view(plan.sumsAt(), plan.groups, plan.zero ? i32 : f32);
  limits = v.view(scratch, plan.limitsAt(), MemRefType::get({plan.stripe() + plan.lanes}, f32));
  counts = v.view(scratch, plan.countsAt(), MemRefType::get({plan.stripes()}, v.b.getIndexType()));
  lists = v.view(scratch, plan.listsAt(), MemRefType::get({plan.stripes(), plan.groups}, v.b.getIndexType()));
}

/// Rows [from, to) of lhs into rows 0... of scratch; the rest of groups with outliers behind them.
void QuantRows::quantize(Value from, Value to) {
  if (bits == 8)
    return v.loop(from, to, 1, [&](Value row) {
      v.loop(v.index(0), v.index(plan.groups), 1,
             [&](Value group) { quantizeGroup(row, v.sub(row, from), group, false); });
    });
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
void QuantRows::quantizeRow(Value row, Value at, Value i) {
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
Value QuantRows::listOutliers(Value at, Value count, Value stripe, Value limit) {
  OpBuilder &b = v.b;
  Location loc = v.loc;
  Value groups = v.index(plan.groups);
  return v.loop(v.index(0), groups, plan.lanes, v.index(0), [&](Value first, ValueRange carried) {
    Value left = v.sub(groups, first), mask = plan.groups % plan.lanes ? v.maskOf(left) : Value();
    Value ratios = v.loop(v.index(0), count, 1, v.constant(v.f32(), 0),
                          [&](Value i, ValueRange now) -> VectorBuilder::Values {
                            Value scale = v.load(v.f32(), scales, {v.add(at, i), first}, mask);
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

/// Which of `lanes` neighbouring steps of K stands where, for bytes that meet those of packed registers.
static SmallVector<int64_t> orderOfBytes(const QuantPlan &plan) {
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < plan.lanes; ++i) {
    int64_t word = i % plan.depth / 4, byte = i % 4;
    // The bytes of a lane take the even steps first, as its halves do; of 4-bit numbers, a byte has two.
    order.push_back(i / plan.depth * plan.depth + byte % 2 * plan.depth / 2 + word * 2 + byte / 2);
  }
  return order;
}

/// Returns the inverse of the group's scale, 0 for a group of zeros.
Value QuantRows::quantizeGroup(Value row, Value at, Value group, bool isSecond) {
  OpBuilder &b = v.b;
  Location loc = v.loc;
  Value first = v.mul(group, plan.group);
  VectorBuilder::Values xs, magnitudes;
  // Bits of absolute values order like the values, and NaN stands above all of them.
  Value bitsOfMagnitude = v.constant(v.i32(), 0x7fffffff);
  Value rounded = isSecond ? arith::NegFOp::create(b, loc, v.loadSplat(scales, {at, group})) : Value();
  for (int64_t i = 0; i < plan.group; i += plan.lanes) {
    Value x = v.load(v.f32(), lhs, {row, v.add(first, i)});
    if (isSecond) {
      Value q = v.load(v.vector(b.getI16Type()), numbers, {at, v.add(first, i)});
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
  Value top = v.constant(b.getF32Type(), bits == 8 ? 127 : 32767);
  Value inverse = arith::DivFOp::create(b, loc, top, magnitude), factor = v.splat(inverse);
  Value scale = arith::DivFOp::create(b, loc, magnitude, top);
  memref::StoreOp::create(b, loc, scale, scales, ValueRange{at, group});
  // Adding 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits.
  Value magic = v.constant(v.f32(), 12582912.0), magicBits = v.constant(v.i32(), 0x4b400000), sum;
  for (auto [i, x] : llvm::enumerate(xs)) {
    Value q = arith::SubIOp::create(b, loc, v.bitcast(v.fma(x, factor, magic), v.i32()), magicBits);
    Value narrow = arith::TruncIOp::create(b, loc, v.vector(b.getIntegerType(bits)), q);
    if (bits == 8)
      narrow = vector::ShuffleOp::create(b, loc, narrow, narrow, orderOfBytes(plan));
    v.store(narrow, numbers, {at, v.add(first, i * plan.lanes)});
    sum = sum ? arith::AddIOp::create(b, loc, sum, q).getResult() : q;
  }
  Value total = vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, sum);
  // What the zero point contributes: the start of the integer sum when it is the same everywhere.
  if (plan.zero)
    total = arith::MulIOp::create(b, loc, total,
                                  arith::ConstantIntOp::create(b, loc, b.getI32Type(), -*plan.zero));
  else
    total = arith::SIToFPOp::create(b, loc, b.getF32Type(), total);
  memref::StoreOp::create(b, loc, total, sums, ValueRange{at, group});
  Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, largest, tiny);
  return v.select(isZero, v.constant(b.getF32Type(), 0), inverse);
}

/// Sums over the groups of rows [row, row + count) in scratch: all of them, then those that take a second
/// pass. `step` adds the products of one group to what it carries.
VectorBuilder::Values
QuantRows::overGroups(Value row, int64_t count,
                      function_ref<VectorBuilder::Values(Value, ArrayRef<Value>, ValueRange)> step) {
  VectorBuilder::Values zeros(count, v.constant(v.f32(), 0)), first, second;
  for (int64_t r = 0; r < count; ++r) {
    first.push_back(v.add(row, r));
    second.push_back(v.add(row, r + plan.rowBlock));
  }
  auto totals = v.loop(v.index(0), v.index(plan.groups), 1, zeros,
                       [&](Value group, ValueRange carried) { return step(group, first, carried); });
  if (bits == 8)
    return totals;
  Value stripe = v.div(row, plan.stripe()), listed = memref::LoadOp::create(v.b, v.loc, counts, stripe);
  return v.loop(v.index(0), listed, 1, totals, [&](Value i, ValueRange carried) {
    return step(memref::LoadOp::create(v.b, v.loc, lists, ValueRange{stripe, i}), second, carried);
  });
}

} // namespace hone
