// Operators that make, view and move elements, with the attribute forms of old opsets. Indexing.cpp has those
// that pick by index.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/OpTable.h"
#include "lowering/OnnxToHone/OpenAxes.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static Value tensorAttribute(Node &n, const onnx::AttributeProto &attribute, StringRef name) {
  std::string error;
  Value value = n.graph.tensor(attribute.t(), name, error);
  return value ? value : n.fail(error);
}
static void constant(Node &n) {
  if (auto *value = n.attribute("value"); value && value->has_t())
    n.out(0, tensorAttribute(n, *value, n.outputs() ? n.proto.output(0) : ""));
  else if (n.hasAttribute("value_int"))
    n.out(0, n.make<ConstantOp>(n.b.getI64Type(),
                                DenseElementsAttr::get(RankedTensorType::get({}, n.b.getI64Type()),
                                                       n.integer("value_int", 0))));
  else if (n.hasAttribute("value_float"))
    n.out(0, n.constant(n.b.getF32Type(), n.real("value_float", 0)));
  else if (n.hasAttribute("value_ints"))
    n.out(0, n.integerTensor(n.integers("value_ints")));
  else if (n.hasAttribute("value_floats"))
    n.out(0, n.floatTensor(n.reals("value_floats")));
  else
    n.fail("expected a value that is a tensor, a number or numbers");
}
static void constantOfShape(Node &n) {
  auto *value = n.attribute("value");
  n.out(0, n.fill(n.in(0), value && value->has_t() ? tensorAttribute(n, *value, "")
                                                   : n.constant(n.b.getF32Type(), 0)));
}
static void shape(Node &n) {
  IntegerAttr end = n.hasAttribute("end") ? n.b.getI64IntegerAttr(n.integer("end", 0)) : IntegerAttr();
  n.out(0, n.make<ShapeOp>(n.b.getI64Type(), n.in(0), n.b.getI64IntegerAttr(n.integer("start", 0)), end));
}
static void sizeOf(Node &n) { n.out(0, n.squeeze(n.product(n.in(0), 0, n.rank(n.in(0))), {0})); }
/// The integer that a float scalar is cast from or holds; null when it may be no whole number.
static Value wholeNumber(Node &n, Value x) {
  DenseFPElementsAttr constant;
  if (matchPattern(x, m_Constant(&constant))) {
    double value = (*constant.begin()).convertToDouble();
    return value == std::trunc(value) && std::abs(value) < 1e6 ? n.i64(int64_t(value)) : Value();
  }
  auto cast = x.getDefiningOp<CastOp>();
  return cast && isa<IntegerType>(Node::element(cast.getInput())) ? n.cast(cast.getInput(), n.b.getI64Type())
                                                                  : Value();
}
static void range(Node &n) {
  auto scalar = [&](int i) {
    return n.rank(n.in(i)) ? n.squeeze(n.in(i), axesFrom(0, n.rank(n.in(i)))) : n.in(i);
  };
  Value start = scalar(0), limit = scalar(1), delta = scalar(2);
  // Floats that are sizes: counted as integers, the length is known from them.
  if (!n.failed && Node::isFloat(start) && !n.shapes.constants(limit))
    if (Value from = wholeNumber(n, start), to = wholeNumber(n, limit), step = wholeNumber(n, delta);
        from && to && step) {
      n.out(0, n.cast(n.like<RangeOp>(from, to, step), Node::element(start)));
      return;
    }
  bool isFloat = !n.failed && Node::isFloat(start);
  auto isConstant = [](Value x) { return matchPattern(x, m_Constant()); };
  if (n.failed || (isFloat ? isConstant(start) && isConstant(limit) && isConstant(delta)
                           : n.shapes.constants(delta).has_value())) {
    n.out(0, n.like<RangeOp>(start, limit, delta));
    return;
  }
  // A length that only the run knows is computed first.
  Type element = Node::element(start), wide = n.b.getF64Type();
  Value span = isFloat ? n.sub(n.cast(limit, wide), n.cast(start, wide)) : n.sub(limit, start);
  Value length = n.div(n.cast(span, wide), n.cast(delta, wide));
  Value count = n.max(n.cast(n.like<CeilOp>(length), n.b.getI64Type()), n.i64(0));
  n.out(0, n.add(n.mul(n.cast(n.range(count), element), delta), start));
}

