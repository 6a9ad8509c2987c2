// Sorting and picking: what the runtime's library does, and what sorts make of it.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static void topKOf(Node &n, Value k) {
  Value x = n.in(0);
  int64_t axis = n.axis(n.integer("axis", -1), n.rank(x));
  auto known = k ? n.shapes.constants(k) : std::nullopt;
  int64_t size = n.size(x, axis);
  if (known && known->size() == 1 &&
      (known->front() < 0 || (!ShapedType::isDynamic(size) && known->front() > size)))
    n.fail("expected k of 0 to " + (ShapedType::isDynamic(size) ? "the size" : std::to_string(size)) +
           ", got " + Twine(known->front()));
  if (n.failed)
    return;
  Type open = UnrankedTensorType::get(Node::element(x));
  auto op = TopKOp::create(n.b, n.loc, TypeRange{open, UnrankedTensorType::get(n.b.getI64Type())}, x, k,
                           uint64_t(axis), !n.integer("largest", 1));
  if (!n.infer(op))
    return;
  n.out(0, op.getValues());
  n.out(1, op.getIndices());
}
static void topK1(Node &n) { topKOf(n, n.one(n.required("k"))); }
static void topK10(Node &n) { topKOf(n, n.in(1)); }
static void nonZero(Node &n) { n.out(0, n.make<NonZeroOp>(n.b.getI64Type(), n.in(0))); }

/// The selected boxes as (batch, class, box), those of a class by falling score.
static void nonMaxSuppression(Node &n) {
  Value boxes = n.in(0), scores = n.in(1);
  Type i64 = n.b.getI64Type(), f32 = n.b.getF32Type();
  auto scalar = [&](int i, Type type, double otherwise) {
    Value v = n.in(i);
    return v ? n.cast(n.rank(v) ? n.reshape(v, {}) : v, type) : n.constant(type, otherwise);
  };
  Value most = scalar(2, i64, 0), overlap = scalar(3, f32, 0),
        least = scalar(4, f32, -std::numeric_limits<double>::infinity());
  // [batch, class, rank]: the box that comes at this rank, or -1.
  Value order =
      n.make<NmsOp>(i64, boxes, scores, most, overlap, least, bool(n.integer("center_point_box", 0)));
  Value found = n.compare(CmpKind::ge, order, n.number(order, 0));
  Value at = n.transpose(n.make<NonZeroOp>(i64, found), {1, 0}); // [boxes, 3], in the order that is asked for
  Value box = n.unsqueeze(n.like<GatherNDOp>(order, at, int64_t(0)), {1});
  n.out(0, n.concat({n.slice(at, 1, 0, 2), box}, 1));
}

/// By sorting: equal slices become neighbours, the first of each run stays.
static void unique(Node &n) {
  Value x = n.in(0);
  bool isFlat = !n.hasAttribute("axis");
  int64_t axis = isFlat ? 0 : n.axis(n.integer("axis", 0), n.rank(x));
  if (isFlat)
    x = n.reshape(x, {-1});
  if (n.failed)
    return;
  Type i64 = n.b.getI64Type();
  SmallVector<int64_t> perm = {axis};
  for (int64_t i = 0; i < n.rank(x); ++i)
    if (i != axis)
      perm.push_back(i);
  Value count = n.dim(x, axis), slices = n.reshapeTo(n.transpose(x, perm), n.shapeFrom({count, n.one(-1)}));
  int64_t columns = n.knownSize(slices, 1, "slices that are compared");
  constexpr int64_t maxColumns = 64;
  if (columns > maxColumns)
    n.fail("slices of more than " + Twine(maxColumns) + " elements are not built");
  // Stable sorts by one column after the other, the first column last.
  Value order = n.range(n.squeeze(count, {0}));
  auto sortedBy = [&](Value keys) -> Value {
    if (n.failed || !keys)
      return {};
    Value all = n.dim(keys, 0);
    Type of = UnrankedTensorType::get(Node::element(keys));
    auto op = TopKOp::create(n.b, n.loc, TypeRange{of, UnrankedTensorType::get(i64)}, keys, all, uint64_t(0),
                             /*smallest=*/true);
    return n.infer(op) ? op.getIndices() : Value();
  };
  for (int64_t column = columns - 1; column >= 0 && !n.failed; --column)
    order = n.gather(order, sortedBy(n.gather(n.pick(slices, 1, column), order, 0)), 0);
  Value sorted = n.gather(slices, order, 0), one = n.one(1);
  auto rows = [&](Value from, Value to) {
    return n.like<SliceOp>(sorted, from, to, one, ArrayRef<int64_t>{0});
  };
  Value differs = n.cast(n.compare(CmpKind::ne, rows(one, count), rows(n.one(0), n.sub(count, one))), i64);
  differs = n.reduce(ReduceKind::max, differs, {1}, false);
  Value isFirst = n.concat({n.slice(n.fill(count, n.i64(1)), 0, 0, 1), differs}, 0);
  Value group = n.sub(n.like<CumSumOp>(isFirst, uint64_t(0), false, false, false), n.i64(1));
  // Of a run the first stands first in the input too, since the sorts are stable.
  Value firsts = n.gather(order, n.pick(n.make<NonZeroOp>(i64, isFirst), 0, 0), 0), number = group;
  if (!n.integer("sorted", 1)) { // in the order of the first ones
    Value byPlace = n.gather(n.range(n.extent(firsts, 0)), sortedBy(firsts), 0), places = n.dims(firsts);
    Value newNumber = n.make<ScatterElementsOp>(i64, ScatterKind::set, n.fill(places, n.i64(0)), byPlace,
                                                n.range(n.squeeze(places, {0})), uint64_t(0));
    number = n.gather(newNumber, group, 0);
    firsts = n.gather(firsts, byPlace, 0);
  }
  n.out(0, n.gather(x, firsts, axis));
  n.out(1, firsts);
  if (n.wants(2))
    n.out(2, n.make<ScatterElementsOp>(i64, ScatterKind::set, n.fill(count, n.i64(0)), order, number,
                                       uint64_t(0)));
  if (n.wants(3))
    n.out(3, n.make<ScatterElementsOp>(i64, ScatterKind::add, n.fill(n.dims(firsts), n.i64(0)), number,
                                       n.fill(count, n.i64(1)), uint64_t(0)));
}

ArrayRef<OpRow> selectRows() {
  static const OpRow rows[] = {{"", "TopK", 1, topK1},
                               {"", "TopK", 10, topK10, 2, 2},
                               {"", "NonZero", 9, nonZero},
                               {"", "NonMaxSuppression", 10, nonMaxSuppression, 2, 5},
                               {"", "Unique", 11, unique}};
  return rows;
}

} // namespace hone
