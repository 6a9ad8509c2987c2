// Operands of attention and the loop over keys.
#include "lowering/KernelToCuda/AttentionTiles.h"
#include "lowering/kernels/KernelFamily.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

constexpr double log2e = 1.4426950408889634;

AttentionForm::AttentionForm(KernelOp kernel, Sharing sharing) : sharing(sharing) {
  AttentionOp op = attentionOf(kernel);
  auto columns = [](Value x) { return cast<RankedTensorType>(x.getType()).getDimSize(2); };
  kvHeads = op.getKvHeads(), group = op.getHeads() / kvHeads;
  size = columns(op.getKey()) / kvHeads, valueSize = columns(op.getValue()) / kvHeads;
}

MemRefType AttentionForm::partials(MLIRContext *context) const {
  constexpr int64_t dynamic = ShapedType::kDynamic;
  return onDevice(MemRefType::get({dynamic, dynamic, 16, valueSize + 2}, Float32Type::get(context)));
}

AttentionTiles::AttentionTiles(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
                               AttentionForm form)
    : DeviceBuilder(b, loc), kernel(kernel), buffers(buffers), form(form), op(attentionOf(kernel)),
      element(cast<RankedTensorType>(op.getQuery().getType()).getElementType()) {}

SmallVector<Value> AttentionTiles::State::all() const {
  SmallVector<Value> values(outputs);
  values.append(peaks);
  values.append(sums);
  return values;
}
AttentionTiles::State AttentionTiles::State::of(ValueRange values) {
  size_t n = values.size() - 4;
  return {SmallVector<Value>(values.take_front(n)), SmallVector<Value>(values.slice(n, 2)),
          SmallVector<Value>(values.take_back(2))};
}

void AttentionTiles::emit() {
  findOperands();
  Value thread = threadIndex(b, loc), block = blockIndex(b, loc);
  // What cuts the rows of a head, or its keys.
  Value cuts = partials ? dim(partials, 1) : divideUp(rows, constant(form.rows()));
  Value cut = modulo(block, cuts);
  block = divide(block, cuts);
  kvHead = modulo(block, constant(form.kvHeads));
  batch = divide(block, constant(form.kvHeads));
  part = partials ? cut : constant(0), parts = partials ? cuts : constant(1);
  countKeys();
  for (auto [i, present] : llvm::enumerate(op.getPresents()))
    if (Value to = resultOf(present))
      i == 0 ? copy(key, pastKey, to, form.size, thread, cut, cuts)
             : copy(value, pastValue, to, form.valueSize, thread, cut, cuts);
  if (!output)
    return;
  Value lane = modulo(thread, constant(32));
  warp = divide(thread, constant(32));
  g = divide(lane, constant(4)), t = modulo(lane, constant(4));
  row0 = partials ? constant(0) : multiply(cut, constant(form.rows()));
  if (form.sharing == AttentionForm::none)
    row0 = add(row0, multiply(warp, constant(16)));
  for (int64_t half = 0; half < 2; ++half)
    mine[half] = rowAt(add(row0, add(g, constant(8 * half))));
  prepareBounds();
  State state = loopOverKeys();
  form.sharing == AttentionForm::none ? finishAlone(state) : finishTogether(state, thread);
}

//===-- operands -----------------------------------------------------------------===//

/// The buffer of a result of the op; null when nobody reads it.
Value AttentionTiles::resultOf(Value result) {
  for (auto [i, yielded] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands()))
    if (yielded == result)
      return buffers[kernel.getNumOperands() + i];
  return {};
}
Value AttentionTiles::bufferOf(Value tensor) { return buffers[cast<BlockArgument>(tensor).getArgNumber()]; }
AttentionTiles::Projection AttentionTiles::projection(Value tensor) {
  if (auto slice = tensor.getDefiningOp<SliceOp>())
    return {bufferOf(slice.getInput()), *::hone::firstColumnOf(slice)};
  return {bufferOf(tensor), 0};
}
Value AttentionTiles::dim(Value buffer, int64_t axis) {
  return b.createOrFold<memref::DimOp>(loc, buffer, axis);
}
VectorType AttentionTiles::vectorOf(int64_t n) { return VectorType::get({n}, element); }

