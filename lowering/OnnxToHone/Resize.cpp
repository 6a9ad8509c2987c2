// Resize and Upsample of all opsets.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// The numbers of a constant f32 tensor.
static std::optional<std::vector<double>> knownFloats(Value value) {
  DenseFPElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)))
    return std::nullopt;
  std::vector<double> numbers;
  for (const APFloat &number : elements.getValues<APFloat>())
    numbers.push_back(number.convertToDouble());
  return numbers;
}

/// Sizes under a policy that keeps the aspect ratio: the same scale for all axes.
static Value keepAspect(Node &n, Value x, ArrayRef<int64_t> axes, bool isSmallest) {
  auto known = n.shapes.constants(n.in(3));
  if (!known) {
    Type f32 = n.b.getF32Type();
    Value have = n.cast(n.gather(n.dims(x), n.integerTensor(axes), 0), f32);
    Value scales = n.div(n.cast(n.in(3), f32), have);
    Value one = n.reduce(isSmallest ? ReduceKind::min : ReduceKind::max, scales, {0}, false);
    return n.cast(n.like<FloorOp>(n.add(n.mul(have, one), n.constant(f32, 0.5))), n.b.getI64Type());
  }
  std::vector<int64_t> wanted = *known, sizes;
  std::optional<double> scale;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    double mine = double(wanted[i]) / double(n.knownSize(x, axis, "axes that keep their aspect ratio"));
    scale = !scale ? mine : isSmallest ? std::min(*scale, mine) : std::max(*scale, mine);
  }
  for (int64_t axis : axes)
    sizes.push_back(int64_t(std::floor(*scale * double(n.size(x, axis)) + 0.5)));
  return n.integerTensor(sizes);
}

/// Where output position o of an axis lies in the input, o = 0 ... size - 1; f32.
static Value sourcePositions(Node &n, Value size, Value have, Value scale, StringRef mode) {
  Type f32 = n.b.getF32Type();
  auto number = [&](double value) { return n.constant(f32, value); };
  Value at = n.cast(n.range(size), f32), in = n.cast(have, f32), out = n.cast(size, f32);
  if (mode == "asymmetric")
    return n.div(at, scale);
  if (mode == "align_corners")
    return n.div(n.mul(at, n.sub(in, number(1))), n.max(n.sub(out, number(1)), number(1)));
  Value centred = n.sub(n.div(n.add(at, number(0.5)), scale), number(0.5));
  if (mode == "half_pixel")
    return centred;
  if (mode == "pytorch_half_pixel")
    return n.select(n.compare(CmpKind::le, out, number(1)), number(0), centred);
  return n.fail("antialiasing with coordinates '" + mode + "' is not built");
}

/// The same for a crop: from `from` to `to`, where 0 is the first and 1 the last position of the input.
static Value croppedPositions(Node &n, Value size, Value have, Value from, Value to) {
  Type f32 = n.b.getF32Type();
  Value one = n.constant(f32, 1), out = n.cast(size, f32), span = n.sub(n.cast(have, f32), one);
  Value step = n.div(n.mul(n.sub(to, from), span), n.max(n.sub(out, one), one));
  Value middle = n.mul(n.mul(n.add(from, to), span), n.constant(f32, 0.5));
  return n.select(n.compare(CmpKind::gt, out, one),
                  n.add(n.mul(from, span), n.mul(n.cast(n.range(size), f32), step)), middle);
}