//===-- views ------------------------------------------------------------------===//

static void reshape1(Node &n) { n.out(0, n.reshape(n.in(0), n.integers("shape"))); }
/// Fails the node when a tensor that has to hold sizes or positions holds anything else.
static bool holdsIntegers(Node &n, Value x) {
  if (!x || (isa<IntegerType>(Node::element(x)) && !Node::element(x).isInteger(1)))
    return true;
  n.fail("expected sizes and positions as integers");
  return false;
}
constexpr int64_t maxPad = int64_t(1) << 40;
/// Fails the node when a number that is known is not within [least, most].
static bool knownWithin(Node &n, Value x, int64_t least, int64_t most, StringRef what) {
  auto known = n.shapes.contents(x);
  for (const DimExpr &number : known ? *known : std::vector<DimExpr>())
    if (auto value = number.constant(); value && (*value < least || *value > most)) {
      n.fail("expected " + what + " of " + Twine(least) + " to " + Twine(most) + ", got " + Twine(*value));
      return false;
    }
  return true;
}
static void reshape5(Node &n) {
  if (!holdsIntegers(n, n.in(1)))
    return;
  n.out(0, n.like<ReshapeOp>(n.in(0), n.in(1), bool(n.integer("allowzero", 0))));
}
static void flatten(Node &n) {
  Value x = n.in(0);
  int64_t rank = n.rank(x), axis = n.integer("axis", 1);
  if (axis < -rank || axis > rank) {
    n.fail("expected an axis in [" + Twine(-rank) + ", " + Twine(rank) + "], got " + Twine(axis));
    return;
  }
  axis = axis < 0 ? axis + rank : axis;
  n.out(0, n.reshapeTo(x, n.shapeFrom({n.product(x, 0, axis), n.product(x, axis, rank)})));
}
/// Axes from the attribute or the second input, sorted.
static std::vector<int64_t> axesOf(Node &n, int64_t rank) {
  std::vector<int64_t> axes = n.has(1) ? n.known(1, "axes") : n.integers("axes");
  for (int64_t &axis : axes)
    axis = n.axis(axis, rank);
  llvm::sort(axes);
  return axes;
}
static void squeeze(Node &n) {
  Value x = n.in(0);
  if (hasOpenAxes(n, 1)) {
    n.out(0, squeezeOpenly(n, x, n.in(1)));
    return;
  }
  std::vector<int64_t> axes = axesOf(n, n.rank(x));
  if (!n.has(1) && !n.hasAttribute("axes")) {
    SmallVector<int64_t> open;
    for (int64_t i = 0; i < n.rank(x); ++i)
      if (n.size(x, i) == 1)
        axes.push_back(i);
      else if (ShapedType::isDynamic(n.size(x, i)))
        open.push_back(i);
    // Whether an open size is 1 decides the rank: what the model declares of the result tells. Scalars are
    // not believed: they are written of models that were traced with a batch of 1.
    int64_t rest = n.rank(x) - int64_t(axes.size() + open.size());
    if (!open.empty() && rest > 0 && n.outputs() && n.graph.declaredRank(n.proto.output(0)) == rest) {
      axes.insert(axes.end(), open.begin(), open.end());
      llvm::sort(axes);
    }
  }
  n.out(0, n.squeeze(x, axes));
}
static void unsqueeze(Node &n) {
  Value x = n.in(0);
  if (hasOpenAxes(n, 1)) {
    n.out(0, unsqueezeOpenly(n, x, n.in(1)));
    return;
  }
  size_t count = n.has(1) ? n.known(1, "axes").size() : n.integers("axes").size();
  n.out(0, n.unsqueeze(x, axesOf(n, n.rank(x) + int64_t(count))));
}

//===-- permuting, joining, cutting ------------------------------------------------===//

