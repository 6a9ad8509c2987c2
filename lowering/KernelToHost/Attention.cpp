// Attention on the CPU. A unit is a part of the query rows of one head. A few rows read keys and values where
// they are, past and new apart; more rows share packed keys and go by register tiles (AttentionTiles.cpp).
// Scores of whole rows stay in scratch: softmax runs over them in vectors, in two passes.
#include "lowering/KernelToHost/AttentionEmitter.h"
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/kernels/KernelFamily.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

//===-- plan -----------------------------------------------------------------------===//

AttentionPlan::AttentionPlan(VectorBuilder &v, KernelOp kernel, ValueRange buffers)
    : v(v), op(*kernel.getBody().front().getOps<AttentionOp>().begin()) {
  auto at = [&](Value operand) {
    return operand ? buffers[cast<BlockArgument>(operand).getArgNumber()] : Value();
  };
  auto projection = [&](Value operand) -> Columns {
    if (auto slice = operand.getDefiningOp<SliceOp>())
      return {at(slice.getInput()), *firstColumnOf(slice)};
    return {at(operand), 0};
  };
  query = projection(op.getQuery()), key = projection(op.getKey()), value = projection(op.getValue());
  pastKey = at(op.getPastKey());
  pastValue = at(op.getPastValue());
  mask = at(op.getMask());
  lengths = at(op.getLengths());
  // A result that nobody reads has no buffer.
  for (auto [i, yielded] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands())) {
    Value buffer = buffers[kernel.getInputs().size() + i];
    if (yielded == op.getOutput())
      output = buffer;
    else if (yielded == op.getPresents()[0])
      presentKey = buffer;
    else
      presentValue = buffer;
  }
  heads = op.getHeads();
  kvHeads = op.getKvHeads();
  size = cast<RankedTensorType>(op.getKey().getType()).getDimSize(2) / kvHeads;
  valueSize = cast<RankedTensorType>(op.getValue().getType()).getDimSize(2) / kvHeads;
  batch = v.dim(query.memory, 0);
  rows = v.dim(query.memory, 1);
  newKeys = v.dim(key.memory, 1);
  past = pastKey ? v.dim(pastKey, 2) : v.index(0);
  total = v.add(past, newKeys);
  isTiled = v.less(v.index(fewestTiledRows - 1), rows);
  blocks = v.select(isTiled, v.ceilDiv(rows, rowsOfBlock), v.index(1));
  parts = v.min(blocks, v.index(2));
}

Value AttentionPlan::paddedKeys() { return v.mul(v.ceilDiv(total, 2 * v.lanes), 2 * v.lanes); }

Value AttentionPlan::scratchElements() {
  Value tiles = v.add(v.mul(paddedKeys(), size + valueSize + rowsOfBlock), rowsOfBlock * (size + 1));
  return v.select(isTiled, tiles, paddedKeys());
}

//===-- a unit ---------------------------------------------------------------------===//

AttentionEmitter::AttentionEmitter(AttentionPlan &plan, Value scratch)
    : p(plan), v(plan.v), b(plan.v.b), loc(plan.v.loc), scratch(scratch) {}

void AttentionEmitter::emit(Value lo, Value hi) {
  v.loop(lo, hi, 1, [&](Value unit) {
    Value part = v.rem(unit, p.parts), rest = v.div(unit, p.parts);
    head = v.rem(rest, p.heads);
    row0 = v.div(rest, p.heads);
    group = v.div(head, p.heads / p.kvHeads);
    past = p.past, filled = p.total;
    if (p.pastKey && p.lengths) {
      past =
          arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, validKeys(), p.newKeys), v.index(0));
      filled = v.add(past, p.newKeys);
    }
    copyPresents(v.add(v.mul(v.rem(head, p.heads / p.kvHeads), p.parts), part));
    if (!p.output)
      return;
    v.branch(
        p.isTiled, [&] { emitTiles(part); },
        [&] {
          Value room = p.paddedKeys();
          scores = memref::ViewOp::create(b, loc, MemRefType::get({ShapedType::kDynamic}, b.getF32Type()),
                                          scratch, v.index(0), room);
          v.loop(v.index(0), p.rows, 1, [&](Value row) { emitRow(row); });
        });
  });
}

AttentionEmitter::Values AttentionEmitter::rowOf(Value memory, ValueRange at, int64_t size) {
  Values result;
  for (int64_t i = 0; i < size; i += v.lanes) {
    SmallVector<Value> place(at);
    place.back() = v.add(place.back(), i);
    result.push_back(v.load(v.f32(), memory, place));
  }
  return result;
}

AttentionEmitter::Values AttentionEmitter::rowOf(Columns columns, Value row, Value head, int64_t size) {
  return rowOf(columns.memory, {row0, row, v.add(v.mul(head, size), columns.first)}, size);
}

