// Operators that pick or write elements by index, and masks made from positions.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static int64_t axisAttribute(Node &n, Value x) { return n.axis(n.integer("axis", 0), n.rank(x)); }

static void gather(Node &n) { n.out(0, n.gather(n.in(0), n.in(1), axisAttribute(n, n.in(0)))); }
static void gatherElements(Node &n) {
  n.out(0, n.like<GatherElementsOp>(n.in(0), n.in(1), axisAttribute(n, n.in(0))));
}
static void gatherND(Node &n) { n.out(0, n.like<GatherNDOp>(n.in(0), n.in(1), n.integer("batch_dims", 0))); }

static std::optional<ScatterKind> scatterKind(Node &n) {
  std::string name = n.text("reduction", "none");
  auto kind = name == "none" ? ScatterKind::set : symbolizeScatterKind(name);
  if (!kind)
    n.fail("expected a reduction 'none', 'add', 'mul', 'min' or 'max', got '" + name + "'");
  return kind;
}
static void scatterElements(Node &n) {
  Value x = n.in(0);
  if (auto kind = scatterKind(n))
    n.out(0, n.make<ScatterElementsOp>(Node::element(x), *kind, x, n.in(1), n.in(2), axisAttribute(n, x)));
}
static void scatterND(Node &n) {
  if (auto kind = scatterKind(n))
    n.out(0, n.make<ScatterNDOp>(Node::element(n.in(0)), *kind, n.in(0), n.in(1), n.in(2)));
}
/// Writes `update` into the cache along an axis, from a start for each row of the batch.
static void tensorScatter(Node &n) {
  Value cache = n.in(0), update = n.in(1);
  int64_t rank = n.rank(cache), axis = n.axis(n.integer("axis", -2), rank);
  if (axis == 0 || n.rank(update) != rank) {
    n.fail("expected a cache and an update of one rank, written along an axis after the batch");
    return;
  }
  Value at = n.unsqueeze(n.positions(update, axis), axesFrom(1, rank - axis));
  if (n.has(2))
    at = n.add(at, n.unsqueeze(n.cast(n.in(2), n.b.getI64Type()), axesFrom(1, rank)));
  if (n.text("mode", "linear") == "circular")
    at = n.like<ModOp>(at, n.extent(cache, axis), false);
  n.out(0, n.make<ScatterElementsOp>(Node::element(cache), ScatterKind::set, cache,
                                     n.expand(at, n.dims(update)), update, axis));
}

/// The slices whose condition holds.
static void compress(Node &n) {
  Value x = n.in(0);
  bool isFlat = !n.hasAttribute("axis");
  int64_t axis = isFlat ? 0 : axisAttribute(n, x);
  if (isFlat)
    x = n.reshape(x, {-1});
  n.out(0, n.gather(x, n.pick(n.make<NonZeroOp>(n.b.getI64Type(), n.in(1)), 0, 0), axis));
}
/// The first `lengths` elements of each row in reverse order.
static void reverseSequence(Node &n) {
  Value x = n.in(0), lengths = n.cast(n.in(1), n.b.getI64Type());
  int64_t rank = n.rank(x), time = n.integer("time_axis", 0), batch = n.integer("batch_axis", 1);
  if (rank < 2 || time + batch != 1) {
    n.fail("expected time and batch as the first two axes");
    return;
  }
  Value at = n.unsqueeze(n.positions(x, time), {time == 0 ? 1 : 0});
  lengths = n.unsqueeze(lengths, {time});
  Value mirrored = n.sub(n.sub(lengths, n.i64(1)), at);
  at = n.select(n.compare(CmpKind::lt, at, lengths), mirrored, at);
  n.out(0, n.like<GatherElementsOp>(x, n.expand(n.unsqueeze(at, axesFrom(2, rank)), n.dims(x)), time));
}

//===-- from positions -----------------------------------------------------------------===//

