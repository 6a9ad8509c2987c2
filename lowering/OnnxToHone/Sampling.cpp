// Operators that read an image between its pixels: sampling grids, regions of interest, deformable
// convolution. Positions are tensors, pixels are gathered from the flattened image and weighted.
#include "lowering/OnnxToHone/OpTable.h"
#include "lowering/OnnxToHone/Window.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

namespace {

enum class Outside { zeros, border, reflection };
enum class Between { nearest, linear, cubic };

/// One of the pixels around each position: which along an axis (i64), and its weight (null: 1).
struct Tap {
  Value at, weight;
};

/// Reads an image [N, C, spatial...] at positions [N, K] an axis.
struct Sampler {
  Node &n;
  Value image;
  Outside outside;
  Between between;

  Value whole(Value x) { return n.cast(x, n.b.getI64Type()); }
  Value size(int64_t axis) { return n.extent(image, axis + 2); }
  Value sizeAs(Value like, int64_t axis) { return like ? n.cast(size(axis), Node::element(like)) : like; }

  /// Between the borders by going back and forth; `isCentred` when they are the centres of the outer pixels.
  Value reflected(Value x, int64_t axis, bool isCentred) {
    Value from = n.number(x, isCentred ? 0 : -0.5), to = sizeAs(x, axis);
    Value span = n.max(isCentred ? n.sub(to, n.number(x, 1)) : to, n.number(x, 1e-6));
    Value way = n.like<ModOp>(n.sub(x, from), n.mul(span, n.number(x, 2)), false);
    return n.add(n.min(way, n.sub(n.mul(span, n.number(x, 2)), way)), from);
  }
  Value clamped(Value at, int64_t axis) { return n.max(n.min(at, n.sub(size(axis), n.i64(1))), n.i64(0)); }

  /// The tap `step` pixels after `base` (a float), with what the policy makes of pixels outside.
  Tap tap(Value base, int64_t step, Value weight, int64_t axis, bool isCentred) {
    Value at = step ? n.add(base, n.number(base, double(step))) : base;
    if (outside == Outside::reflection)
      at = reflected(at, axis, isCentred);
    if (outside == Outside::zeros) {
      Value inside =
          n.both(n.compare(CmpKind::ge, at, n.number(at, 0)), n.compare(CmpKind::lt, at, sizeAs(at, axis)));
      weight = n.select(inside, weight ? weight : n.number(at, 1), n.number(at, 0));
    }
    return {clamped(whole(at), axis), weight};
  }

  SmallVector<Tap> taps(Value x, int64_t axis, bool isCentred) {
    if (between == Between::nearest)
      return {tap(n.like<RoundOp>(x), 0, {}, axis, isCentred)};
    Value base = n.like<FloorOp>(x), t = n.sub(x, base), one = n.number(x, 1);
    if (between == Between::linear)
      return {tap(base, 0, n.sub(one, t), axis, isCentred), tap(base, 1, t, axis, isCentred)};
    constexpr double a = -0.75; // cubic convolution: near taps, then far ones
    auto polynomial = [&](Value d, std::array<double, 4> c) {
      Value y = n.add(n.mul(d, n.number(d, c[0])), n.number(d, c[1]));
      y = n.add(n.mul(y, d), n.number(d, c[2]));
      return n.add(n.mul(y, d), n.number(d, c[3]));
    };
    std::array<double, 4> near = {a + 2, -(a + 3), 0, 1}, far = {a, -5 * a, 8 * a, -4 * a};
    Value rest = n.sub(one, t);
    return {tap(base, -1, polynomial(n.add(t, one), far), axis, isCentred),
            tap(base, 0, polynomial(t, near), axis, isCentred),
            tap(base, 1, polynomial(rest, near), axis, isCentred),
            tap(base, 2, polynomial(n.add(rest, one), far), axis, isCentred)};
  }

  /// Calls `term` with pixels [N, C, K] and weights [N, 1, K] (null: 1), once for each combination of taps.
  void visit(ArrayRef<Value> positions, bool isCentred, function_ref<void(Value pixels, Value weight)> term) {
    SmallVector<SmallVector<Tap>> axes;
    for (auto [axis, position] : llvm::enumerate(positions))
      axes.push_back(taps(position, int64_t(axis), isCentred));
    Value flat = n.reshapeTo(image, n.shapeFrom({n.dims(image, 0, 2), n.product(image, 2, n.rank(image))}));
    std::function<void(size_t, Value, Value)> combine = [&](size_t axis, Value at, Value weight) {
      if (n.failed)
        return;
      if (axis == axes.size()) {
        Value shape = n.shapeFrom({n.dims(flat, 0, 2), n.dim(at, 1)});
        term(n.like<GatherElementsOp>(flat, n.expand(n.unsqueeze(at, {1}), shape), uint64_t(2)),
             weight ? n.unsqueeze(weight, {1}) : weight);
        return;
      }
      for (Tap &tap : axes[axis])
        combine(axis + 1, at ? n.add(n.mul(at, size(int64_t(axis))), tap.at) : tap.at,
                weight && tap.weight ? n.mul(weight, tap.weight)
                : tap.weight         ? tap.weight
                                     : weight);
    };
    combine(0, {}, {});
  }

