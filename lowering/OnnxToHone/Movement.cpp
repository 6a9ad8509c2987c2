// Operators that move or make elements, with the attribute forms of old opsets.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static void constant(Node &n) {
  std::string error;
  if (auto *value = n.attribute("value")) {
    n.out(0, n.graph.tensor(value->t(), n.proto.output(0), error));
    if (!error.empty())
      n.fail(error);
  } else if (n.hasAttribute("value_int")) {
    n.out(0, n.constant(n.b.getI64Type(), n.integer("value_int", 0)));
  } else if (n.hasAttribute("value_float")) {
    n.out(0, n.constant(n.b.getF32Type(), n.real("value_float", 0)));
  } else if (n.hasAttribute("value_ints")) {
    n.out(0, n.integerTensor(n.integers("value_ints")));
  } else if (n.hasAttribute("value_floats")) {
    std::vector<float> values = n.reals("value_floats");
    auto type = RankedTensorType::get({int64_t(values.size())}, n.b.getF32Type());
    n.out(0, n.make<ConstantOp>(n.b.getF32Type(), DenseElementsAttr::get(type, ArrayRef<float>(values))));
  } else {
    n.fail("this kind of constant is not built");
  }
}
static void shape(Node &n) {
  IntegerAttr end = n.hasAttribute("end") ? n.b.getI64IntegerAttr(n.integer("end", 0)) : IntegerAttr();
  n.out(0, n.make<ShapeOp>(n.b.getI64Type(), n.in(0), n.b.getI64IntegerAttr(n.integer("start", 0)), end));
}
static void sizeOf(Node &n) {
  Value dims = n.make<ShapeOp>(n.b.getI64Type(), n.in(0), n.b.getI64IntegerAttr(0), IntegerAttr());
  n.out(0, n.reduce(ReduceKind::prod, dims, {0}, false));
}
static void reshape1(Node &n) { n.out(0, n.reshape(n.in(0), n.integers("shape"))); }
static void reshape5(Node &n) { n.out(0, n.like<ReshapeOp>(n.in(0), n.in(1), bool(n.integer("allowzero", 0)))); }
static void flatten(Node &n) {
  Value x = n.in(0);
  int64_t rank = n.rank(x), axis = n.integer("axis", 1);
  axis = axis == rank ? rank : n.axis(axis, std::max<int64_t>(rank, 1));
  Value dims = n.make<ShapeOp>(n.b.getI64Type(), x, n.b.getI64IntegerAttr(0), n.b.getI64IntegerAttr(axis));
  if (axis == 0) {
    n.out(0, n.reshape(x, {1, -1}));
    return;
  }
  Value rows = n.reduce(ReduceKind::prod, dims, {0}, true);
  Value rest = n.make<ShapeOp>(n.b.getI64Type(), x, n.b.getI64IntegerAttr(axis), IntegerAttr());
  Value columns = axis == rank ? n.integerTensor({1}) : n.reduce(ReduceKind::prod, rest, {0}, true);
  n.out(0, n.like<ReshapeOp>(x, n.make<ConcatOp>(n.b.getI64Type(), ValueRange{rows, columns}, int64_t(0)), true));
}
static std::vector<int64_t> axesOf(Node &n, int64_t rank) {
  std::vector<int64_t> axes = n.inputs() > 1 && n.has(1) ? n.known(1, "axes") : n.integers("axes");
  for (int64_t &axis : axes)
    axis = n.axis(axis, rank);
  llvm::sort(axes);
  return axes;
}
static void squeeze(Node &n) {
  Value x = n.in(0);
  std::vector<int64_t> axes = axesOf(n, n.rank(x));
  if (!n.has(1) && !n.hasAttribute("axes"))
    for (int64_t i = 0; i < n.rank(x); ++i)
      if (n.size(x, i) == 1)
        axes.push_back(i);
  n.out(0, n.squeeze(x, axes));
}
static void unsqueeze(Node &n) {
  Value x = n.in(0);
  size_t count = n.has(1) ? n.known(1, "axes").size() : n.integers("axes").size();
  n.out(0, n.unsqueeze(x, axesOf(n, n.rank(x) + count)));
}
static void transpose(Node &n) {
  Value x = n.in(0);
  std::vector<int64_t> perm = n.integers("perm");
  if (!n.hasAttribute("perm"))
    for (int64_t i = n.rank(x); i-- > 0;)
      perm.push_back(i);
  n.out(0, n.transpose(x, perm));
}
static void expand(Node &n) { n.out(0, n.like<ExpandOp>(n.in(0), n.in(1))); }
static void tile(Node &n) { n.out(0, n.like<TileOp>(n.in(0), n.in(1))); }
static void concat(Node &n) {
  SmallVector<Value> inputs;
  for (int i = 0; i < n.inputs(); ++i)
    inputs.push_back(n.in(i));
  int64_t axis = n.axis(n.integer("axis", n.opset < 4 ? 1 : 0), n.rank(inputs[0]));
  n.out(0, n.make<ConcatOp>(Node::element(inputs[0]), inputs, axis));
}
static void slice1(Node &n) {
  std::vector<int64_t> starts = n.integers("starts"), ends = n.integers("ends"), axes = n.integers("axes");
  for (size_t i = axes.size(); i < starts.size(); ++i)
    axes.push_back(i);
  for (int64_t &axis : axes)
    axis = n.axis(axis, n.rank(n.in(0)));
  n.out(0, n.like<SliceOp>(n.in(0), n.integerTensor(starts), n.integerTensor(ends), n.integerTensor(std::vector<int64_t>(starts.size(), 1)), axes));
}
static void slice10(Node &n) {
  Value x = n.in(0), starts = n.in(1);
  int64_t count = n.size(starts, 0);
  if (ShapedType::isDynamic(count)) {
    n.fail("expected a known number of starts");
    return;
  }
  std::vector<int64_t> axes = n.has(3) ? n.known(3, "axes") : std::vector<int64_t>();
  if (!n.has(3))
    for (int64_t i = 0; i < count; ++i)
      axes.push_back(i);
  for (int64_t &axis : axes)
    axis = n.axis(axis, n.rank(x));
  n.out(0, n.like<SliceOp>(x, starts, n.in(2), n.has(4) ? n.in(4) : n.integerTensor(std::vector<int64_t>(count, 1)), axes));
}
static void split(Node &n) {
  Value x = n.in(0);
  int64_t axis = n.axis(n.integer("axis", 0), n.rank(x));
  std::vector<int64_t> sizes = n.has(1) ? n.known(1, "split sizes") : n.integers("split");
  if (sizes.empty()) {
    int64_t parts = n.integer("num_outputs", n.outputs()), whole = n.size(x, axis);
    if (ShapedType::isDynamic(whole)) {
      n.fail("expected a known size to split evenly");
      return;
    }
    int64_t part = (whole + parts - 1) / parts;
    for (int64_t i = 0; i < parts; ++i)
      sizes.push_back(std::min(part, whole - i * part));
  }
  int64_t from = 0;
  for (int i = 0; i < n.outputs() && size_t(i) < sizes.size(); from += sizes[i++])
    n.out(i, n.slice(x, axis, from, from + sizes[i]));
}
static PadKind padKind(Node &n) {
  std::string mode = n.text("mode", "constant");
  return mode == "reflect" ? PadKind::reflect : mode == "edge" ? PadKind::edge : mode == "wrap" ? PadKind::wrap : PadKind::constant;
}
static void pad2(Node &n) {
  Value x = n.in(0), value = n.constant(Node::element(x), n.real("value", 0));
  n.out(0, n.make<PadOp>(Node::element(x), padKind(n), x, n.integerTensor(n.integers(n.opset < 2 ? "paddings" : "pads")), value));
}
static void pad11(Node &n) {
  Value x = n.in(0), pads = n.in(1), value = n.has(2) ? n.in(2) : n.constant(Node::element(x), 0);
  if (n.has(3)) { // pads of some axes
    std::vector<int64_t> axes = n.known(3, "axes"), some = n.known(1, "pads"), all(2 * n.rank(x), 0);
    for (size_t i = 0; i < axes.size() && some.size() == 2 * axes.size(); ++i) {
      int64_t axis = n.axis(axes[i], n.rank(x));
      all[axis] = some[i];
      all[axis + n.rank(x)] = some[i + axes.size()];
    }
    pads = n.integerTensor(all);
  }
  n.out(0, n.make<PadOp>(Node::element(x), padKind(n), x, pads, value));
}
static void constantOfShape(Node &n) {
  Value value;
  std::string error;
  if (auto *attribute = n.attribute("value"))
    value = n.graph.tensor(attribute->t(), "", error);
  else
    value = n.constant(n.b.getF32Type(), 0);
  n.out(0, value ? n.make<FillOp>(Node::element(value), n.in(0), value) : n.fail(error));
}
static void range(Node &n) { n.out(0, n.like<RangeOp>(n.in(0), n.in(1), n.in(2))); }
static void gather(Node &n) { n.out(0, n.like<GatherOp>(n.in(0), n.in(1), n.axis(n.integer("axis", 0), n.rank(n.in(0))))); }
static void gatherElements(Node &n) {
  n.out(0, n.like<GatherElementsOp>(n.in(0), n.in(1), n.axis(n.integer("axis", 0), n.rank(n.in(0)))));
}
static void gatherND(Node &n) { n.out(0, n.like<GatherNDOp>(n.in(0), n.in(1), n.integer("batch_dims", 0))); }
static ScatterKind scatterKind(Node &n) {
  return llvm::StringSwitch<ScatterKind>(n.text("reduction", "none"))
      .Case("add", ScatterKind::add).Case("mul", ScatterKind::mul).Case("min", ScatterKind::min).Case("max", ScatterKind::max)
      .Default(ScatterKind::set);
}
static void scatterElements(Node &n) {
  Value x = n.in(0);
  n.out(0, n.make<ScatterElementsOp>(Node::element(x), scatterKind(n), x, n.in(1), n.in(2), n.axis(n.integer("axis", 0), n.rank(x))));
}
static void scatterND(Node &n) { n.out(0, n.make<ScatterNDOp>(Node::element(n.in(0)), scatterKind(n), n.in(0), n.in(1), n.in(2))); }
static void depthToSpace(Node &n) {
  Value x = n.in(0);
  int64_t s = n.integer("blocksize", 1), c = n.size(x, 1), h = n.size(x, 2), w = n.size(x, 3);
  if (ShapedType::isDynamic(c) || ShapedType::isDynamic(h) || ShapedType::isDynamic(w)) {
    n.fail("expected known channels and sizes");
    return;
  }
  bool isDcr = n.text("mode", "DCR") == "DCR";
  Value y = isDcr ? n.reshape(x, {0, s, s, c / (s * s), h, w}) : n.reshape(x, {0, c / (s * s), s, s, h, w});
  y = n.transpose(y, isDcr ? ArrayRef<int64_t>{0, 3, 4, 1, 5, 2} : ArrayRef<int64_t>{0, 1, 4, 2, 5, 3});
  n.out(0, n.reshape(y, {0, c / (s * s), h * s, w * s}));
}
static void spaceToDepth(Node &n) {
  Value x = n.in(0);
  int64_t s = n.integer("blocksize", 1), c = n.size(x, 1), h = n.size(x, 2), w = n.size(x, 3);
  if (ShapedType::isDynamic(c) || ShapedType::isDynamic(h) || ShapedType::isDynamic(w)) {
    n.fail("expected known channels and sizes");
    return;
  }
  Value y = n.transpose(n.reshape(x, {0, c, h / s, s, w / s, s}), {0, 3, 5, 1, 2, 4});
  n.out(0, n.reshape(y, {0, c * s * s, h / s, w / s}));
}
static void trilu(Node &n) {
  Value x = n.in(0);
  int64_t rank = n.rank(x);
  Type i64 = n.b.getI64Type();
  auto positions = [&](int64_t axis) {
    Value size = n.squeeze(n.make<ShapeOp>(i64, x, n.b.getI64IntegerAttr(axis), n.b.getI64IntegerAttr(axis + 1)), {0});
    return n.make<RangeOp>(i64, n.constant(i64, 0), size, n.constant(i64, 1));
  };
  Value rows = n.unsqueeze(positions(rank - 2), {1}), columns = positions(rank - 1);
  Value k = n.has(1) ? n.in(1) : n.constant(i64, 0);
  bool upper = n.integer("upper", 1);
  Value keep = n.compare(upper ? CmpKind::ge : CmpKind::le, columns, n.add(rows, k));
  n.out(0, n.select(keep, x, n.constant(Node::element(x), 0)));
}
static void oneHot(Node &n) {
  Value indices = n.in(0), depth = n.in(1), values = n.in(2);
  Type i64 = n.b.getI64Type();
  int64_t axis = n.integer("axis", -1), rank = n.rank(indices) + 1;
  axis = n.axis(axis, rank);
  indices = n.cast(indices, i64);
  depth = n.cast(depth, i64);
  if (n.rank(depth) == 1)
    depth = n.squeeze(depth, {0});
  Value wrapped = n.select(n.compare(CmpKind::lt, indices, n.constant(i64, 0)), n.add(indices, depth), indices);
  Value classes = n.make<RangeOp>(i64, n.constant(i64, 0), depth, n.constant(i64, 1));
  SmallVector<int64_t> axes;
  for (int64_t i = axis + 1; i < rank; ++i)
    axes.push_back(i - axis);
  if (!axes.empty())
    classes = n.unsqueeze(classes, axes);
  Value hit = n.compare(CmpKind::eq, n.unsqueeze(wrapped, {axis}), classes);
  Value off = n.squeeze(n.slice(values, 0, 0, 1), {0}), on = n.squeeze(n.slice(values, 0, 1, 2), {0});
  n.out(0, n.select(hit, on, off));
}
static void resize(Node &n) {
  Value x = n.in(0);
  int64_t rank = n.rank(x);
  bool isOld = n.opset < 11;
  int scalesAt = isOld ? 1 : 2, sizesAt = 3;
  std::vector<int64_t> axes = n.integers("axes");
  if (axes.empty())
    for (int64_t i = 0; i < rank; ++i)
      axes.push_back(i);
  for (int64_t &axis : axes)
    axis = n.axis(axis, rank);
  std::string mode = n.text("mode", "nearest"), coordinates = n.text("coordinate_transformation_mode", isOld ? "asymmetric" : "half_pixel");
  std::string policy = n.text("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch" || n.integer("antialias", 0) || coordinates == "tf_crop_and_resize") {
    n.fail("resize with antialias, cropping or a kept aspect ratio is not built");
    return;
  }
  bool hasSizes = n.has(sizesAt) && !isOld;
  Value extent;
  if (hasSizes)
    extent = n.cast(n.in(sizesAt), n.b.getI64Type());
  else if (n.hasAttribute("scales")) {
    std::vector<float> scales = n.reals("scales");
    extent = n.make<ConstantOp>(n.b.getF32Type(), DenseElementsAttr::get(RankedTensorType::get({int64_t(scales.size())}, n.b.getF32Type()), ArrayRef<float>(scales)));
  } else
    extent = n.in(scalesAt);
  auto kind = mode == "nearest" ? ResizeKind::nearest : mode == "cubic" ? ResizeKind::cubic : ResizeKind::linear;
  if (!extent) {
    n.fail("expected sizes or scales");
    return;
  }
  // Axes that keep their size (scale 1, or a size equal to the input's) need no taps.
  DenseFPElementsAttr scales;
  auto sizes = hasSizes ? n.shapes.contents(extent) : std::nullopt;
  SmallVector<int64_t> moving, picks;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    bool isSame = sizes ? (*sizes)[i] == n.shapes.dim(x, axis)
                        : !hasSizes && matchPattern(extent, m_Constant(&scales)) && (*(scales.begin() + i)).convertToDouble() == 1;
    if (!isSame) {
      moving.push_back(axis);
      picks.push_back(i);
    }
  }
  if (moving.empty()) {
    n.out(0, x);
    return;
  }
  extent = n.like<GatherOp>(extent, n.integerTensor(picks), int64_t(0));
  n.out(0, n.make<ResizeOp>(Node::element(x), kind, x, extent, moving, coordinates,
                            n.text("nearest_mode", isOld ? "floor" : "round_prefer_floor"), llvm::APFloat(float(n.real("cubic_coeff_a", -0.75))),
                            bool(n.integer("exclude_outside", 0))));
}
static void eyeLike(Node &n) {
  Value x = n.in(0);
  Type i64 = n.b.getI64Type(), to = n.hasAttribute("dtype") ? elementTypeOf(n.b.getContext(), int(n.integer("dtype", 1))) : Node::element(x);
  auto positions = [&](int64_t axis) {
    Value size = n.squeeze(n.make<ShapeOp>(i64, x, n.b.getI64IntegerAttr(axis), n.b.getI64IntegerAttr(axis + 1)), {0});
    return n.make<RangeOp>(i64, n.constant(i64, 0), size, n.constant(i64, 1));
  };
  Value hit = n.compare(CmpKind::eq, positions(1), n.add(n.unsqueeze(positions(0), {1}), n.constant(i64, n.integer("k", 0))));
  n.out(0, n.cast(hit, to));
}

