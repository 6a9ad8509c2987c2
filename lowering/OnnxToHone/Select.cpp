// Sorting and picking.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static void topK(Node &n) {
  Value x = n.in(0), k = n.opset < 10 ? n.integerTensor({n.integer("k", 1)}) : n.in(1);
  if (n.failed)
    return;
  Type open = UnrankedTensorType::get(Node::element(x));
  auto op = TopKOp::create(n.b, n.loc, TypeRange{open, UnrankedTensorType::get(n.b.getI64Type())}, x, k,
                           uint64_t(n.axis(n.integer("axis", -1), n.rank(x))), !n.integer("largest", 1));
  if (!n.infer(op))
    return;
  n.out(0, op.getValues());
  n.out(1, op.getIndices());
}
static void nonZero(Node &n) { n.out(0, n.make<NonZeroOp>(n.b.getI64Type(), n.in(0))); }

ArrayRef<OpRow> selectRows() {
  static const OpRow rows[] = {{"", "TopK", 1, topK}, {"", "NonZero", 9, nonZero}};
  return rows;
}

} // namespace hone
