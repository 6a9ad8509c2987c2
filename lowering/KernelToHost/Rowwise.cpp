// The walk over rows. A row is kept in registers where its length is known and short; else passes read it
// again, from the argument itself or from a copy in scratch when the prologue computed it.
#include "lowering/KernelToHost/HostFamily.h"
#include "lowering/KernelToHost/RowwiseEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static Type elementOf(Value x) { return cast<RankedTensorType>(x.getType()).getElementType(); }

//===-- plan -----------------------------------------------------------------------===//

/// Sizes of the region's arguments by the numbers of the kernel's `dims`.
static ArrayAttr dimNames(OpBuilder &b, ArrayAttr numbers) {
  return b.getArrayAttr(llvm::map_to_vector(numbers, [&](Attribute number) -> Attribute {
    int64_t n = cast<IntegerAttr>(number).getInt();
    return n < 0 ? Attribute(b.getI64IntegerAttr(-n - 1)) : b.getStringAttr("d" + Twine(n));
  }));
}

RowwisePlan::RowwisePlan(VectorBuilder &v, KernelOp kernel, ValueRange buffers)
    : v(v), kernel(kernel), buffers(buffers) {
  Block &body = kernel.getBody().front();
  for (auto [argument, names] : llvm::zip(body.getArguments(), kernel.getDims()))
    shapes.bindArgument(argument, dimNames(v.b, cast<ArrayAttr>(names)));
  Value last;
  SmallVector<Value> leaves(body.getArguments());
  for (Operation &op : body.without_terminator()) {
    (void)shapes.infer(&op);
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      if (!constant.getValue().isSplat())
        leaves.push_back(constant);
      continue;
    }
    if (!isa<ElementwiseOpInterface>(op))
      root = &op;
    last = op.getResult(0);
  }
  space = rowSpaceOf(root, last, leaves, shapes);
  isFlat = !root && space.columns == int64_t(space.dims.size());
  if (auto reduce = dyn_cast_or_null<ReduceOp>(root))
    behind = spaceBehind(reduce, space, shapes);
  auto product = [&](ArrayRef<DimExpr> dims) {
    Value count = v.index(1);
    for (const DimExpr &dim : dims)
      count = v.mul(count, size(dim));
    return count;
  };
  ArrayRef<DimExpr> dims(space.dims), leading = dims.drop_back(space.columns);
  columns = product(dims.take_back(space.columns));
  depth = product(leading.take_back(space.depth));
  rows = product(leading.drop_back(space.depth));
}

Value RowwisePlan::size(const DimExpr &dim) {
  return shapes.materialize(v.b, v.loc, dim, [&](const SymbolDef &def) -> Value {
    return v.dim(buffers[cast<BlockArgument>(def.value).getArgNumber()], def.index);
  });
}

Value RowwisePlan::blocks() { return v.ceilDiv(columns, width * v.lanes); }

Value RowwisePlan::units() {
  return isFlat ? v.ceilDiv(columns, chunk) : space.depth ? v.mul(rows, blocks()) : rows;
}

Value RowwisePlan::nanoseconds() {
  // A tenth of a nanosecond for each op and each tensor that comes or goes, and the row's own sums.
  int64_t picoseconds = 50 * int64_t(buffers.size());
  for (Operation &op : kernel.getBody().front().without_terminator())
    picoseconds += isa<ConstantOp>(op) ? 0 : isa<ElementwiseOpInterface>(op) ? 100 : 200;
  Value elements = isFlat ? v.index(chunk) : space.depth ? v.mul(depth, width * v.lanes) : columns;
  return v.add(v.div(v.mul(elements, picoseconds), 1000), root ? 20 : 5);
}

Value RowwisePlan::scratchBytes() {
  if (!root || isa<RopeOp, ReduceOp>(root))
    return v.index(0);
  return v.mul(v.ceilDiv(columns, v.lanes), v.lanes * 4);
}

//===-- rows -----------------------------------------------------------------------===//