/// One axis after the other: products with a matrix of weights. With antialiasing, shrinking takes a filter
/// as wide as the step; crops may reach beyond the input.
static void resizeByProducts(Node &n, ResizeKind kind, Value extent, bool hasSizes, ArrayRef<int64_t> axes,
                             StringRef coordinates) {
  Type f32 = n.b.getF32Type();
  auto number = [&](double value) { return n.constant(f32, value); };
  Value x = n.in(0), y = n.cast(x, f32), roi = n.cast(n.in(1), f32), isInside;
  bool isCrop = coordinates == "tf_crop_and_resize", isSmooth = n.integer("antialias", 0);
  if (isCrop && (!roi || n.size(roi, 0) != 2 * int64_t(axes.size()))) {
    n.fail("expected a region with two numbers for each of " + Twine(axes.size()) + " axes");
    return;
  }
  auto known = hasSizes ? std::nullopt : knownFloats(extent);
  double a = n.real("cubic_coeff_a", -0.75);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    Value have = n.extent(x, axis), in = n.cast(have, f32), scale = n.pick(extent, 0, int64_t(i)),
          size = scale;
    if (known && (*known)[i] == 1 && !isCrop)
      continue;
    if (hasSizes)
      scale = n.div(n.cast(size, f32), in);
    else
      size = n.cast(n.like<FloorOp>(n.mul(in, scale)), n.b.getI64Type());
    int64_t k = int64_t(i), count = int64_t(axes.size());
    Value at = isCrop ? croppedPositions(n, size, have, n.pick(roi, 0, k), n.pick(roi, 0, k + count))
                      : sourcePositions(n, size, have, scale, coordinates);
    Value narrow = isSmooth ? n.min(scale, number(1)) : number(1);
    if (isCrop) {
      Value inside =
          n.both(n.compare(CmpKind::ge, at, number(0)), n.compare(CmpKind::le, at, n.sub(in, number(1))));
      inside = n.unsqueeze(inside, axesFrom(1, n.rank(x) - axis));
      isInside = isInside ? n.both(isInside, inside) : inside;
    }
    // Taps outside repeat the edge: as many as the filter reaches.
    Value reach = n.i64(0);
    if (!n.integer("exclude_outside", 0))
      reach =
          n.cast(n.like<CeilOp>(n.div(number(kind == ResizeKind::cubic ? 3 : 2), narrow)), n.b.getI64Type());
    int64_t rank = n.rank(y);
    SmallVector<int64_t> perm = axesFrom(0, rank), mark(2 * rank, 0);
    std::swap(perm[axis], perm[rank - 1]);
    mark[rank - 1] = mark.back() = 1;
    y = n.make<PadOp>(f32, PadKind::edge, n.transpose(y, perm), n.mul(n.integerTensor(mark), reach),
                      number(0));
    Value place = n.unsqueeze(n.cast(n.sub(n.positions(y, rank - 1), reach), f32), {1});
    Value d = n.like<AbsOp>(n.mul(n.sub(place, at), narrow)), weight; // [in, out]
    if (kind == ResizeKind::linear) {
      weight = n.max(n.sub(number(1), d), number(0));
    } else {
      auto polynomial = [&](std::array<double, 4> c) {
        Value p = n.add(n.mul(d, number(c[0])), number(c[1]));
        return n.add(n.mul(n.add(n.mul(p, d), number(c[2])), d), number(c[3]));
      };
      Value far =
          n.select(n.compare(CmpKind::lt, d, number(2)), polynomial({a, -5 * a, 8 * a, -4 * a}), number(0));
      weight = n.select(n.compare(CmpKind::lt, d, number(1)), polynomial({a + 2, -(a + 3), 0, 1}), far);
    }
    weight = n.div(weight, n.reduce(ReduceKind::sum, weight, {0}, true));
    y = n.transpose(n.matmul(y, weight), perm);
  }
  if (isInside)
    y = n.select(isInside, y, number(n.real("extrapolation_value", 0)));
  if (!Node::isFloat(x))
    y = n.like<RoundOp>(y);
  n.out(0, n.cast(y, Node::element(x)));
}