/// The address of an element, as index.
Value AttentionTiles::address(Value buffer, ValueRange indices) {
  Value at = constant(0);
  for (auto [axis, index] : llvm::enumerate(indices))
    at = add(multiply(at, dim(buffer, axis)), index);
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
  return add(base, multiply(at, constant(2)));
}
Value AttentionTiles::loadAt(Value address, Value column, int64_t n) {
  Value at = add(address, multiply(column, constant(2)));
  return LLVM::LoadOp::create(b, loc, vectorOf(n), globalAt(at), 2 * n, /*isVolatile=*/false,
                              /*isNonTemporal=*/false, /*isInvariant=*/true);
}
/// The row of key (or value) `at` of this block's head.
Value AttentionTiles::keyRow(const Projection &fresh, Value old, int64_t size, Value at) {
  Value head = multiply(kvHead, constant(size));
  if (!old)
    return address(fresh.buffer, {batch, at, add(head, constant(fresh.first))});
  Value isOld = less(at, past), zero = constant(0);
  Value before = address(old, {batch, kvHead, at, zero});
  Value after = address(fresh.buffer, {batch, subtract(at, past), add(head, constant(fresh.first))});
  return select(isOld, before, after);
}

void AttentionTiles::findOperands() {
  query = projection(op.getQuery()), key = projection(op.getKey()), value = projection(op.getValue());
  if (op.getPastKey())
    pastKey = bufferOf(op.getPastKey()), pastValue = bufferOf(op.getPastValue());
  if (form.sharing == AttentionForm::blocks)
    partials = buffers.back();
  output = resultOf(op.getOutput());
  queries = dim(query.buffer, 1);
  rows = multiply(queries, constant(form.group));
}

/// How many keys there are: in all, of this batch row, and of its past.
void AttentionTiles::countKeys() {
  past = pastKey ? dim(pastKey, 2) : constant(0);
  Value fresh = dim(key.buffer, 1);
  total = filled = valid = add(past, fresh);
  if (!op.getLengths())
    return;
  Value at[] = {batch};
  Value given = memref::LoadOp::create(b, loc, bufferOf(op.getLengths()), at);
  valid = arith::IndexCastOp::create(b, loc, b.getIndexType(), given);
  valid = arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, valid, total), constant(0));
  if (!pastKey)
    return;
  past = arith::MaxSIOp::create(b, loc, subtract(valid, fresh), constant(0));
  filled = add(past, fresh);
}

/// Writes present keys (or values): the blocks of a head share the work.
void AttentionTiles::copy(const Projection &fresh, Value old, Value to, int64_t size, Value thread,
                          Value share, Value shares) {
  Value threads = constant(32 * form.warpCount()), perRow = constant(size / 8);
  auto loop = scf::ForOp::create(b, loc, add(multiply(share, threads), thread), multiply(total, perRow),
                                 multiply(shares, threads));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value at = divide(loop.getInductionVar(), perRow),
        column = multiply(modulo(loop.getInductionVar(), perRow), constant(8));
  Value piece = loadAt(keyRow(fresh, old, size, clipped(at)), column, 8);
  piece = select(less(at, filled), piece, arith::ConstantOp::create(b, loc, b.getZeroAttr(piece.getType())));
  Value indices[] = {batch, kvHead, at, column};
  auto store = vector::StoreOp::create(b, loc, piece, to, indices);
  store->setAttr("alignment", b.getI64IntegerAttr(16));
}

AttentionTiles::Row AttentionTiles::rowAt(Value number) {
  Row row;
  row.isInside = less(number, rows);
  row.number = minimum(number, subtract(rows, constant(1)));
  row.position = divide(row.number, constant(form.group));
  row.head = add(multiply(kvHead, constant(form.group)), modulo(row.number, constant(form.group)));
  return row;
}

/// Which keys each row sees, and which a step of this warp has to visit.
void AttentionTiles::prepareBounds() {
  // A prompt longer than its keys starts at the first of them.
  Value first = arith::MaxSIOp::create(b, loc, subtract(valid, queries), constant(0));
  auto bounds = [&](Value position) -> std::pair<Value, Value> {
    if (!op.getCausal())
      return {constant(0), valid};
    Value limit = add(add(first, position), constant(1));
    Value from = constant(0);
    if (int64_t window = int64_t(op.getWindow()); window > 0)
      from = arith::MaxSIOp::create(b, loc, subtract(limit, constant(window)), from);
    return {from, minimum(limit, valid)};
  };
  for (Row &row : mine)
    std::tie(row.from, row.limit) = bounds(row.position);
  // Of the warp: from its first row's first to its last row's last.
  Value last = minimum(add(row0, constant(15)), subtract(rows, constant(1)));
  keysFrom = bounds(divide(minimum(row0, last), constant(form.group))).first;
  keysTo = bounds(divide(last, constant(form.group))).second;
  keysFrom = multiply(divide(keysFrom, constant(form.keys())), constant(form.keys()));
}

