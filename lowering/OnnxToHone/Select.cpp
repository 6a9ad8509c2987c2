// Sorting and picking.
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

ArrayRef<OpRow> selectRows() {
  static const OpRow rows[] = {
      {"", "TopK", 1, topK1}, {"", "TopK", 10, topK10, 2, 2}, {"", "NonZero", 9, nonZero}};
  return rows;
}

} // namespace hone