static void resize(Node &n, Value extent, bool hasSizes, StringRef defaultCoordinates,
                   StringRef defaultNearest) {
  Value x = n.in(0);
  int64_t rank = n.rank(x);
  std::vector<int64_t> axes = n.integers("axes");
  if (axes.empty())
    for (int64_t axis : axesFrom(0, rank))
      axes.push_back(axis);
  for (int64_t &axis : axes)
    axis = n.axis(axis, rank);
  std::string mode = n.text("mode", "nearest"),
              coordinates = n.text("coordinate_transformation_mode", defaultCoordinates);
  std::string policy = n.text("keep_aspect_ratio_policy", "stretch");
  mode = mode == "bilinear" ? "linear" : mode;
  auto kind = symbolizeResizeKind(mode);
  bool isCrop = coordinates == "tf_crop_and_resize";
  if (!kind || (isCrop && *kind == ResizeKind::nearest)) {
    n.fail(!kind ? "resize mode '" + mode + "' is not built" : "cropping to the nearest pixels is not built");
    return;
  }
  if (!extent || n.size(extent, 0) != int64_t(axes.size())) {
    n.fail("expected a size or scale for each of " + Twine(axes.size()) + " axes");
    return;
  }
  if (hasSizes && policy != "stretch")
    extent = keepAspect(n, x, axes, policy == "not_larger");
  extent = hasSizes ? n.cast(extent, n.b.getI64Type()) : n.cast(extent, n.b.getF32Type());
  if (n.failed)
    return;
  if (isCrop || (n.integer("antialias", 0) && *kind != ResizeKind::nearest)) {
    resizeByProducts(n, *kind, extent, hasSizes, axes, coordinates);
    return;
  }
  // Axes that keep their size (scale 1, or a size equal to the input's) need no interpolation.
  auto sizes = hasSizes ? n.shapes.contents(extent) : std::nullopt;
  auto scales = hasSizes ? std::nullopt : knownFloats(extent);
  for (double scale : scales ? *scales : std::vector<double>())
    if (!(scale > 0 && scale < 1e6)) {
      n.fail("expected scales above 0 and below 1e6, got " + std::to_string(scale));
      return;
    }
  SmallVector<int64_t> moving, picks;
  for (auto [i, axis] : llvm::enumerate(axes))
    if (!(sizes && (*sizes)[i] == n.shapes.dim(x, axis)) && !(scales && (*scales)[i] == 1)) {
      moving.push_back(axis);
      picks.push_back(int64_t(i));
    }
  if (scales) {
    SmallVector<float> some;
    for (int64_t i : picks)
      some.push_back(float((*scales)[i]));
    extent = n.floatTensor(some);
  } else if (picks.size() != axes.size()) {
    extent = n.gather(extent, n.integerTensor(picks), 0);
  }
  Value target; // sizes of scales that only the run knows
  if (!hasSizes && !scales)
    target = n.cast(n.like<FloorOp>(n.mul(
                        n.cast(n.gather(n.dims(x), n.integerTensor(moving), 0), n.b.getF32Type()), extent)),
                    n.b.getI64Type());
  n.out(0, moving.empty() ? x
                          : n.make<ResizeOp>(Node::element(x), *kind, x, extent, target, moving, coordinates,
                                             n.text("nearest_mode", defaultNearest),
                                             llvm::APFloat(float(n.real("cubic_coeff_a", -0.75))),
                                             bool(n.integer("exclude_outside", 0))));
}

static void upsample7(Node &n) { resize(n, n.floatTensor(n.reals("scales")), false, "asymmetric", "floor"); }
static void resize10(Node &n) { resize(n, n.in(1), false, "asymmetric", "floor"); }
static void resize11(Node &n) {
  // Sizes count when both are given; an empty tensor stands for none.
  bool hasSizes = n.has(3) && n.size(n.in(3), 0) != 0;
  resize(n, hasSizes ? n.in(3) : n.in(2), hasSizes, "half_pixel", "round_prefer_floor");
}

ArrayRef<OpRow> resizeRows() {
  static const OpRow rows[] = {
      {"", "Upsample", 7, upsample7},
      {"", "Upsample", 9, resize10, 2, 2},
      {"", "Resize", 10, resize10, 2, 2},
      {"", "Resize", 11, resize11, 1, 4},
  };
  return rows;
}

} // namespace hone