static void trilu(Node &n) {
  Value x = n.in(0);
  if (n.rank(x) < 2) {
    n.fail("expected an input of rank 2 or more");
    return;
  }
  Value rows = n.unsqueeze(n.positions(x, n.rank(x) - 2), {1}), columns = n.positions(x, n.rank(x) - 1);
  Value diagonal = n.has(1) ? n.add(rows, n.in(1)) : rows;
  Value keep = n.compare(n.integer("upper", 1) ? CmpKind::ge : CmpKind::le, columns, diagonal);
  n.out(0, n.select(keep, x, n.number(x, 0)));
}
static void oneHot(Node &n) {
  Type i64 = n.b.getI64Type();
  Value indices = n.cast(n.in(0), i64), depth = n.cast(n.in(1), i64), values = n.in(2);
  int64_t rank = n.rank(indices) + 1, axis = n.axis(n.integer("axis", -1), rank);
  depth = n.squeeze(depth, axesFrom(0, n.rank(depth)));
  Value wrapped = n.select(n.compare(CmpKind::lt, indices, n.i64(0)), n.add(indices, depth), indices);
  Value classes = n.unsqueeze(n.range(depth), axesFrom(1, rank - axis));
  n.out(0, n.select(n.compare(CmpKind::eq, n.unsqueeze(wrapped, {axis}), classes), n.pick(values, 0, 1),
                    n.pick(values, 0, 0)));
}
static void eyeLike(Node &n) {
  Value x = n.in(0);
  Type to = n.hasAttribute("dtype") ? n.typeNumber(n.integer("dtype", 1)) : Node::element(x);
  if (n.rank(x) != 2) {
    n.fail("expected an input of rank 2");
    return;
  }
  Value diagonal = n.add(n.unsqueeze(n.positions(x, 0), {1}), n.i64(n.integer("k", 0)));
  n.out(0, n.cast(n.compare(CmpKind::eq, n.positions(x, 1), diagonal), to));
}

/// Window functions of signal processing: sums of cosines over 0 ... size-1.
template <int kind> // 0 Hann, 1 Hamming, 2 Blackman
static void window(Node &n) {
  static constexpr double pi = 3.14159265358979323846;
  static constexpr double weights[3][3] = {
      {0.5, 0.5, 0}, {25.0 / 46.0, 1 - 25.0 / 46.0, 0}, {0.42, 0.5, 0.08}};
  Type to = n.typeNumber(n.integer("output_datatype", 1)), f32 = n.b.getF32Type();
  Value size = n.cast(n.squeeze(n.in(0), axesFrom(0, n.rank(n.in(0)))), n.b.getI64Type());
  Value at = n.cast(n.range(size), f32),
        span = n.cast(n.integer("periodic", 1) ? size : n.sub(size, n.i64(1)), f32);
  Value angle = n.div(n.mul(at, n.constant(f32, 2 * pi)), span);
  Value y = n.sub(n.constant(f32, weights[kind][0]),
                  n.mul(n.like<CosOp>(angle), n.constant(f32, weights[kind][1])));
  if (weights[kind][2] != 0)
    y = n.add(y, n.mul(n.like<CosOp>(n.mul(angle, n.constant(f32, 2))), n.constant(f32, weights[kind][2])));
  n.out(0, n.cast(y, to));
}

ArrayRef<OpRow> indexingRows() {
  static const OpRow rows[] = {
      {"", "Gather", 1, gather, 2, 2},
      {"", "GatherElements", 11, gatherElements, 2, 2},
      {"", "GatherND", 11, gatherND, 2, 2},
      {"", "Scatter", 9, scatterElements, 3, 3},
      {"", "ScatterElements", 11, scatterElements, 3, 3},
      {"", "ScatterND", 11, scatterND, 3, 3},
      {"", "TensorScatter", 24, tensorScatter, 2, 3},
      {"", "Compress", 9, compress, 2, 2},
      {"", "ReverseSequence", 10, reverseSequence, 2, 2},
      {"", "Trilu", 14, trilu, 1, 2},
      {"com.microsoft", "Trilu", 1, trilu, 1, 2},
      {"", "OneHot", 9, oneHot, 3, 3},
      {"", "EyeLike", 9, eyeLike},
      {"", "HannWindow", 17, window<0>},
      {"", "HammingWindow", 17, window<1>},
      {"", "BlackmanWindow", 17, window<2>},
  };
  return rows;
}

} // namespace hone