RowwiseEmitter::RowwiseEmitter(RowwisePlan &plan, Value scratch)
    : p(plan), v(plan.v), b(plan.v.b), loc(plan.v.loc), body(plan.kernel.getBody().front()) {
  // Registers for a row, beside those that a pass works with.
  int64_t most = v.avx512 ? 24 : 8;
  auto length = getConstantIntValue(p.columns);
  slots =
      p.root && !p.space.depth && length && *length <= most * v.lanes ? (*length + v.lanes - 1) / v.lanes : 0;
  registers.resize(slots);
  accumulators = slots ? std::min<int64_t>(slots, 4) : 4;
  // Several registers at once hide latencies; long chains have enough to do, and code to save.
  auto ops = std::distance(body.begin(), body.end());
  unroll = ops > 16 ? 1 : p.root || v.avx512 ? 4 : 2;
  if (!p.root)
    accumulators = unroll;
  if (p.root && !isa<ReduceOp>(p.root) && !slots)
    this->scratch = memref::ViewOp::create(b, loc, MemRefType::get({ShapedType::kDynamic}, b.getF32Type()),
                                           scratch, v.index(0), v.div(p.scratchBytes(), 4));
  for (Operation &op : body.without_terminator())
    if (&op == p.root || llvm::any_of(op.getOperands(), [&](Value x) { return dependsOnRoot(x); }))
      fromRoot.insert(op.getResult(0));
  llvm::DenseSet<Value> seen[2];
  for (Value value : body.getTerminator()->getOperands())
    addLeaves(value, isa_and_nonnull<ReduceOp>(p.root) && dependsOnRoot(value), seen);
  for (Value buffer : p.buffers.drop_front(body.getNumArguments()))
    results.push_back(v.asFlat(buffer));
}

void RowwiseEmitter::addLeaves(Value value, bool isBehind, llvm::DenseSet<Value> (&seen)[2]) {
  if (!seen[isBehind].insert(value).second)
    return;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    (isBehind ? behind : front)[value].memory = v.asFlat(p.buffers[argument.getArgNumber()]);
    return;
  }
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    addLeaves(operand, isBehind && op != p.root, seen);
}

void RowwiseEmitter::emit(Value lo, Value hi) {
  if (p.isFlat) {
    enterRow(v.index(0));
    Value from = v.mul(lo, RowwisePlan::chunk), to = v.min(v.mul(hi, RowwisePlan::chunk), p.columns);
    overColumns(from, to, {}, [&](MutableArrayRef<Place> places, Values carried) {
      for (Place &place : places)
        yieldPrologue(place);
      return carried;
    });
    return;
  }
  if (p.space.depth)
    return v.loop(lo, hi, 1, [&](Value unit) { reduceRows(cast<ReduceOp>(p.root), unit); });
  v.loop(lo, hi, 1, [&](Value unit) {
    enterRow(unit);
    if (!p.root)
      overColumns(v.index(0), p.columns, {}, [&](MutableArrayRef<Place> places, Values carried) {
        for (Place &place : places)
          yieldPrologue(place);
        return carried;
      });
    else if (auto op = dyn_cast<SoftmaxOp>(p.root))
      softmax(op);
    else if (auto op = dyn_cast<LayerNormOp>(p.root))
      normalize(op.getScale(), op.getBias(), op.getEpsilon().convertToDouble(), true);
    else if (auto op = dyn_cast<RmsNormOp>(p.root))
      normalize(op.getScale(), {}, op.getEpsilon().convertToDouble(), false);
    else
      reduceRow(cast<ReduceOp>(p.root));
  });
}

// Booleans are stored as bytes.
static bool isTrue(Type element) { return element.isInteger(1); }
Value RowwiseEmitter::isNotZero(Value x) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, v.constant(x.getType(), 0));
}