//===-- the loop -------------------------------------------------------------------===//

AttentionTiles::State AttentionTiles::loopOverKeys() {
  // Q: for every 32 columns the lane's 8 neighbours of both rows.
  SmallVector<std::array<Value, 2>> q;
  for (int64_t c = 0; c < form.size; c += 32)
    q.push_back({queryPart(mine[0], c), queryPart(mine[1], c)});

  Type f32 = b.getF32Type();
  State start;
  start.outputs.assign(form.valueSize / 2, zero(f32));
  start.peaks.assign(2, real(-INFINITY));
  start.sums.assign(2, zero(f32));
  Value from = keysFrom, step = constant(form.keys());
  if (form.sharing != AttentionForm::none) {
    Value sharers = multiply(parts, constant(form.warpCount()));
    from = add(from, multiply(add(multiply(part, constant(form.warpCount())), warp), step));
    step = multiply(sharers, step);
  }
  auto loop = scf::ForOp::create(b, loc, from, keysTo, step, start.all());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  State state = State::of(loop.getRegionIterArgs());
  SmallVector<Value> weights = softmax(scores(q, loop.getInductionVar()), loop.getInductionVar(), state);
  addValues(weights, loop.getInductionVar(), state);
  scf::YieldOp::create(b, loc, state.all());
  return State::of(loop.getResults());
}

Value AttentionTiles::queryPart(const Row &row, int64_t c) {
  Value column = add(multiply(row.head, constant(form.size)), constant(query.first + c));
  return loadAt(address(query.buffer, {batch, row.position, column}), multiply(t, constant(8)), 8);
}
Value AttentionTiles::pairOf(Value eight, int64_t at) {
  return pairRegister(vector::ExtractStridedSliceOp::create(b, loc, eight, ArrayRef<int64_t>{at},
                                                            ArrayRef<int64_t>{2}, ArrayRef<int64_t>{1}));
}
/// A key in range, for reading: what stands there is masked if it was not asked for.
Value AttentionTiles::clipped(Value key) { return minimum(key, subtract(filled, constant(1))); }

/// Q K^T for a step's keys: 4 registers for every 8 of them.
SmallVector<Value> AttentionTiles::scores(ArrayRef<std::array<Value, 2>> q, Value key0) {
  SmallVector<Value> result;
  for (int64_t n = 0; n < form.keys(); n += 8) {
    Value row = keyRow(key, pastKey, form.size, clipped(add(key0, add(g, constant(n)))));
    SmallVector<Value> sum(4, zero(b.getF32Type()));
    for (auto [c, rows] : llvm::enumerate(q)) {
      Value part = loadAt(row, add(multiply(t, constant(8)), constant(32 * c)), 8);
      for (int64_t j = 0; j < 8; j += 4) {
        Value left[] = {pairOf(rows[0], j), pairOf(rows[1], j), pairOf(rows[0], j + 2),
                        pairOf(rows[1], j + 2)};
        Value right[] = {pairOf(part, j), pairOf(part, j + 2)};
        multiplyTile(left, right, sum, element);
      }
    }
    result.append(sum);
  }
  return result;
}

