// Attention of f16 or bf16 on the tensor cores with a running softmax (FlashAttention-2), all in registers.
// The query rows of one block share a head of keys and values: row r is query r / group of head r % group. A
// warp owns 16 rows. Which step of a sum is which register does not matter as long as both operands agree,
// and neither does the order of the result's columns: both are chosen so that every lane reads and writes 16
// neighbouring bytes of global memory, and nothing passes through shared memory.
//
// Two variants: with at most 16 rows (decoding) the warps share the keys and their results meet at the end;
// with more, each warp has rows of its own.
#include "lowering/kernels/Attention.h"
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/KernelToCuda/DeviceBuilder.h"
#include "lowering/kernels/RegionBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace {

AttentionOp rootOf(KernelOp kernel) { return *kernel.getBody().front().getOps<AttentionOp>().begin(); }

/// What host code and kernel must agree on.
struct Form {
  bool sharesKeys; ///< the warps of a block split the keys
  int64_t kvHeads, group, size, valueSize;

  Form(KernelOp kernel, unsigned variant) : sharesKeys(variant == 0) {
    AttentionOp op = rootOf(kernel);
    auto columns = [](Value x) { return cast<RankedTensorType>(x.getType()).getDimSize(2); };
    kvHeads = op.getKvHeads(), group = op.getHeads() / kvHeads;
    size = columns(op.getKey()) / kvHeads, valueSize = columns(op.getValue()) / kvHeads;
  }
  int64_t warps() const { return sharesKeys && valueSize <= 64 ? 8 : 4; }
  int64_t rows() const { return sharesKeys ? 16 : 16 * warps(); } // of a block
  int64_t keys() const { return size <= 64 ? 32 : 16; }           // of a step
  /// Neighbouring elements of a value row that one lane reads.
  int64_t wide() const { return valueSize % 64 ? 4 : 8; }
};

constexpr double log2e = 1.4426950408889634;

/// A region's input [B, S, columns] and the column where the rows that are meant start.
struct Projection {
  Value buffer;
  int64_t first;
};

class FlashTiles : public ::hone::DeviceBuilder {
public:
  FlashTiles(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, Form form)
      : DeviceBuilder(b, loc), kernel(kernel), buffers(buffers), form(form), op(rootOf(kernel)),
        element(cast<RankedTensorType>(op.getQuery().getType()).getElementType()) {}

  void emit() {
    query = projection(op.getQuery()), key = projection(op.getKey()), value = projection(op.getValue());
    if (op.getPastKey())
      pastKey = bufferOf(op.getPastKey()), pastValue = bufferOf(op.getPastValue());
    queries = dim(query.buffer, 1);
    rows = multiply(queries, constant(form.group));

    Value thread = ::hone::threadIndex(b, loc), block = ::hone::blockIndex(b, loc);
    Value tiles = divideUp(rows, constant(form.rows()));
    Value tile = modulo(block, tiles);
    block = divide(block, tiles);
    kvHead = modulo(block, constant(form.kvHeads));
    batch = divide(block, constant(form.kvHeads));
    countKeys();
    for (auto [i, present] : llvm::enumerate(op.getPresents()))
      if (Value to = resultOf(present))
        i == 0 ? copy(key, pastKey, to, form.size, thread, tile, tiles)
               : copy(value, pastValue, to, form.valueSize, thread, tile, tiles);
    output = resultOf(op.getOutput());
    if (!output)
      return;
    Value lane = modulo(thread, constant(32));
    warp = divide(thread, constant(32));
    g = divide(lane, constant(4)), t = modulo(lane, constant(4));
    row0 = multiply(tile, constant(form.rows()));
    if (!form.sharesKeys)
      row0 = add(row0, multiply(warp, constant(16)));
    for (int64_t half = 0; half < 2; ++half)
      mine[half] = rowAt(add(row0, add(g, constant(8 * half))));
    prepareBounds();
    State state = loopOverKeys();
    form.sharesKeys ? finishTogether(state, thread) : finishAlone(state);
  }

private:
  struct Row {
    Value number, isInside; // clipped to the last
    Value position, head;   // query, head
    Value limit, from;      // keys [from, limit) are seen
  };
  struct State {
    SmallVector<Value> outputs, peaks, sums; // 4 registers a tile of 8 columns; of rows g and g + 8
    SmallVector<Value> all() const {
      SmallVector<Value> values(outputs);
      values.append(peaks);
      values.append(sums);
      return values;
    }
    static State of(ValueRange values) {
      size_t n = values.size() - 4;
      return {SmallVector<Value>(values.take_front(n)), SmallVector<Value>(values.slice(n, 2)),
              SmallVector<Value>(values.take_back(2))};
    }
  };

