// Evaluation of elementwise ops on accumulators.
#include "lowering/KernelToHost/VectorEpilogue.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// The size numbers of `dims` with leading ones up to `rank`.
static SmallVector<int64_t> sizesOf(Attribute dims, size_t rank) {
  SmallVector<int64_t> sizes;
  for (Attribute size : cast<ArrayAttr>(dims))
    sizes.push_back(cast<IntegerAttr>(size).getInt());
  sizes.insert(sizes.begin(), rank - std::min(rank, sizes.size()), -2);
  return sizes;
}

VectorEpilogue::VectorEpilogue(VectorBuilder &v, KernelOp kernel, Value root, ValueRange buffers,
                               int64_t columnAxes)
    : v(v), root(root) {
  Block &body = kernel.getBody().front();
  yielded = body.getTerminator()->getOperand(0);
  result = v.asRows(buffers[body.getNumArguments()], columnAxes);
  size_t rank = cast<ArrayAttr>(kernel.getDims()[body.getNumArguments()]).size();
  SmallVector<int64_t> full = sizesOf(kernel.getDims()[body.getNumArguments()], rank);
  auto isOnes = [](ArrayRef<int64_t> sizes) {
    return llvm::all_of(sizes, [](int64_t s) { return s == -2; });
  };

  // Arguments that ops behind the root read.
  SmallVector<Value> open = {yielded};
  llvm::DenseSet<Value> seen;
  while (!open.empty()) {
    Value value = open.pop_back_val();
    if (value == root || !seen.insert(value).second)
      continue;
    if (Operation *op = value.getDefiningOp()) {
      llvm::append_range(open, op->getOperands());
      continue;
    }
    auto argument = cast<BlockArgument>(value);
    Value buffer = buffers[argument.getArgNumber()];
    SmallVector<int64_t> mine = sizesOf(kernel.getDims()[argument.getArgNumber()], rank);
    if (mine == full) {
      kinds[value] = Kind::Full;
      views[value] = v.asRows(buffer, columnAxes);
    } else if (isOnes(mine)) {
      kinds[value] = Kind::Scalar;
      SmallVector<Value> zeros(cast<MemRefType>(buffer.getType()).getRank(), v.index(0));
      views[value] = memref::LoadOp::create(v.b, v.loc, buffer, zeros);
    } else {
      kinds[value] = isOnes(ArrayRef(mine).drop_back(columnAxes)) ? Kind::Row : Kind::Column;
      views[value] = v.asFlat(buffer);
    }
  }
}

VectorEpilogue::Columns VectorEpilogue::columns(Value first, Value mask) {
  Columns columns;
  columns.first = first;
  columns.mask = mask;
  for (auto [argument, kind] : kinds) {
    Type element = cast<RankedTensorType>(argument.getType()).getElementType();
    if (kind == Kind::Row) {
      columns.shared[argument] = loadElements(views[argument], element, first, mask);
    } else if (kind == Kind::Scalar) {
      columns.shared[argument] = asElements(v.splat(views[argument]), element);
    }
  }
  return columns;
}

/// Booleans are stored as bytes.
Value VectorEpilogue::asElements(Value stored, Type elementType) {
  if (!elementType.isInteger(1))
    return stored;
  return arith::CmpIOp::create(v.b, v.loc, arith::CmpIPredicate::ne, stored, v.constant(stored.getType(), 0));
}

Value VectorEpilogue::loadElements(Value memory, Type elementType, ValueRange at, Value mask) {
  return asElements(v.load(v.vector(cast<MemRefType>(memory.getType()).getElementType()), memory, at, mask),
                    elementType);
}

/// A splat, or a row vector of at most 16 elements.
static Value constantVector(VectorBuilder &v, DenseElementsAttr elements, Value first) {
  Type element = elements.getElementType(), storage = storageType(element);
  SmallVector<Attribute> values;
  if (isa<FloatType>(element))
    for (const APFloat &value : elements.getValues<APFloat>())
      values.push_back(FloatAttr::get(storage, value));
  else
    for (const APInt &value : elements.getValues<APInt>())
      values.push_back(IntegerAttr::get(storage, value.zextOrTrunc(storage.getIntOrFloatBitWidth())));
  auto slice = [&](size_t from) -> Value {
    SmallVector<Attribute> lanes;
    for (size_t i = from; i < from + v.lanes; ++i)
      lanes.push_back(values[elements.isSplat() ? 0 : std::min(i, values.size() - 1)]);
    return arith::ConstantOp::create(v.b, v.loc, DenseElementsAttr::get(v.vector(storage), lanes));
  };
  if (elements.isSplat() || int64_t(values.size()) <= v.lanes)
    return slice(0);
  return arith::SelectOp::create(v.b, v.loc, v.equal(first, 0), slice(0), slice(v.lanes));
}

Value VectorEpilogue::evaluate(Value value, Columns &columns, Value row, Cache &known) {
  if (Value shared = columns.shared.lookup(value))
    return shared;
  if (Value already = known.lookup(value))
    return already;
  Value made;
  if (isa<BlockArgument>(value)) {
    Type element = cast<RankedTensorType>(value.getType()).getElementType();
    if (kinds.lookup(value) == Kind::Full)
      made = loadElements(views[value], element, {row, columns.first}, columns.mask);
    else
      made = asElements(v.loadSplat(views[value], v.rem(row, v.dim(views[value], 0))), element);
  } else if (auto constant = value.getDefiningOp<ConstantOp>()) {
    made = constantVector(v, cast<DenseElementsAttr>(constant.getValue()), columns.first);
  } else {
    Operation *op = value.getDefiningOp();
    VectorBuilder::Values operands;
    for (Value operand : op->getOperands())
      operands.push_back(evaluate(operand, columns, row, known));
    made = cast<ElementwiseOpInterface>(op).buildScalar(v.b, v.loc, operands);
  }
  known[value] = made;
  return made;
}

void VectorEpilogue::store(Columns &columns, Value row, Value accumulator) {
  Cache known;
  known[root] = accumulator;
  Value vector = evaluate(yielded, columns, row, known);
  if (cast<VectorType>(vector.getType()).getElementType().isInteger(1))
    vector = arith::ExtUIOp::create(v.b, v.loc, v.vector(v.b.getI8Type()), vector);
  v.store(vector, result, {row, columns.first}, columns.mask);
}

void VectorEpilogue::prefetch(Value first, Value n, bool isAligned, ArrayRef<Value> rows) {
  Value column = isAligned ? first : v.min(first, v.sub(n, v.index(1)));
  for (auto [argument, kind] : kinds)
    if (kind == Kind::Full)
      for (Value row : rows)
        memref::PrefetchOp::create(v.b, v.loc, views[argument], ValueRange{row, column}, /*isWrite=*/false,
                                   /*localityHint=*/3, /*isDataCache=*/true);
}

void VectorEpilogue::finish(Value first, Value mask, ArrayRef<Value> rows, ArrayRef<Value> sums) {
  Columns shared = columns(first, mask);
  for (auto [row, sum] : llvm::zip(rows, sums))
    store(shared, row, sum);
}

void VectorEpilogue::finish(Value first, Value n, bool isAligned, ArrayRef<Value> rows,
                            ArrayRef<Value> sums) {
  if (isAligned)
    return finish(first, Value(), rows, sums);
  Value isInside = arith::CmpIOp::create(v.b, v.loc, arith::CmpIPredicate::ule, v.add(first, v.lanes), n);
  v.branch(
      isInside, [&] { finish(first, Value(), rows, sums); },
      [&] { finish(first, v.maskOf(v.sub(n, v.min(first, n))), rows, sums); });
}

} // namespace hone
