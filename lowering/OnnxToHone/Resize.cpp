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
  std::vector<int64_t> wanted = n.known(3, "sizes"), sizes;
  if (n.failed || wanted.size() != axes.size())
    return n.fail("expected one size for each axis");
  std::optional<double> scale;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    double mine = double(wanted[i]) / double(n.knownSize(x, axis, "axes that keep their aspect ratio"));
    scale = !scale ? mine : isSmallest ? std::min(*scale, mine) : std::max(*scale, mine);
  }
  for (int64_t axis : axes)
    sizes.push_back(int64_t(std::floor(*scale * double(n.size(x, axis)) + 0.5)));
  return n.integerTensor(sizes);
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
  if (!kind || n.integer("antialias", 0) || coordinates == "tf_crop_and_resize") {
    n.fail(!kind                       ? "resize mode '" + mode + "' is not built"
           : n.integer("antialias", 0) ? "antialiasing is not built"
                                       : "cropping is not built");
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
  n.out(0, moving.empty() ? x
                          : n.make<ResizeOp>(Node::element(x), *kind, x, extent, moving, coordinates,
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
