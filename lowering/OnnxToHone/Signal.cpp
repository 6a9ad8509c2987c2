// Fourier transforms and mel weights. A transform is a product with a table of cosines and sines, which fold
// when the length is known; angles are reduced in integers, so that long transforms stay exact.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {

/// The real and the imaginary parts; `imaginary` is null for real signals.
struct Complex {
  Value real, imaginary;
};

/// x [..., 1 or 2] by its last dimension.
Complex partsOf(Node &n, Value x) {
  int64_t last = n.rank(x) - 1, parts = n.knownSize(x, last, "real and imaginary parts");
  if (parts != 1 && parts != 2)
    n.fail("expected 1 or 2 parts in the last dimension, got " + Twine(parts));
  return {n.pick(x, last, 0), parts == 2 ? n.pick(x, last, 1) : Value()};
}

/// Sums over the last dimension: y[k] = sum of x[i] e^(-+2 pi j k i / length), i below `length`, k below
/// `count`.
Complex transformed(Node &n, Complex x, Value length, Value count, bool inverse, bool wantsImaginary = true) {
  if (n.failed)
    return {};
  Type element = Node::element(x.real);
  Value turns = n.like<ModOp>(n.mul(n.unsqueeze(n.range(length), {1}), n.range(count)), length, false);
  Type table = element.isF64() ? element : Type(n.b.getF32Type());
  Value angle = n.mul(n.cast(turns, table), n.div(n.constant(table, 2 * M_PI), n.cast(length, table)));
  Value cos = n.cast(n.like<CosOp>(angle), element), sin = n.cast(n.like<SinOp>(angle), element);
  if (!inverse)
    sin = n.like<NegOp>(sin);
  Complex y{n.matmul(x.real, cos), wantsImaginary ? n.matmul(x.real, sin) : Value()};
  if (x.imaginary) {
    y.real = n.sub(y.real, n.matmul(x.imaginary, sin));
    if (wantsImaginary)
      y.imaginary = n.add(y.imaginary, n.matmul(x.imaginary, cos));
  }
  if (inverse) {
    Value scale = n.cast(length, element);
    y = {n.div(y.real, scale), y.imaginary ? n.div(y.imaginary, scale) : y.imaginary};
  }
  return y;
}

/// The parts side by side in a new last dimension.
Value joined(Node &n, Complex y) {
  int64_t rank = n.rank(y.real);
  Value real = n.unsqueeze(y.real, {rank});
  return y.imaginary ? n.concat({real, n.unsqueeze(y.imaginary, {rank})}, rank) : real;
}

/// Cut or filled with zeros to `length` along the last dimension.
Value withLength(Node &n, Value x, Value length) {
  if (!x)
    return x;
  int64_t rank = n.rank(x);
  SmallVector<int64_t> mark(2 * rank, 0);
  mark.back() = 1;
  Value pads = n.mul(n.sub(length, n.extent(x, rank - 1)), n.integerTensor(mark));
  return n.make<PadOp>(Node::element(x), PadKind::constant, x, pads, n.number(x, 0));
}

Value scalarInteger(Node &n, Value x) { return n.cast(n.rank(x) ? n.reshape(x, {}) : x, n.b.getI64Type()); }
Value half(Node &n, Value length) { return n.add(n.div(length, n.i64(2)), n.i64(1)); }

} // namespace

static void dftAlong(Node &n, int64_t axis) {
  Complex x = partsOf(n, n.in(0));
  int64_t rank = n.rank(x.real);
  bool inverse = n.integer("inverse", 0), oneSided = n.integer("onesided", 0);
  if (n.failed || axis < 0 || axis >= rank) {
    n.fail("expected an axis of the signal's");
    return;
  }
  SmallVector<int64_t> perm = axesFrom(0, rank); // its own inverse
  std::swap(perm[axis], perm[rank - 1]);
  x = {n.transpose(x.real, perm), x.imaginary ? n.transpose(x.imaginary, perm) : x.imaginary};
  Value have = n.extent(x.real, rank - 1), length = have;
  bool isHalf = inverse && oneSided; // half of a symmetric spectrum gives a real signal
  if (n.has(1))
    length = scalarInteger(n, n.in(1));
  else if (isHalf)
    length = n.mul(n.sub(have, n.i64(1)), n.i64(2));
  if (n.has(1) || isHalf) {
    Value bins = isHalf ? half(n, length) : length;
    x = {withLength(n, x.real, bins), withLength(n, x.imaginary, bins)};
  }
  if (isHalf) { // the other half: bins length - 1 down to the middle, conjugated
    Value at = n.range(length), bins = half(n, length);
    Value mirrored = n.compare(CmpKind::ge, at, bins);
    at = n.select(mirrored, n.sub(length, at), at);
    x.real = n.gather(x.real, at, rank - 1);
    if (x.imaginary) {
      Value sign = n.select(mirrored, n.number(x.real, -1), n.number(x.real, 1));
      x.imaginary = n.mul(n.gather(x.imaginary, at, rank - 1), sign);
    }
  }
  Value count = oneSided && !inverse ? half(n, length) : length;
  Complex y = transformed(n, x, length, count, inverse, !isHalf);
  n.out(0,
        joined(n, {n.transpose(y.real, perm), y.imaginary ? n.transpose(y.imaginary, perm) : y.imaginary}));
}
static void dft17(Node &n) { dftAlong(n, n.axis(n.integer("axis", 1), n.rank(n.in(0)))); }
static void dft20(Node &n) {
  std::vector<int64_t> axis = n.has(2) ? n.known(2, "axis") : std::vector<int64_t>{-2};
  if (axis.size() != 1)
    n.fail("expected one axis");
  else
    dftAlong(n, n.axis(axis[0], n.rank(n.in(0))));
}