ArrayRef<OpRow> movementRows() {
  static const OpRow rows[] = {
      {"", "Constant", 1, constant}, {"", "Shape", 1, shape}, {"", "Size", 1, sizeOf}, {"", "Reshape", 1, reshape1}, {"", "Reshape", 5, reshape5},
      {"", "Flatten", 1, flatten}, {"", "Squeeze", 1, squeeze}, {"", "Unsqueeze", 1, unsqueeze}, {"", "Transpose", 1, transpose},
      {"", "Expand", 8, expand}, {"", "Tile", 6, tile}, {"", "Concat", 1, concat}, {"", "Slice", 1, slice1}, {"", "Slice", 10, slice10},
      {"", "Split", 1, split}, {"", "Pad", 1, pad2}, {"", "Pad", 11, pad11}, {"", "ConstantOfShape", 9, constantOfShape}, {"", "Range", 11, range},
      {"", "Gather", 1, gather}, {"", "GatherElements", 11, gatherElements}, {"", "GatherND", 11, gatherND}, {"", "Scatter", 9, scatterElements},
      {"", "ScatterElements", 11, scatterElements}, {"", "ScatterND", 11, scatterND}, {"", "DepthToSpace", 1, depthToSpace},
      {"", "SpaceToDepth", 1, spaceToDepth}, {"", "Trilu", 14, trilu}, {"", "OneHot", 9, oneHot}, {"", "Resize", 10, resize},
      {"", "Upsample", 7, resize}, {"", "EyeLike", 9, eyeLike},
  };
  return rows;
}

} // namespace hone