  /// The buffer of a result of the op; null when nobody reads it.
  Value resultOf(Value result) {
    for (auto [i, yielded] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands()))
      if (yielded == result)
        return buffers[kernel.getNumOperands() + i];
    return {};
  }
  Value bufferOf(Value tensor) { return buffers[cast<BlockArgument>(tensor).getArgNumber()]; }
  Projection projection(Value tensor) {
    if (auto slice = tensor.getDefiningOp<SliceOp>())
      return {bufferOf(slice.getInput()), *::hone::firstColumnOf(slice)};
    return {bufferOf(tensor), 0};
  }
  Value dim(Value buffer, int64_t axis) { return b.createOrFold<memref::DimOp>(loc, buffer, axis); }
  VectorType vectorOf(int64_t n) { return VectorType::get({n}, element); }

  /// The address of an element, as index.
  Value address(Value buffer, ValueRange indices) {
    Value at = constant(0);
    for (auto [axis, index] : llvm::enumerate(indices))
      at = add(multiply(at, dim(buffer, axis)), index);
    Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
    return add(base, multiply(at, constant(2)));
  }
  Value loadAt(Value address, Value column, int64_t n) {
    Value at = add(address, multiply(column, constant(2)));
    return LLVM::LoadOp::create(b, loc, vectorOf(n), globalAt(at), 2 * n, /*isVolatile=*/false,
                                /*isNonTemporal=*/false, /*isInvariant=*/true);
  }
  /// The row of key (or value) `at` of this block's head.
  Value keyRow(const Projection &fresh, Value old, int64_t size, Value at) {
    Value head = multiply(kvHead, constant(size));
    if (!old)
      return address(fresh.buffer, {batch, at, add(head, constant(fresh.first))});
    Value isOld = less(at, past), zero = constant(0);
    Value before = address(old, {batch, kvHead, at, zero});
    Value after = address(fresh.buffer, {batch, subtract(at, past), add(head, constant(fresh.first))});
    return select(isOld, before, after);
  }

  /// How many keys there are: in all, of this batch row, and of its past.
  void countKeys() {
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
  void copy(const Projection &fresh, Value old, Value to, int64_t size, Value thread, Value tile,
            Value tiles) {
    Value threads = constant(32 * form.warps()), perRow = constant(size / 8);
    auto loop = scf::ForOp::create(b, loc, add(multiply(tile, threads), thread), multiply(total, perRow),
                                   multiply(tiles, threads));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value at = divide(loop.getInductionVar(), perRow),
          column = multiply(modulo(loop.getInductionVar(), perRow), constant(8));
    Value piece = loadAt(keyRow(fresh, old, size, clipped(at)), column, 8);
    piece =
        select(less(at, filled), piece, arith::ConstantOp::create(b, loc, b.getZeroAttr(piece.getType())));
    Value indices[] = {batch, kvHead, at, column};
    auto store = vector::StoreOp::create(b, loc, piece, to, indices);
    store->setAttr("alignment", b.getI64IntegerAttr(16));
  }

  Row rowAt(Value number) {
    Row row;
    row.isInside = less(number, rows);
    row.number = minimum(number, subtract(rows, constant(1)));
    row.position = divide(row.number, constant(form.group));
    row.head = add(multiply(kvHead, constant(form.group)), modulo(row.number, constant(form.group)));
    return row;
  }

  /// Which keys each row sees, and which a step of this warp has to visit.
  void prepareBounds() {
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

  State loopOverKeys() {
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
    if (form.sharesKeys) {
      from = add(from, multiply(warp, step));
      step = constant(form.keys() * form.warps());
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

  Value queryPart(const Row &row, int64_t c) {
    Value column = add(multiply(row.head, constant(form.size)), constant(query.first + c));
    return loadAt(address(query.buffer, {batch, row.position, column}), multiply(t, constant(8)), 8);
  }
  Value pairOf(Value eight, int64_t at) {
    return pairRegister(vector::ExtractStridedSliceOp::create(b, loc, eight, ArrayRef<int64_t>{at},
                                                              ArrayRef<int64_t>{2}, ArrayRef<int64_t>{1}));
  }
  /// A key in range, for reading: what stands there is masked if it was not asked for.
  Value clipped(Value key) { return minimum(key, subtract(filled, constant(1))); }

  /// Q K^T for a step's keys: 4 registers for every 8 of them.
  SmallVector<Value> scores(ArrayRef<std::array<Value, 2>> q, Value key0) {
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
          multiplyTile(left, right, sum);
        }
      }
      result.append(sum);
    }
    return result;
  }

  /// What becomes of a score of this row and key, in units of log2.
  Value finishScore(Value score, const Row &row, Value at) {
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
  Value maskAt(Value mask, const Row &row, Value at) {
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

  Value exp2(Value x) {
    return LLVM::CallIntrinsicOp::create(b, loc, b.getF32Type(), b.getStringAttr("llvm.nvvm.ex2.approx.ftz"),
                                         ValueRange{x})
        .getResult(0);
  }
  Value acrossRow(Value value, function_ref<Value(Value, Value)> combine) {
    for (int64_t offset : {1, 2})
      value =
          combine(value, NVVM::ShflOp::create(b, loc, value.getType(), integer(-1), value, integer(offset),
                                              integer(31), NVVM::ShflKind::bfly, UnitAttr()));
    return value;
  }
  Value larger(Value x, Value y) { return arith::MaxNumFOp::create(b, loc, x, y); }
  /// Where exponents start: 0 for a row that has seen no key.
  Value baseOf(Value peak) {
    Value none = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, peak, real(-INFINITY));
    return select(none, real(0), peak);
  }

  /// Turns scores into weights relative to the row's peak so far, and scales what was summed before.
  SmallVector<Value> softmax(SmallVector<Value> scores, Value key0, State &state) {
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
      Value next = larger(peak, acrossRow(mine, [&](Value x, Value y) { return larger(x, y); }));
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
  void addValues(ArrayRef<Value> weights, Value key0, State &state) {
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
          multiplyTile(left, right, MutableArrayRef<Value>(state.outputs).slice(4 * (c * wide + j), 4));
        }
      }
    }
  }

  //===-- results ------------------------------------------------------------------===//

  /// Columns that this lane's outputs 4 (c * wide + j) + i stand in: for i % 2 wide neighbours from here.
  Value firstColumn(int64_t c, int64_t i) {
    int64_t wide = form.wide();
    return add(multiply(t, constant(2 * wide)), constant(c * 8 * wide + i % 2 * wide));
  }
  Value inverse(Value sum) {
    Value none = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, real(0));
    return select(none, real(0), arith::DivFOp::create(b, loc, real(1), sum));
  }
  Value plus(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }

  void finishAlone(State &state) {
    int64_t wide = form.wide();
    for (int64_t half = 0; half < 2; ++half) {
      Value sum = acrossRow(state.sums[half], [&](Value x, Value y) { return plus(x, y); });
      Value factor = inverse(sum);
      auto inside = scf::IfOp::create(b, loc, mine[half].isInside);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(inside.thenBlock());
      for (int64_t c = 0; c < form.valueSize / (8 * wide); ++c)
        for (int64_t i = 0; i < 2; ++i) {
          SmallVector<Value> elements;
          for (int64_t j = 0; j < wide; ++j) {
            Value sum = state.outputs[4 * (c * wide + j) + 2 * half + i];
            sum = arith::MulFOp::create(b, loc, sum, factor);
            elements.push_back(arith::TruncFOp::create(b, loc, element, sum));
          }
          Value piece = vector::FromElementsOp::create(b, loc, vectorOf(wide), elements);
          Value column = add(multiply(mine[half].head, constant(form.valueSize)), firstColumn(c, i));
          Value indices[] = {batch, mine[half].position, column};
          auto store = vector::StoreOp::create(b, loc, piece, output, indices);
          store->setAttr("alignment", b.getI64IntegerAttr(2 * wide));
        }
    }
  }

  /// The warps' results of the same rows, each relative to its own peak, become one.
  void finishTogether(State &state, Value thread) {
    Type f32 = b.getF32Type();
    int64_t warps = form.warps(), wide = form.wide();
    Value peaks = shared("_peaks", {warps, 16}, f32), sums = shared("_sums", {warps, 16}, f32),
          parts = shared("_parts", {warps, 16, form.valueSize}, f32);
    Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, t, constant(0));
    for (int64_t half = 0; half < 2; ++half) {
      Value sum = acrossRow(state.sums[half], [&](Value x, Value y) { return plus(x, y); });
      auto once = scf::IfOp::create(b, loc, isFirst);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(once.thenBlock());
      Value at[] = {warp, add(g, constant(8 * half))};
      memref::StoreOp::create(b, loc, state.peaks[half], peaks, at);
      memref::StoreOp::create(b, loc, sum, sums, at);
    }
    for (int64_t c = 0; c < form.valueSize / (8 * wide); ++c)
      for (int64_t j = 0; j < wide; ++j)
        for (int64_t i = 0; i < 4; ++i) {
          Value at[] = {warp, add(g, constant(i / 2 * 8)), add(firstColumn(c, i), constant(j))};
          memref::StoreOp::create(b, loc, state.outputs[4 * (c * wide + j) + i], parts, at);
        }
    barrier();
    Value count = minimum(constant(16), subtract(rows, row0));
    auto loop =
        scf::ForOp::create(b, loc, thread, multiply(count, constant(form.valueSize)), constant(32 * warps));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value local = divide(loop.getInductionVar(), constant(form.valueSize)),
          column = modulo(loop.getInductionVar(), constant(form.valueSize));
    auto read = [&](Value memory, SmallVector<Value> at) -> Value {
      return memref::LoadOp::create(b, loc, memory, at);
    };
    Value peak = real(-INFINITY);
    for (int64_t w = 0; w < warps; ++w)
      peak = larger(peak, read(peaks, {constant(w), local}));
    Value base = baseOf(peak), sum = real(0), result = real(0);
    for (int64_t w = 0; w < warps; ++w) {
      Value factor = exp2(arith::SubFOp::create(b, loc, read(peaks, {constant(w), local}), base));
      sum = math::FmaOp::create(b, loc, read(sums, {constant(w), local}), factor, sum);
      result = math::FmaOp::create(b, loc, read(parts, {constant(w), local, column}), factor, result);
    }
    result = arith::MulFOp::create(b, loc, result, inverse(sum));
    Row row = rowAt(add(row0, local));
    Value indices[] = {batch, row.position, add(multiply(row.head, constant(form.valueSize)), column)};
    memref::StoreOp::create(b, loc, arith::TruncFOp::create(b, loc, element, result), output, indices);
  }

  KernelOp kernel;
  ValueRange buffers;
  Form form;
  AttentionOp op;
  Type element;
  Projection query, key, value;
  Value pastKey, pastValue;
  Value output;
  Value queries, rows, total; // sizes: S, S * group, P + L
  Value past, filled, valid;  // of the batch row: past keys, past and new ones, those that count
  Value batch, kvHead, warp, g, t, row0;
  Row mine[2];
  Value keysFrom, keysTo;
};