/// Past rows, then new ones, then zeros, of this head group: every unit of the group copies its share of the
/// times.
void AttentionEmitter::copyPresents(Value share) {
  Value shares = v.mul(p.parts, p.heads / p.kvHeads);
  Value from = v.div(v.mul(p.total, share), shares), to = v.div(v.mul(p.total, v.add(share, 1)), shares);
  auto copy = [&](Value present, Value old, Columns fresh, int64_t size) {
    if (!present)
      return;
    overTimes(from, v.min(to, filled), old, fresh, size, {}, [&](Value t, Values row, ValueRange) -> Values {
      for (auto [i, part] : llvm::enumerate(row))
        v.store(part, present, {row0, group, t, v.index(int64_t(i) * v.lanes)});
      return {};
    });
    if (!p.lengths || !old)
      return;
    v.loop(arith::MaxSIOp::create(b, loc, from, filled), to, 1, [&](Value t) {
      for (int64_t i = 0; i < size; i += v.lanes)
        v.store(v.constant(v.f32(), 0), present, {row0, group, t, v.index(i)});
    });
  };
  copy(p.presentKey, p.pastKey, p.key, p.size);
  copy(p.presentValue, p.pastValue, p.value, p.valueSize);
}

/// Runs `body(t, row of t)` over the times [from, to), carrying vectors: the past, then the new part.
AttentionEmitter::Values AttentionEmitter::overTimes(Value from, Value to, Value old, Columns fresh,
                                                     int64_t size, Values carried,
                                                     function_ref<Values(Value, Values, ValueRange)> body) {
  if (old)
    carried = v.loop(v.min(from, past), v.min(to, past), 1, carried, [&](Value t, ValueRange now) {
      return body(t, rowOf(old, {row0, group, t, v.index(0)}, size), now);
    });
  Value start = arith::MaxSIOp::create(b, loc, from, past);
  return v.loop(start, to, 1, carried, [&](Value t, ValueRange now) {
    return body(t, rowOf(fresh, v.sub(t, past), group, size), now);
  });
}

Value AttentionEmitter::reduce(vector::CombiningKind kind, Value x) {
  return vector::ReductionOp::create(b, loc, kind, x, arith::FastMathFlags::reassoc);
}

Value AttentionEmitter::validKeys() {
  if (!p.lengths)
    return p.total;
  Value given =
      arith::IndexCastOp::create(b, loc, b.getIndexType(), memref::LoadOp::create(b, loc, p.lengths, row0));
  return arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, given, p.total), v.index(0));
}

std::pair<Value, Value> AttentionEmitter::visible(Value row) {
  Value valid = validKeys(), from = v.index(0);
  if (!p.op.getCausal())
    return {from, valid};
  // Rows shorter than the prompt start at the beginning.
  Value first = arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, valid, p.rows), v.index(0));
  Value limit = v.add(v.add(first, row), 1);
  if (int64_t window = int64_t(p.op.getWindow()); window > 0)
    from = arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, limit, v.index(window)), from);
  Value to = v.min(valid, limit);
  return {v.min(from, to), to};
}

Value AttentionEmitter::masked(Value x, Value row, Value t, Value inside) {
  if (!p.mask)
    return x;
  auto type = cast<MemRefType>(p.mask.getType());
  Value full[] = {row0, head, row, t};
  SmallVector<Value> at;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    Value index = full[4 - type.getRank() + axis];
    if (type.getDimSize(axis) == 1)
      index = v.index(0);
    else if (type.isDynamicDim(axis) && axis + 1 < type.getRank())
      index = v.select(v.equal(v.dim(p.mask, axis), 1), v.index(0), index);
    at.push_back(index);
  }
  bool isOne = type.getDimSize(type.getRank() - 1) == 1, isFloat = type.getElementType().isF32();
  Value loaded = isOne ? v.splat(memref::LoadOp::create(b, loc, p.mask, at))
                       : v.load(v.vector(type.getElementType()), p.mask, at, inside);
  if (isFloat)
    return arith::AddFOp::create(b, loc, x, loaded);
  Value keep =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, loaded, v.constant(loaded.getType(), 0));
  return arith::SelectOp::create(b, loc, keep, x,
                                 v.constant(v.f32(), -std::numeric_limits<double>::infinity()));
}