static void transpose(Node &n) {
  Value x = n.in(0);
  std::vector<int64_t> perm = n.integers("perm");
  if (perm.empty())
    for (int64_t i = n.rank(x); i-- > 0;)
      perm.push_back(i);
  n.out(0, n.rank(x) < 2 && perm.size() == size_t(n.rank(x)) ? x : n.like<TransposeOp>(x, perm));
}
static void expand(Node &n) {
  if (holdsIntegers(n, n.in(1)) && knownWithin(n, n.in(1), 0, INT64_MAX, "sizes"))
    n.out(0, n.expand(n.in(0), n.in(1)));
}
static void tile(Node &n) {
  if (holdsIntegers(n, n.in(1)) && knownWithin(n, n.in(1), 0, INT64_MAX, "repeats"))
    n.out(0, n.like<TileOp>(n.in(0), n.in(1)));
}
static void concat(Node &n) {
  SmallVector<Value> inputs;
  for (int i = 0; i < n.inputs(); ++i)
    if (n.has(i))
      inputs.push_back(n.in(i));
  int64_t axis = n.axis(n.opset < 4 ? n.integer("axis", 1) : n.required("axis"), n.rank(inputs[0]));
  n.out(0, n.concat(inputs, axis));
}
static void sliceAlong(Node &n, Value starts, Value ends, Value steps, std::vector<int64_t> axes,
                       bool hasAxes) {
  Value x = n.in(0);
  if (!holdsIntegers(n, starts) || !holdsIntegers(n, ends) || !holdsIntegers(n, steps))
    return;
  int64_t count = n.knownSize(starts, 0, "starts");
  if (!hasAxes)
    for (int64_t i = 0; i < count; ++i)
      axes.push_back(i);
  for (int64_t &axis : axes)
    axis = n.axis(axis, n.rank(x));
  if (int64_t(axes.size()) != count || n.knownSize(ends, 0, "ends") != count) {
    n.fail("expected as many axes and ends as starts");
    return;
  }
  if (llvm::SmallDenseSet<int64_t>(axes.begin(), axes.end()).size() != axes.size()) {
    n.fail("expected different axes");
    return;
  }
  if (!steps)
    steps = n.integerTensor(std::vector<int64_t>(count, 1));
  n.out(0, n.shapes.constants(steps) ? n.like<SliceOp>(x, starts, ends, steps, axes)
                                     : stepOpenly(n, x, starts, ends, steps, axes));
}
static void slice1(Node &n) {
  sliceAlong(n, n.integerTensor(n.integers("starts")), n.integerTensor(n.integers("ends")), {},
             n.integers("axes"), n.hasAttribute("axes"));
}
static void slice10(Node &n) {
  if (hasOpenAxes(n, 3)) {
    n.out(0, sliceOpenly(n, n.in(0), n.in(1), n.in(2), n.in(4), n.in(3)));
    return;
  }
  sliceAlong(n, n.in(1), n.in(2), n.in(4), n.has(3) ? n.known(3, "axes") : std::vector<int64_t>(), n.has(3));
}
static void split(Node &n) {
  Value x = n.in(0);
  int64_t axis = n.axis(n.integer("axis", 0), n.rank(x)), parts = n.outputs();
  std::vector<int64_t> sizes = n.integers("split");
  auto given = n.has(1) ? n.shapes.constants(n.in(1)) : std::nullopt;
  if (given)
    sizes = *given;
  int64_t wanted = n.integer("num_outputs", parts);
  if (wanted != parts || llvm::any_of(sizes, [](int64_t size) { return size < 0; })) {
    n.fail("expected sizes that are not negative for " + Twine(wanted) + " outputs, got " + Twine(parts) +
           " outputs");
    return;
  }
  if (n.has(1) ? n.size(n.in(1), 0) != parts : !sizes.empty() && int64_t(sizes.size()) != parts) {
    n.fail("expected sizes for " + Twine(parts) + " outputs");
    return;
  }
  int64_t whole = n.size(x, axis);
  if (sizes.empty() && !n.has(1) && !ShapedType::isDynamic(whole))
    for (int64_t i = 0, part = (whole + parts - 1) / std::max<int64_t>(parts, 1); i < parts; ++i)
      sizes.push_back(std::clamp<int64_t>(whole - i * part, 0, part));
  if (!sizes.empty()) {
    int64_t from = 0;
    for (int i = 0; i < parts; from += sizes[i++])
      n.out(i, n.slice(x, axis, from, from + sizes[i]));
    if (!ShapedType::isDynamic(whole) && from != whole)
      n.fail("expected sizes that add up to " + Twine(whole) + ", got " + Twine(from));
    return;
  }
  // Sizes that only the run knows.
  Value even = n.has(1) ? Value() : n.div(n.add(n.dim(x, axis), n.one(parts - 1)), n.one(parts)),
        from = n.one(0);
  for (int i = 0; i < parts; ++i) {
    Value to = n.add(from, even ? even : n.cast(n.slice(n.in(1), 0, i, i + 1), n.b.getI64Type()));
    n.out(i, n.like<SliceOp>(x, from, to, n.one(1), ArrayRef<int64_t>{axis}));
    from = to;
  }
}