class AttentionCuda : public ::hone::CudaFamily {
public:
  unsigned variants(KernelOp kernel) const override { return 2; }
  Value serves(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
               unsigned variant) const override {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, rowsOf(b, loc, kernel, buffers),
                                 arith::ConstantIndexOp::create(b, loc, Form(kernel, variant).rows()));
  }

  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     unsigned variant) const override {
    FlashTiles(b, kernel.getLoc(), kernel, buffers, Form(kernel, variant)).emit();
    return success();
  }

  ::hone::CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
                            unsigned variant) const override {
    Form form(kernel, variant);
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    Value tiles =
        b.createOrFold<arith::CeilDivUIOp>(loc, rowsOf(b, loc, kernel, buffers), constant(form.rows()));
    Value heads = b.createOrFold<arith::MulIOp>(
        loc, b.createOrFold<memref::DimOp>(loc, queryOf(rootOf(kernel), buffers), 0), constant(form.kvHeads));
    return {b.createOrFold<arith::MulIOp>(loc, tiles, heads), constant(1), constant(1), 32 * form.warps(), 0};
  }

private:
  static Value queryOf(AttentionOp op, ValueRange buffers) {
    Value query = op.getQuery();
    if (auto slice = query.getDefiningOp<SliceOp>())
      query = slice.getInput();
    return buffers[cast<BlockArgument>(query).getArgNumber()];
  }
  /// Query rows that share a head of keys.
  static Value rowsOf(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) {
    AttentionOp op = rootOf(kernel);
    return b.createOrFold<arith::MulIOp>(
        loc, b.createOrFold<memref::DimOp>(loc, queryOf(op, buffers), 1),
        arith::ConstantIndexOp::create(b, loc, op.getHeads() / op.getKvHeads()));
  }
};

} // namespace

namespace hone {
const CudaFamily &getAttentionCuda() {
  static AttentionCuda family;
  return family;
}
} // namespace hone