/// Inputs signal [B, length, 1 or 2], step, window, frame length.
static void stft(Node &n) {
  if (n.rank(n.in(0)) != 3) {
    n.fail("expected a signal [batch, length, 1 or 2]");
    return;
  }
  Complex x = partsOf(n, n.in(0));
  if (n.failed)
    return;
  Value step = scalarInteger(n, n.in(1)), window = n.in(2), samples = n.extent(x.real, 1);
  Value length = n.has(3) ? scalarInteger(n, n.in(3)) : window ? n.extent(window, 0) : samples;
  Value frames = n.add(n.div(n.sub(samples, length), step), n.i64(1));
  Value at = n.add(n.unsqueeze(n.mul(n.range(frames), step), {1}), n.range(length));
  auto framed = [&](Value v) -> Value {
    if (!v)
      return v;
    Value y = n.gather(v, at, 1); // [B, frames, length]
    return window ? n.mul(y, n.cast(window, Node::element(y))) : y;
  };
  bool oneSided = n.integer("onesided", 1) && !x.imaginary;
  n.out(0, joined(n, transformed(n, {framed(x.real), framed(x.imaginary)}, length,
                                 oneSided ? half(n, length) : length, false)));
}

/// Triangles over spectrogram bins, [bins, bands].
static void melWeightMatrix(Node &n) {
  Type f64 = n.b.getF64Type();
  auto real = [&](int i) { return n.cast(n.rank(n.in(i)) ? n.reshape(n.in(i), {}) : n.in(i), f64); };
  auto number = [&](double value) { return n.constant(f64, value); };
  Value bands = scalarInteger(n, n.in(0)), length = scalarInteger(n, n.in(1));
  auto mel = [&](Value hertz) {
    return n.mul(n.like<LogOp>(n.add(n.div(hertz, number(700)), number(1))), number(2595 / M_LN10));
  };
  Value low = mel(real(3)), edges = n.add(bands, n.i64(2));
  Value step = n.div(n.sub(mel(real(4)), low), n.cast(edges, f64));
  Value at = n.add(n.mul(n.cast(n.range(edges), f64), step), low);
  Value hertz = n.mul(n.sub(n.like<ExpOp>(n.div(at, number(2595 / M_LN10))), number(1)), number(700));
  Value bin = n.like<FloorOp>(n.div(n.mul(n.cast(n.add(length, n.i64(1)), f64), hertz), real(2)));
  auto edge = [&](int64_t from) {
    return n.like<SliceOp>(bin, n.one(from), n.unsqueeze(n.add(bands, n.i64(from)), {0}), n.one(1),
                           ArrayRef<int64_t>{0});
  };
  Value left = edge(0), centre = edge(1), right = edge(2);
  Value row = n.unsqueeze(n.cast(n.range(half(n, length)), f64), {1});
  Value isPeak = n.compare(CmpKind::eq, row, centre);
  Value up = n.div(n.sub(row, left), n.max(n.sub(centre, left), number(1)));
  Value down = n.div(n.sub(right, row), n.max(n.sub(right, centre), number(1)));
  Value isUp = n.both(n.compare(CmpKind::ge, row, left), n.compare(CmpKind::lt, row, centre));
  Value isDown = n.both(n.compare(CmpKind::gt, row, centre), n.compare(CmpKind::lt, row, right));
  Value weights = n.select(isPeak, number(1), n.select(isUp, up, n.select(isDown, down, number(0))));
  Type to = n.typeNumber(n.integer("output_datatype", 1));
  n.out(0, n.cast(weights, to));
}

ArrayRef<OpRow> signalRows() {
  static const OpRow rows[] = {{"", "DFT", 17, dft17, 1, 2},
                               {"", "DFT", 20, dft20, 1, 3},
                               {"", "STFT", 17, stft, 2, 4},
                               {"", "MelWeightMatrix", 17, melWeightMatrix, 5, 5}};
  return rows;
}

} // namespace hone