//===-- padding ----------------------------------------------------------------------===//

static std::optional<PadKind> padKind(Node &n) {
  std::string mode = n.text("mode", "constant");
  if (auto kind = symbolizePadKind(mode))
    return kind;
  n.fail("expected a padding mode 'constant', 'reflect', 'edge' or 'wrap', got '" + mode + "'");
  return std::nullopt;
}
static void pad2(Node &n) {
  Value x = n.in(0), value = n.number(x, n.real("value", 0));
  if (auto kind = padKind(n))
    n.out(0, n.make<PadOp>(Node::element(x), *kind, x,
                           n.integerTensor(n.integers(n.opset < 2 ? "paddings" : "pads")), value));
}
static void pad11(Node &n) {
  Value x = n.in(0), pads = n.in(1), value = n.has(2) ? n.in(2) : n.number(x, 0);
  auto kind = padKind(n);
  if (hasOpenAxes(n, 3)) {
    pads = padsOpenly(n, pads, n.in(3), n.rank(x));
  } else if (n.has(3)) { // pads of some axes: the others get none
    std::vector<int64_t> axes = n.known(3, "axes");
    int64_t rank = n.rank(x), some = int64_t(axes.size());
    if (n.size(pads, 0) != 2 * some) {
      n.fail("expected two pads for each of " + Twine(some) + " axes");
      return;
    }
    SmallVector<int64_t> from(2 * rank, 2 * some); // the zero that is appended
    for (int64_t i = 0; i < some && !n.failed; ++i) {
      int64_t axis = n.axis(axes[i], rank);
      from[axis] = i;
      from[axis + rank] = i + some;
    }
    Value all = n.concat({n.cast(pads, n.b.getI64Type()), n.one(0)}, 0);
    pads = n.gather(all, n.integerTensor(from), 0);
  }
  if (!holdsIntegers(n, pads) || !knownWithin(n, pads, -maxPad, maxPad, "pads"))
    return;
  if (auto size = n.shapes.constants(pads); kind == PadKind::reflect && size)
    for (int64_t axis = 0; axis < n.rank(x) && size->size() == size_t(2 * n.rank(x)); ++axis)
      if (int64_t have = n.size(x, axis); !ShapedType::isDynamic(have))
        if (int64_t most = std::max((*size)[axis], (*size)[axis + n.rank(x)]); most > 0 && most >= have)
          n.fail("expected pads that a reflection of " + Twine(have) + " elements can fill, got " +
                 Twine(most));
  if (kind)
    n.out(0, n.make<PadOp>(Node::element(x), *kind, x, pads, value));
}
/// Each axis is cut or padded around its centre; odd pixels go to the end.
static void centerCropPad(Node &n) {
  Value x = n.in(0), zero = n.i64(0), two = n.i64(2);
  std::vector<int64_t> axes = n.integers("axes", std::vector<int64_t>());
  if (axes.empty())
    for (int64_t i = 0; i < n.rank(x); ++i)
      axes.push_back(i);
  Value before = n.integerTensor(SmallVector<int64_t>(n.rank(x), 0)), after = before;
  for (auto [i, given] : llvm::enumerate(axes)) {
    int64_t axis = n.axis(given, n.rank(x));
    Value wanted = n.cast(n.pick(n.in(1), 0, int64_t(i)), n.b.getI64Type()), have = n.extent(x, axis);
    Value more = n.max(n.sub(wanted, have), zero), less = n.max(n.sub(have, wanted), zero);
    Value begin = n.sub(n.div(more, two), n.div(less, two)), end = n.sub(n.sub(wanted, have), begin);
    SmallVector<int64_t> mark(n.rank(x), 0);
    mark[axis] = 1;
    before = n.add(before, n.mul(begin, n.integerTensor(mark)));
    after = n.add(after, n.mul(end, n.integerTensor(mark)));
  }
  n.out(0,
        n.make<PadOp>(Node::element(x), PadKind::constant, x, n.concat({before, after}, 0), n.number(x, 0)));
}