  /// [N, C, K]: the weighted sum of the pixels.
  Value interpolated(ArrayRef<Value> positions, bool isCentred) {
    Value total;
    visit(positions, isCentred, [&](Value pixels, Value weight) {
      Value part = weight ? n.mul(pixels, n.cast(weight, Node::element(pixels))) : pixels;
      total = total ? n.add(total, part) : part;
    });
    return total;
  }
};

} // namespace

static void gridSample(Node &n) {
  Value x = n.in(0), grid = n.in(1);
  int64_t spatial = n.rank(x) - 2;
  if (spatial < 1 || n.rank(grid) != spatial + 2 || n.size(grid, -1) != spatial) {
    n.fail("expected an image [N, C, ...] and a grid [N, ..., " + Twine(std::max<int64_t>(spatial, 0)) + "]");
    return;
  }
  std::string mode = n.text("mode", "linear"), padding = n.text("padding_mode", "zeros");
  auto between = llvm::StringSwitch<std::optional<Between>>(mode)
                     .Cases({"linear", "bilinear"}, Between::linear)
                     .Cases({"cubic", "bicubic"}, Between::cubic)
                     .Case("nearest", Between::nearest)
                     .Default(std::nullopt);
  auto outside = llvm::StringSwitch<std::optional<Outside>>(padding)
                     .Case("zeros", Outside::zeros)
                     .Case("border", Outside::border)
                     .Case("reflection", Outside::reflection)
                     .Default(std::nullopt);
  if (!between || !outside) {
    n.fail("expected a known mode and padding_mode, got '" + mode + "' and '" + padding + "'");
    return;
  }
  if (*between == Between::cubic && *outside == Outside::border) {
    n.fail("cubic sampling with a repeated border is not built");
    return;
  }
  bool isCentred = n.integer("align_corners", 0);
  Sampler sampler{n, x, *outside, *between};
  Value rows =
      n.reshapeTo(grid, n.shapeFrom({n.dim(grid, 0), n.product(grid, 1, spatial + 1), n.one(spatial)}));
  SmallVector<Value> positions;
  for (int64_t axis = 0; axis < spatial && !n.failed; ++axis) { // the grid names the last dimension first
    Value at = n.pick(rows, 2, spatial - 1 - axis), one = n.number(at, 1), half = n.number(at, 0.5);
    Value size = sampler.sizeAs(at, axis);
    at = isCentred ? n.mul(n.mul(n.add(at, one), half), n.sub(size, one))
                   : n.mul(n.sub(n.mul(n.add(at, one), size), one), half);
    if (*between == Between::nearest)
      at = n.like<RoundOp>(at);
    if (*outside == Outside::border)
      at = n.max(n.min(at, n.sub(size, one)), n.number(at, 0));
    else if (*outside == Outside::reflection)
      at = sampler.reflected(at, axis, isCentred);
    positions.push_back(at);
  }
  Value y = n.failed ? Value() : sampler.interpolated(positions, isCentred);
  n.out(0, n.reshapeTo(y, n.shapeFrom({n.dims(x, 0, 2), n.dims(grid, 1, spatial + 1)})));
}

/// theta [N, r, r + 1] applied to the pixels of an image of `size` [N, C, ...].
static void affineGrid(Node &n) {
  Value theta = n.in(0), size = n.in(1);
  int64_t spatial = n.knownSize(size, 0, "the size") - 2;
  if (n.rank(theta) != 3 || (spatial != 2 && spatial != 3)) {
    n.fail("expected theta [N, 2, 3] or [N, 3, 4] and as many sizes");
    return;
  }
  Type element = Node::element(theta);
  auto number = [&](double value) { return n.constant(element, value); };
  SmallVector<Value> positions; // x first, each along its dimension of the result
  for (int64_t axis = spatial - 1; axis >= 0; --axis) {
    Value extent = n.cast(n.pick(size, 0, axis + 2), n.b.getI64Type()), length = n.cast(extent, element);
    Value twice = n.mul(n.cast(n.range(extent), element), number(2));
    Value at = n.integer("align_corners", 0)
                   ? n.sub(n.div(twice, n.max(n.sub(length, number(1)), number(1))), number(1))
                   : n.sub(n.div(n.add(twice, number(1)), length), number(1));
    positions.push_back(n.unsqueeze(at, axesFrom(1, spatial - axis)));
  }
  SmallVector<Value> parts;
  for (int64_t row = 0; row < spatial && !n.failed; ++row) {
    auto factor = [&](int64_t column) {
      return n.unsqueeze(n.pick(n.pick(theta, 1, row), 1, column), axesFrom(1, spatial + 1));
    };
    Value sum = factor(spatial);
    for (int64_t column = 0; column < spatial; ++column)
      sum = n.add(sum, n.mul(factor(column), positions[column]));
    parts.push_back(n.unsqueeze(sum, {spatial + 1}));
  }
  n.out(0, n.concat(parts, spatial + 1));
}