/// Where the row's part of a tensor of these sizes starts.
Value RowwiseEmitter::offsetOf(const RowSpace &space, std::vector<DimExpr> dims, bool hasColumns, Value row) {
  // Neighbouring axes that the tensor has, or lacks, are one; sizes of 1 are neither.
  struct Axes {
    bool isOurs;
    Value size;
  };
  SmallVector<Axes> groups; // innermost first
  for (int64_t axis = int64_t(dims.size()) - space.columns; axis-- > 0;) {
    if (space.dims[axis].is(1))
      continue;
    bool isOurs = dims[axis] == space.dims[axis];
    Value size = p.size(space.dims[axis]);
    if (!groups.empty() && groups.back().isOurs == isOurs)
      groups.back().size = v.mul(groups.back().size, size);
    else
      groups.push_back({isOurs, size});
  }
  Value offset = v.index(0), rest = row, stride = hasColumns ? p.columns : v.index(1);
  for (auto [i, axes] : llvm::enumerate(groups)) {
    bool isLast = i + 1 == groups.size();
    if (axes.isOurs) {
      offset = v.add(offset, v.mul(isLast ? rest : v.rem(rest, axes.size), stride));
      stride = v.mul(stride, axes.size);
    }
    if (!isLast)
      rest = v.div(rest, axes.size);
  }
  return offset;
}

void RowwiseEmitter::enter(Value number, const RowSpace &space, Leaves &leaves) {
  row = number;
  for (auto &[argument, leaf] : leaves) {
    std::vector<DimExpr> dims = p.shapes.dims(argument);
    space.align(dims);
    leaf.hasColumns = space.columns && ArrayRef(dims).take_back(space.columns) ==
                                           ArrayRef(space.dims).take_back(space.columns);
    leaf.offset = offsetOf(space, dims, leaf.hasColumns, row);
    if (leaf.hasColumns)
      continue;
    leaf.splat = v.loadSplat(leaf.memory, leaf.offset);
    if (isTrue(elementOf(argument)))
      leaf.splat = isNotZero(leaf.splat);
  }
}

RowwiseEmitter::Values RowwiseEmitter::overColumns(Value from, Value to, Values carried, Body body) {
  auto step = [&](Value first, int64_t count, Value mask, ValueRange now) {
    SmallVector<Place> places(count);
    for (int64_t i = 0; i < count; ++i) {
      places[i].column = v.add(first, i * v.lanes);
      places[i].mask = mask;
    }
    return body(places, Values(now));
  };
  Value length = v.sub(to, from);
  Value bulk = v.add(from, v.roundDown(length, unroll * v.lanes)),
        whole = v.add(from, v.roundDown(length, v.lanes));
  if (unroll > 1)
    carried = v.loop(from, bulk, unroll * v.lanes, carried,
                     [&](Value i, ValueRange now) { return step(i, unroll, {}, now); });
  carried = v.loop(unroll > 1 ? bulk : from, whole, v.lanes, carried,
                   [&](Value i, ValueRange now) { return step(i, 1, {}, now); });
  // At most once.
  return v.loop(whole, to, v.lanes, carried,
                [&](Value i, ValueRange now) { return step(i, 1, v.maskOf(v.sub(to, i)), now); });
}

RowwiseEmitter::Values RowwiseEmitter::overRow(Values carried, Body body) {
  if (!slots)
    return overColumns(v.index(0), p.columns, carried, body);
  SmallVector<Place> places(slots);
  for (auto [i, place] : llvm::enumerate(places)) {
    place.slot = i;
    place.column = v.index(int64_t(i) * v.lanes);
    int64_t left = *getConstantIntValue(p.columns) - int64_t(i) * v.lanes;
    if (left < v.lanes)
      place.mask = v.maskOf(v.index(left));
  }
  return body(places, carried);
}

//===-- values ---------------------------------------------------------------------===//

Value RowwiseEmitter::evaluate(Value value, Place &place) {
  if (Value already = place.known.lookup(value))
    return already;
  Value made;
  if (isa<BlockArgument>(value)) {
    const Leaf &leaf = (place.isBehind ? behind : front)[value];
    if (!leaf.hasColumns)
      return leaf.splat;
    Type stored = cast<MemRefType>(leaf.memory.getType()).getElementType();
    made = v.load(v.vector(stored), leaf.memory, v.add(leaf.offset, place.column), place.mask);
    if (isTrue(elementOf(value)))
      made = isNotZero(made);
  } else if (auto constant = value.getDefiningOp<ConstantOp>()) {
    auto elements = cast<DenseElementsAttr>(constant.getValue());
    Type storage = storageType(elements.getElementType());
    Attribute element = isa<FloatType>(storage)
                            ? Attribute(FloatAttr::get(storage, elements.getSplatValue<APFloat>()))
                            : Attribute(IntegerAttr::get(storage, elements.getSplatValue<APInt>()));
    made = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(v.vector(storage), element));
  } else {
    Operation *op = value.getDefiningOp();
    Values operands;
    for (Value operand : op->getOperands())
      operands.push_back(evaluate(operand, place));
    made = cast<ElementwiseOpInterface>(op).buildScalar(b, loc, operands);
  }
  place.known[value] = made;
  return made;
}