Value AttentionEmitter::softmax(Value row, Value from, Value to, Value first, Value last,
                                function_ref<Values(Value)> at) {
  double infinity = std::numeric_limits<double>::infinity();
  Value low = v.constant(v.f32(), -infinity), zero = v.constant(v.f32(), 0);
  double cap = p.op.getSoftcap().convertToDouble();
  auto inside = [&](Value t) -> Value {
    Value before = v.maskOf(v.sub(to, t));
    if (!p.op.getCausal() || int64_t(p.op.getWindow()) <= 0)
      return before;
    Value reached = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, v.maskOf(v.sub(from, t)),
                                          v.constant(v.vector(b.getI1Type()), 0));
    return arith::AndIOp::create(b, loc, before, reached);
  };
  Value tops = v.loop(first, last, v.lanes, low, [&](Value t, ValueRange carried) -> Values {
    Value sees = inside(t), x = v.load(v.f32(), scores, at(t));
    if (cap > 0) {
      Value bound = v.constant(v.f32(), cap);
      x = arith::MulFOp::create(b, loc, bound,
                                math::TanhOp::create(b, loc, arith::DivFOp::create(b, loc, x, bound)));
    }
    x = arith::SelectOp::create(b, loc, sees, masked(x, row, t, sees), low);
    v.store(x, scores, at(t));
    return {arith::MaximumFOp::create(b, loc, carried[0], x)};
  })[0];
  Value top = reduce(vector::CombiningKind::MAXIMUMF, tops);
  // A row that sees nothing gives 0: its sum of powers is 0.
  Value isEmpty =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, top, v.constant(b.getF32Type(), -infinity));
  Value shift = v.splat(arith::SelectOp::create(b, loc, isEmpty, v.constant(b.getF32Type(), 0), top));
  Value sums = v.loop(first, last, v.lanes, zero, [&](Value t, ValueRange carried) -> Values {
    Value power =
        math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, v.load(v.f32(), scores, at(t)), shift));
    v.store(power, scores, at(t));
    return {arith::AddFOp::create(b, loc, carried[0], power)};
  })[0];
  Value sum = reduce(vector::CombiningKind::ADD, sums);
  return arith::SelectOp::create(b, loc, isEmpty, v.constant(b.getF32Type(), 0),
                                 arith::DivFOp::create(b, loc, v.constant(b.getF32Type(), 1), sum));
}

/// Products of a query with the keys [from, to): of the past as many at a time as a register has lanes, since
/// a sum over lanes costs more than the products themselves.
void AttentionEmitter::scoreRow(ArrayRef<Value> q, Value from, Value to) {
  auto product = [&](ArrayRef<Value> k) {
    Value sum = arith::MulFOp::create(b, loc, q[0], k[0]);
    for (size_t i = 1; i < q.size(); ++i)
      sum = v.fma(q[i], k[i], sum);
    return sum;
  };
  Value start = from;
  if (p.pastKey) {
    Value first = v.min(from, past), last = v.min(to, past);
    start = v.add(first, v.roundDown(v.sub(last, first), v.lanes));
    v.loop(first, start, v.lanes, [&](Value t) {
      Values sums;
      for (int64_t i = 0; i < v.lanes; ++i)
        sums.push_back(product(rowOf(p.pastKey, {row0, group, v.add(t, i), v.index(0)}, p.size)));
      v.store(v.sumOfEach(sums), scores, t);
    });
    start = v.select(v.less(from, past), start, from);
  }
  overTimes(start, to, p.pastKey, p.key, p.size, {}, [&](Value t, Values k, ValueRange) -> Values {
    memref::StoreOp::create(b, loc, reduce(vector::CombiningKind::ADD, product(k)), scores, t);
    return {};
  });
}

void AttentionEmitter::emitRow(Value row) {
  auto [from, to] = visible(row);
  Value scale = v.constant(v.f32(), p.op.getScale().convertToDouble());
  Values q = rowOf(p.query, row, head, p.size);
  for (Value &part : q)
    part = arith::MulFOp::create(b, loc, part, scale);
  scoreRow(q, from, to);
  Value factor =
      v.splat(softmax(row, from, to, v.roundDown(from, v.lanes), to, [](Value t) -> Values { return {t}; }));
  Value zero = v.constant(v.f32(), 0);
  Values result = overTimes(from, to, p.pastValue, p.value, p.valueSize, Values(p.valueSize / v.lanes, zero),
                            [&](Value t, Values row, ValueRange carried) {
                              Value weight = v.loadSplat(scores, t);
                              Values next;
                              for (auto [part, acc] : llvm::zip(row, carried))
                                next.push_back(v.fma(weight, part, acc));
                              return next;
                            });
  for (auto [i, part] : llvm::enumerate(result))
    v.store(arith::MulFOp::create(b, loc, part, factor), p.output,
            {row0, row, v.add(v.mul(head, p.valueSize), int64_t(i) * v.lanes)});
}

//===-- family ---------------------------------------------------------------------===//

namespace {
class AttentionHost : public HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val(), scratch = arguments.pop_back_val();
    VectorBuilder v(b, kernel.getLoc(), TargetAttr::of(kernel));
    AttentionPlan plan(v, kernel, arguments);
    AttentionEmitter(plan, scratch).emit(lo, hi);
    func::ReturnOp::create(b, kernel.getLoc());
    return success();
  }

  Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    AttentionPlan plan(v, kernel, buffers);
    Value units = v.mul(v.mul(plan.batch, plan.heads), plan.parts);
    // About 16 multiply-adds a nanosecond, and some time for each score.
    Value rows = v.div(plan.rows, plan.parts);
    Value cost =
        v.div(v.mul(v.mul(v.add(rows, 1), v.add(plan.total, 1)), plan.size + plan.valueSize + 64), 16);
    return {units, v.add(cost, 1), v.mul(plan.scratchElements(), 4)};
  }
};
} // namespace

const HostFamily &getAttentionHost() {
  static AttentionHost family;
  return family;
}
} // namespace hone