/// Each region is cut into bins, each bin sampled at a grid of points, whose mean or maximum is the result.
static void roiAlign(Node &n) {
  Value x = n.in(0), rois = n.in(1);
  if (n.rank(x) != 4 || n.rank(rois) != 2) {
    n.fail("expected an image [N, C, H, W] and regions [R, 4]");
    return;
  }
  bool isHalf = n.text("coordinate_transformation_mode", n.opset < 16 ? "output_half_pixel" : "half_pixel") ==
                "half_pixel";
  bool isMax = n.text("mode", "avg") == "max";
  int64_t ratio = n.integer("sampling_ratio", 0);
  Type element = Node::element(rois), i64 = n.b.getI64Type();
  auto number = [&](double value) { return n.constant(element, value); };
  Sampler sampler{n, n.gather(x, n.cast(n.in(2), i64), 0), Outside::border, Between::linear};
  Value scaled = n.sub(n.mul(rois, number(n.real("spatial_scale", 1))), number(isHalf ? 0.5 : 0));
  Value positions[2], shape[2][2]; // bins and points of an axis
  Value counts[2], inside[2];
  for (int64_t axis = 0; axis < 2 && !n.failed; ++axis) { // y, then x
    int64_t bins = n.integer(axis ? "output_width" : "output_height", 1);
    Value start = n.pick(scaled, 1, 1 - axis), length = n.sub(n.pick(scaled, 1, 3 - axis), start);
    if (!isHalf)
      length = n.max(length, number(1));
    Value bin = n.div(length, number(double(bins)));
    // Without a ratio each region has its own number of points; the largest counts for all, marked.
    Value own = ratio > 0 ? number(double(ratio)) : n.max(n.like<CeilOp>(bin), number(0));
    Value most =
        ratio > 0 ? n.i64(ratio) : n.max(n.cast(n.reduce(ReduceKind::max, own, {0}, false), i64), n.i64(1));
    Value point = n.cast(n.range(most), element);
    Value column = ratio > 0 ? own : n.unsqueeze(own, {1, 2});
    auto spread = [&](Value v) { return n.unsqueeze(v, {1, 2}); }; // [R, bins, points]
    Value at = n.div(n.mul(n.add(point, number(0.5)), spread(bin)), n.max(column, number(1)));
    at = n.add(n.add(at, n.mul(n.unsqueeze(n.cast(n.range(n.i64(bins)), element), {1}), spread(bin))),
               spread(start));
    inside[axis] = n.compare(CmpKind::lt, point, column); // [points] or [R, 1, points]
    counts[axis] = own;
    positions[axis] = at;
    shape[axis][0] = n.one(bins);
    shape[axis][1] = n.unsqueeze(most, {0});
  }
  if (n.failed)
    return;
  // [R, bins y, points y, bins x, points x] for both axes, flat behind R.
  Value regions = n.dim(rois, 0);
  Value full = n.shapeFrom({regions, shape[0][0], shape[0][1], shape[1][0], shape[1][1]});
  auto flat = [&](Value v) { return n.reshapeTo(n.expand(v, full), n.shapeFrom({regions, n.one(-1)})); };
  Value y = n.unsqueeze(positions[0], {3, 4}), z = n.unsqueeze(positions[1], {1, 2});
  auto within = [&](Value v, int64_t axis) {
    return n.both(n.compare(CmpKind::ge, v, number(-1)), n.compare(CmpKind::le, v, sampler.sizeAs(v, axis)));
  };
  Value counted = n.both(within(y, 0), within(z, 1));
  Value valid =
      n.both(n.unsqueeze(n.rank(inside[0]) == 1 ? n.unsqueeze(inside[0], {0, 1}) : inside[0], {3, 4}),
             n.unsqueeze(n.rank(inside[1]) == 1 ? n.unsqueeze(inside[1], {0, 1}) : inside[1], {1, 2}));
  auto clamp = [&](Value v, int64_t axis) {
    return n.max(n.min(v, n.sub(sampler.sizeAs(v, axis), number(1))), number(0));
  };
  SmallVector<Value> at = {flat(clamp(y, 0)), flat(clamp(z, 1))};
  Value weightMark = n.cast(n.unsqueeze(flat(counted), {1}), element), result;
  sampler.visit(at, true, [&](Value pixels, Value weight) {
    Value part = n.mul(pixels, n.cast(n.mul(weight, weightMark), Node::element(pixels)));
    result = !result ? part : isMax ? n.max(result, part) : n.add(result, part);
  });
  if (n.failed)
    return;
  Value bins = n.reshapeTo(
      result, n.shapeFrom({regions, n.dim(x, 1), shape[0][0], shape[0][1], shape[1][0], shape[1][1]}));
  Value isValid = n.unsqueeze(valid, {1});
  Value low = n.number(bins, isMax ? -std::numeric_limits<double>::infinity() : 0);
  bins = n.select(isValid, bins, low);
  bins = n.reduce(isMax ? ReduceKind::max : ReduceKind::sum, bins, {3, 5}, false);
  if (!isMax) {
    Value count = n.max(n.mul(counts[0], counts[1]), number(1));
    bins = n.div(bins, n.cast(n.rank(count) ? n.unsqueeze(count, {1, 2, 3}) : count, Node::element(bins)));
  }
  n.out(0, bins);
}