Value RowwiseEmitter::widen(Value x) {
  auto type = cast<VectorType>(x.getType());
  return type.getElementType().isF32()
             ? x
             : arith::ExtFOp::create(b, loc, type.clone(b.getF32Type()), x).getResult();
}

Value RowwiseEmitter::narrow(Value x, Type tensor) {
  auto type = cast<VectorType>(x.getType());
  Type element = cast<RankedTensorType>(tensor).getElementType();
  return element.isF32() ? x : arith::TruncFOp::create(b, loc, type.clone(element), x).getResult();
}

/// x, with a number that changes nothing in lanes behind the row.
Value RowwiseEmitter::outside(Place &place, Value x, double neutral) {
  return place.mask
             ? arith::SelectOp::create(b, loc, place.mask, x, v.constant(x.getType(), neutral)).getResult()
             : x;
}

void RowwiseEmitter::keep(Place &place, Value x) {
  if (slots)
    registers[place.slot] = x;
  else
    v.store(x, scratch, place.column);
}

Value RowwiseEmitter::kept(Place &place) {
  return slots ? registers[place.slot] : v.load(v.f32(), scratch, place.column);
}

Value RowwiseEmitter::firstInput(Place &place) {
  Value x = widen(evaluate(p.root->getOperand(0), place));
  yieldPrologue(place);
  // An argument is read again as easily.
  if (slots || !isa<BlockArgument>(p.root->getOperand(0)))
    keep(place, x);
  return x;
}

Value RowwiseEmitter::input(Place &place) {
  Value operand = p.root->getOperand(0);
  return slots || !isa<BlockArgument>(operand) ? kept(place) : widen(evaluate(operand, place));
}

void RowwiseEmitter::yieldPrologue(Place &place) {
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
    if (!dependsOnRoot(value))
      store(i, evaluate(value, place), place.column, place.mask);
}

void RowwiseEmitter::finish(Place &place, Value result) {
  place.known[p.root->getResult(0)] = narrow(result, p.root->getResult(0).getType());
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
    if (dependsOnRoot(value))
      store(i, evaluate(value, place), place.column, place.mask);
}

void RowwiseEmitter::store(size_t result, Value x, Value column, Value mask) {
  if (cast<VectorType>(x.getType()).getElementType().isInteger(1))
    x = arith::ExtUIOp::create(b, loc, cast<VectorType>(x.getType()).clone(b.getI8Type()), x);
  v.store(x, results[result], v.add(v.mul(row, p.columns), column), mask);
}

//===-- family ---------------------------------------------------------------------===//

namespace {
class RowwiseHost : public HostFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function) const override {
    OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
    SmallVector<Value> arguments(function.getArguments());
    Value hi = arguments.pop_back_val(), lo = arguments.pop_back_val(), scratch = arguments.pop_back_val();
    VectorBuilder v(b, kernel.getLoc(), TargetAttr::of(kernel));
    RowwisePlan plan(v, kernel, arguments);
    if (isa_and_nonnull<RopeOp>(plan.root))
      emitRope(v, kernel, arguments, lo, hi);
    else
      RowwiseEmitter(plan, scratch).emit(lo, hi);
    func::ReturnOp::create(b, kernel.getLoc());
    return success();
  }

  Launch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) const override {
    VectorBuilder v(b, loc, TargetAttr::of(kernel));
    RowwisePlan plan(v, kernel, buffers);
    return {plan.units(), plan.nanoseconds(), plan.scratchBytes()};
  }
};
} // namespace

const HostFamily &getRowwiseHost() {
  static RowwiseHost family;
  return family;
}

} // namespace hone