//===-- pixels and channels ----------------------------------------------------------===//

constexpr int64_t maxBlock = 1 << 15;

static void depthToSpace(Node &n) {
  Value x = n.in(0);
  int64_t s = n.required("blocksize"), c = n.knownSize(x, 1, "channels");
  std::string mode = n.text("mode", "DCR");
  if (n.rank(x) != 4 || s < 1 || s > maxBlock || c % (s * s) || (mode != "DCR" && mode != "CRD")) {
    n.fail("expected [N, C, H, W] with channels that divide by the block, and mode DCR or CRD");
    return;
  }
  Value batch = n.dim(x, 0), h = n.dim(x, 2), w = n.dim(x, 3), block = n.one(s), depth = n.one(c / (s * s));
  bool isDcr = mode == "DCR";
  Value y = n.reshapeTo(x, isDcr ? n.shapeFrom({batch, block, block, depth, h, w})
                                 : n.shapeFrom({batch, depth, block, block, h, w}));
  y = isDcr ? n.transpose(y, {0, 3, 4, 1, 5, 2}) : n.transpose(y, {0, 1, 4, 2, 5, 3});
  n.out(0, n.reshapeTo(y, n.shapeFrom({batch, depth, n.mul(h, block), n.mul(w, block)})));
}
static void spaceToDepth(Node &n) {
  Value x = n.in(0);
  int64_t s = n.required("blocksize"), c = n.knownSize(x, 1, "channels");
  if (n.rank(x) != 4 || s < 1 || s > maxBlock) {
    n.fail("expected [N, C, H, W] and a block of 1 to " + Twine(maxBlock));
    return;
  }
  Value batch = n.dim(x, 0), block = n.one(s), h = n.div(n.dim(x, 2), block), w = n.div(n.dim(x, 3), block);
  Value y = n.reshapeTo(x, n.shapeFrom({batch, n.one(c), h, block, w, block}));
  n.out(0, n.reshapeTo(n.transpose(y, {0, 3, 5, 1, 2, 4}), n.shapeFrom({batch, n.one(c * s * s), h, w})));
}

ArrayRef<OpRow> movementRows() {
  static const OpRow rows[] = {
      {"", "Constant", 1, constant, 0, 0},
      {"", "ConstantOfShape", 9, constantOfShape},
      {"", "Shape", 1, shape},
      {"", "Size", 1, sizeOf},
      {"", "Range", 11, range, 3, 3},
      {"", "Reshape", 1, reshape1},
      {"", "Reshape", 5, reshape5, 2, 2},
      {"", "Flatten", 1, flatten},
      {"", "Squeeze", 1, squeeze},
      {"", "Squeeze", 13, squeeze, 1, 2},
      {"", "Unsqueeze", 1, unsqueeze},
      {"", "Unsqueeze", 13, unsqueeze, 2, 2},
      {"", "Transpose", 1, transpose},
      {"", "Expand", 8, expand, 2, 2},
      {"", "Tile", 6, tile, 2, 2},
      {"", "Concat", 1, concat, 1, anyNumber},
      {"", "Slice", 1, slice1},
      {"", "Slice", 10, slice10, 3, 5},
      {"", "Split", 1, split, 1, 2},
      {"", "Pad", 1, pad2},
      {"", "Pad", 11, pad11, 2, 4},
      {"com.microsoft", "Pad", 1, pad11, 2, 3},
      {"", "CenterCropPad", 18, centerCropPad, 2, 2},
      {"", "DepthToSpace", 1, depthToSpace},
      {"", "SpaceToDepth", 1, spaceToDepth},
  };
  return rows;
}

} // namespace hone