/// Samples the image at the kernel's moved positions, then multiplies with the weight.
static void deformConv(Node &n) {
  Value x = n.in(0), weight = n.in(1), offset = n.in(2);
  Window w;
  if (!takeWindow(n, x, kernelOf(n, weight), w))
    return;
  int64_t spatial = n.rank(x) - 2, groups = n.integer("group", 1),
          offsetGroups = n.integer("offset_group", 1), taps = 1, channels = n.knownSize(x, 1, "channels"),
          out = n.knownSize(weight, 0, "a weight");
  for (int64_t size : w.kernel)
    taps *= size;
  if (n.failed || n.rank(offset) != spatial + 2 || groups < 1 || offsetGroups < 1 || channels % groups ||
      channels % offsetGroups || out % groups) {
    n.fail("expected offsets of the output's size, and channels that the groups divide");
    return;
  }
  Type element = Node::element(x);
  Value batch = n.dim(x, 0), rows = n.mul(batch, n.one(offsetGroups)), pixels = n.dims(offset, 2);
  // [N * offset groups, taps, axis, output pixels...]
  Value moves = n.reshapeTo(offset, n.shapeFrom({rows, n.one(taps), n.one(spatial), pixels}));
  SmallVector<Value> positions;
  int64_t inner = taps;
  for (int64_t axis = 0; axis < spatial; ++axis) {
    inner /= w.kernel[axis];
    SmallVector<float> tapAt;
    for (int64_t tap = 0; tap < taps; ++tap)
      tapAt.push_back(float(tap / inner % w.kernel[axis] * w.dilations[axis] - w.pads[axis]));
    Value origin =
        n.mul(n.cast(n.positions(offset, axis + 2), element), n.constant(element, double(w.strides[axis])));
    origin = n.unsqueeze(origin, axesFrom(1, spatial - axis));
    Value at = n.add(n.pick(moves, 2, axis),
                     n.unsqueeze(n.cast(n.floatTensor(tapAt), element), axesFrom(1, spatial + 1)));
    positions.push_back(n.reshapeTo(n.add(at, origin), n.shapeFrom({rows, n.one(-1)})));
  }
  Value image = n.reshapeTo(x, n.shapeFrom({rows, n.one(channels / offsetGroups), n.dims(x, 2)}));
  Sampler sampler{n, image, Outside::zeros, Between::linear};
  Value columns = n.failed ? Value() : sampler.interpolated(positions, true);
  if (n.has(4))
    columns = n.mul(columns, n.reshapeTo(n.in(4), n.shapeFrom({rows, n.one(1), n.one(-1)})));
  // [N, group, channels * taps, output pixels]
  columns =
      n.reshapeTo(columns, n.shapeFrom({batch, n.one(groups), n.one(channels / groups * taps), n.one(-1)}));
  Value kernels = n.reshape(weight, {groups, out / groups, channels / groups * taps});
  Value y = n.reshapeTo(n.matmul(kernels, columns), n.shapeFrom({batch, n.one(out), pixels}));
  if (n.has(3))
    y = n.add(y, n.unsqueeze(n.in(3), axesFrom(1, spatial + 1)));
  n.out(0, y);
}

ArrayRef<OpRow> samplingRows() {
  static const OpRow rows[] = {{"", "GridSample", 16, gridSample, 2, 2},
                               {"com.microsoft", "GridSample", 1, gridSample, 2, 2},
                               {"", "AffineGrid", 20, affineGrid, 2, 2},
                               {"", "RoiAlign", 10, roiAlign, 3, 3},
                               {"", "DeformConv", 19, deformConv, 3, 5}};
  return rows;
}

} // namespace hone
