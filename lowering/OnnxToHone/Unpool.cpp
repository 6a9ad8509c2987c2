// Pooling that says where its maxima were, and what puts them back.
#include "lowering/OnnxToHone/OpTable.h"
#include "lowering/OnnxToHone/Window.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// Elements of the dimensions behind each of `sizes` (1-D i64), `sizes.size() - 1` down to 0.
static SmallVector<Value> stridesOf(Node &n, ArrayRef<Value> sizes) {
  SmallVector<Value> strides(sizes.size());
  Value stride = n.i64(1);
  for (size_t i = sizes.size(); i-- > 0; stride = n.mul(stride, sizes[i]))
    strides[i] = stride;
  return strides;
}

Value maximaOf(Node &n, Value x, Value pooled, const Window &w) {
  int64_t spatial = n.rank(x) - 2, taps = 1;
  for (int64_t size : w.kernel)
    taps *= size;
  constexpr int64_t maxTaps = 1024;
  if (taps > maxTaps)
    return n.fail("indices of windows of more than " + Twine(maxTaps) + " elements are not built");
  // The elements of each window side by side: x filled so that every window fits, cut once a tap.
  SmallVector<Value> before = {n.i64(0), n.i64(0)}, after = before, counts;
  for (int64_t i = 0; i < spatial; ++i) {
    counts.push_back(n.extent(pooled, i + 2));
    Value reach = n.add(n.mul(n.sub(counts.back(), n.i64(1)), n.i64(w.strides[i])),
                        n.i64((w.kernel[i] - 1) * w.dilations[i] + 1 - w.pads[i]));
    before.push_back(n.i64(w.pads[i]));
    after.push_back(n.max(n.sub(reach, n.extent(x, i + 2)), n.i64(0)));
  }
  SmallVector<Value> pads;
  for (Value pad : llvm::concat<Value>(before, after))
    pads.push_back(n.unsqueeze(pad, {0}));
  Value low = Node::isFloat(x) ? n.number(x, -std::numeric_limits<double>::infinity())
                               : n.number(x, Node::isByte(x) ? 0 : -128);
  Value wide = n.make<PadOp>(Node::element(x), PadKind::constant, x, n.shapeFrom(pads), low);
  SmallVector<Value> cuts;
  for (int64_t tap = 0; tap < taps && !n.failed; ++tap) {
    SmallVector<Value> starts, ends;
    SmallVector<int64_t> steps;
    int64_t rest = tap;
    SmallVector<int64_t> at(spatial);
    for (int64_t i = spatial; i-- > 0; rest /= w.kernel[i])
      at[i] = rest % w.kernel[i] * w.dilations[i];
    for (int64_t i = 0; i < spatial; ++i) {
      starts.push_back(n.one(at[i]));
      ends.push_back(
          n.unsqueeze(n.add(n.mul(n.sub(counts[i], n.i64(1)), n.i64(w.strides[i])), n.i64(at[i] + 1)), {0}));
    }
    Value cut = n.like<SliceOp>(wide, n.shapeFrom(starts), n.shapeFrom(ends), n.integerTensor(w.strides),
                                axesFrom(2, spatial + 2));
    cuts.push_back(n.unsqueeze(cut, {spatial + 2}));
  }
  Value best = n.concat(cuts, spatial + 2);
  best =
      best ? n.make<ArgReduceOp>(n.b.getI64Type(), best, uint64_t(spatial + 2), false, false, false) : best;
  // From the tap to the position in the image, then to a number of the whole tensor.
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < spatial; ++i)
    sizes.push_back(n.extent(x, i + 2));
  SmallVector<Value> strides = stridesOf(n, sizes);
  if (n.integer("storage_order", 0)) { // the first spatial dimension is the innermost
    std::reverse(sizes.begin(), sizes.end());
    strides = stridesOf(n, sizes);
    std::reverse(strides.begin(), strides.end());
  }
  Value image = n.squeeze(n.product(x, 2, spatial + 2), {0});
  Value number = n.unsqueeze(n.mul(n.positions(x, 0), n.extent(x, 1)), {1});
  number = n.unsqueeze(n.mul(n.add(number, n.positions(x, 1)), image), axesFrom(2, spatial + 2));
  for (int64_t i = 0, inner = taps; i < spatial; ++i) {
    inner /= w.kernel[i];
    Value tap = n.like<ModOp>(n.div(best, n.i64(inner)), n.i64(w.kernel[i]), false);
    Value window = n.unsqueeze(n.mul(n.range(counts[i]), n.i64(w.strides[i])), axesFrom(1, spatial - i));
    Value at = n.sub(n.add(n.mul(tap, n.i64(w.dilations[i])), window), n.i64(w.pads[i]));
    number = n.add(number, n.mul(at, strides[i]));
  }
  return number;
}

/// The maxima back at their places, zeros elsewhere.
static void maxUnpool(Node &n) {
  Value x = n.in(0), at = n.in(1);
  Window w;
  if (!takeWindow(n, x, n.integers("kernel_shape"), w))
    return;
  int64_t spatial = n.rank(x) - 2;
  SmallVector<Value> sizes = {n.dims(x, 0, 2)};
  for (int64_t i = 0; i < spatial; ++i)
    sizes.push_back(n.add(n.mul(n.sub(n.dim(x, i + 2), n.one(1)), n.one(w.strides[i])),
                          n.one(w.kernel[i] - w.pads[i] - w.pads[i + spatial])));
  Value shape = n.shapeFrom(sizes), total = n.reduce(ReduceKind::prod, shape, {0}, true);
  Value flat = n.make<ScatterElementsOp>(Node::element(x), ScatterKind::set, n.fill(total, n.number(x, 0)),
                                         n.reshape(at, {-1}), n.reshape(x, {-1}), uint64_t(0));
  Value y = n.reshapeTo(flat, shape);
  if (n.has(2)) { // a larger image gets the rest at its ends
    Value more = n.sub(n.cast(n.in(2), n.b.getI64Type()), shape);
    Value pads = n.concat({n.integerTensor(SmallVector<int64_t>(spatial + 2, 0)), more}, 0);
    y = n.make<PadOp>(Node::element(y), PadKind::constant, y, pads, n.number(y, 0));
  }
  n.out(0, y);
}

ArrayRef<OpRow> unpoolRows() {
  static const OpRow rows[] = {{"", "MaxUnpool", 9, maxUnpool, 2, 3}};
  return rows;
}

} // namespace hone
