// Quantize and dequantize operators.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static int64_t quantAxis(Node &n, Value x) {
  int64_t rank = n.rank(x), axis = n.integer("axis", 1);
  return rank == 0 ? 0 : axis >= -rank && axis < rank ? (axis < 0 ? axis + rank : axis) : 0;
}
static void dequantizeLinear(Node &n) {
  Value x = n.in(0);
  n.out(0, n.make<DequantizeOp>(Node::element(n.in(1)), x, n.in(1), n.has(2) ? n.in(2) : Value(), quantAxis(n, x), n.integer("block_size", 0)));
}
static void quantizeLinear(Node &n) {
  Value x = n.in(0);
  Type to = n.has(2) ? Node::element(n.in(2)) : Type(IntegerType::get(n.b.getContext(), 8, IntegerType::Unsigned));
  if (int64_t given = n.integer("output_dtype", 0); given && !n.has(2))
    to = elementTypeOf(n.b.getContext(), int(given));
  if (!to || !isa<IntegerType>(to)) {
    n.fail("the type to quantize to is not built");
    return;
  }
  n.out(0, n.make<QuantizeOp>(to, x, n.in(1), n.has(2) ? n.in(2) : Value(), to, quantAxis(n, x), n.integer("block_size", 0)));
}
static void dynamicQuantize(Node &n) {
  Value x = n.in(0);
  Type f32 = n.b.getF32Type(), u8 = IntegerType::get(n.b.getContext(), 8, IntegerType::Unsigned);
  SmallVector<int64_t> all;
  for (int64_t i = 0; i < n.rank(x); ++i)
    all.push_back(i);
  Value zero = n.constant(f32, 0), top = n.constant(f32, 255);
  Value high = n.like<MaxOp>(n.reduce(ReduceKind::max, x, all, false), zero), low = n.like<MinOp>(n.reduce(ReduceKind::min, x, all, false), zero);
  Value scale = n.div(n.sub(high, low), top);
  Value point = n.like<MinOp>(n.like<MaxOp>(n.like<RoundOp>(n.sub(zero, n.div(low, scale))), zero), top);
  point = n.cast(point, u8);
  n.out(0, n.make<QuantizeOp>(u8, x, scale, point, u8, int64_t(0), int64_t(0)));
  n.out(1, scale);
  n.out(2, point);
}

ArrayRef<OpRow> quantRows() {
  static const OpRow rows[] = {
      {"", "DequantizeLinear", 10, dequantizeLinear}, {"", "QuantizeLinear", 10, quantizeLinear}, {"", "DynamicQuantizeLinear", 11, dynamicQuantize},
  };
  return rows;
}

} // namespace hone