/// What becomes of a score of this row and key, in units of log2.
Value AttentionTiles::finishScore(Value score, const Row &row, Value at) {
  auto multiply = [&](Value x, double y) -> Value { return arith::MulFOp::create(b, loc, x, real(y)); };
  double scale = op.getScale().convertToDouble(), cap = op.getSoftcap().convertToDouble();
  if (cap > 0)
    score = multiply(math::TanhOp::create(b, loc, multiply(score, scale / cap)), cap * log2e);
  else
    score = multiply(score, scale * log2e);
  Value keeps = less(at, row.limit);
  if (op.getCausal() && int64_t(op.getWindow()) > 0)
    keeps = arith::AndIOp::create(b, loc, keeps,
                                  arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, at, row.from));
  if (Value mask = op.getMask()) {
    Value given = maskAt(mask, row, clipped(at));
    if (given.getType().isInteger())
      keeps = arith::AndIOp::create(
          b, loc, keeps,
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, given,
                                arith::ConstantIntOp::create(b, loc, given.getType(), 0)));
    else
      score = arith::AddFOp::create(b, loc, score, multiply(widened(given), log2e));
  }
  return select(keeps, score, real(-INFINITY));
}
Value AttentionTiles::maskAt(Value mask, const Row &row, Value at) {
  Value buffer = bufferOf(mask);
  auto type = cast<MemRefType>(buffer.getType());
  Value all[] = {batch, row.head, row.position, at};
  SmallVector<Value> indices;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    Value index = all[4 - type.getRank() + axis];
    if (type.getDimSize(axis) == 1)
      index = constant(0);
    else if (type.isDynamicDim(axis)) // may be 1 and then goes for all
      index = minimum(index, subtract(dim(buffer, axis), constant(1)));
    indices.push_back(index);
  }
  return memref::LoadOp::create(b, loc, buffer, indices);
}

/// Turns scores into weights relative to the row's peak so far, and scales what was summed before.
SmallVector<Value> AttentionTiles::softmax(SmallVector<Value> scores, Value key0, State &state) {
  Value columns = multiply(t, constant(2));
  for (auto [i, score] : llvm::enumerate(scores)) {
    Value at = add(key0, add(columns, constant(i / 4 * 8 + i % 2)));
    score = finishScore(score, mine[i % 4 / 2], at);
  }
  for (int64_t half = 0; half < 2; ++half) {
    auto ofRow = [&](size_t i) { return int64_t(i % 4 / 2) == half; };
    Value peak = state.peaks[half];
    Value mine;
    for (auto [i, score] : llvm::enumerate(scores))
      if (ofRow(i))
        mine = mine ? larger(mine, score) : score;
    Value next = larger(peak, acrossLanes(mine, 4, [&](Value x, Value y) { return larger(x, y); }));
    Value base = baseOf(next);
    Value keep = exp2(arith::SubFOp::create(b, loc, peak, base));
    Value sum = arith::MulFOp::create(b, loc, state.sums[half], keep);
    for (auto [i, score] : llvm::enumerate(scores))
      if (ofRow(i)) {
        score = exp2(arith::SubFOp::create(b, loc, score, base));
        sum = arith::AddFOp::create(b, loc, sum, score);
      }
    for (auto [i, output] : llvm::enumerate(state.outputs))
      if (ofRow(i))
        output = arith::MulFOp::create(b, loc, output, keep);
    state.peaks[half] = next, state.sums[half] = sum;
  }
  return scores;
}

/// outputs += weights * V. Column j of lane group g is column wide * g + j of its chunk.
void AttentionTiles::addValues(ArrayRef<Value> weights, Value key0, State &state) {
  int64_t wide = form.wide(), chunk = 8 * wide;
  auto pair = [&](Value x, Value y) {
    Value both = vector::FromElementsOp::create(b, loc, vectorOf(2), ValueRange{x, y});
    return pairRegister(both);
  };
  auto narrow = [&](Value x) -> Value { return arith::TruncFOp::create(b, loc, element, x); };
  for (int64_t n = 0; n < form.keys(); n += 16) {
    ArrayRef<Value> w = weights.slice(n / 2, 8);
    SmallVector<Value> left;
    for (int64_t i = 0; i < 4; ++i)
      left.push_back(pair(narrow(w[2 * i]), narrow(w[2 * i + 1])));
    SmallVector<Value> rows;
    for (int64_t i : {0, 1, 8, 9})
      rows.push_back(keyRow(value, pastValue, form.valueSize,
                            clipped(add(key0, add(multiply(t, constant(2)), constant(n + i))))));
    for (int64_t c = 0; c < form.valueSize / chunk; ++c) {
      SmallVector<Value> parts;
      for (Value row : rows)
        parts.push_back(loadAt(row, add(multiply(g, constant(wide)), constant(c * chunk)), wide));
      for (int64_t j = 0; j < wide; ++j) {
        SmallVector<Value> at;
        for (Value part : parts)
          at.push_back(vector::ExtractOp::create(b, loc, part, ArrayRef<int64_t>{j}));
        Value right[] = {pair(at[0], at[1]), pair(at[2], at[3])};
        multiplyTile(left, right, MutableArrayRef<Value>(state.outputs).slice(4 * (c * wide + j), 4),
                     element);
      }
    }
  }
}

} // namespace hone
