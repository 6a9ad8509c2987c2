// Operand and attribute access, and the building blocks that handlers share.
#include "lowering/OnnxToHone/Node.h"
#include "lowering/OnnxToHone/GraphImporter.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

constexpr int64_t maxElements = int64_t(1) << 40; // of one tensor: more is a broken model

Node::Node(GraphImporter &graph, const onnx::NodeProto &proto, int64_t opset, Location loc,
           std::string description)
    : graph(graph), proto(proto), opset(opset), b(graph.b), shapes(graph.shapes), loc(loc),
      description(std::move(description)) {}

Value Node::in(int i) { return has(i) ? graph.lookup(proto.input(i)) : Value(); }

void Node::out(int i, Value value) {
  if (value && !failed && wants(i))
    graph.define(proto.output(i), value);
}

//===-- attributes -----------------------------------------------------------===//

const onnx::AttributeProto *Node::attribute(StringRef name) const {
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

const onnx::AttributeProto *Node::attribute(StringRef name, onnx::AttributeProto::AttributeType type) {
  auto *found = attribute(name);
  if (!found || found->type() == type || found->type() == onnx::AttributeProto::UNDEFINED)
    return found;
  auto text = [](auto type) { return StringRef(onnx::AttributeProto::AttributeType_Name(type)).lower(); };
  fail("expected the attribute '" + name + "' to be of type " + text(type) + ", got " + text(found->type()));
  return nullptr;
}
int64_t Node::integer(StringRef name, int64_t otherwise) {
  auto *found = attribute(name, onnx::AttributeProto::INT);
  return found ? found->i() : otherwise;
}
int64_t Node::required(StringRef name) {
  if (!attribute(name))
    fail("expected the attribute '" + name + "'");
  return integer(name, 0);
}
double Node::real(StringRef name, double otherwise) {
  auto *found = attribute(name, onnx::AttributeProto::FLOAT);
  return found ? found->f() : otherwise;
}
std::string Node::text(StringRef name, StringRef otherwise) {
  auto *found = attribute(name, onnx::AttributeProto::STRING);
  return found ? found->s() : otherwise.str();
}
std::vector<int64_t> Node::integers(StringRef name, std::vector<int64_t> otherwise) {
  auto *found = attribute(name, onnx::AttributeProto::INTS);
  return found ? std::vector<int64_t>(found->ints().begin(), found->ints().end()) : otherwise;
}
std::vector<float> Node::reals(StringRef name) {
  auto *found = attribute(name, onnx::AttributeProto::FLOATS);
  return found ? std::vector<float>(found->floats().begin(), found->floats().end()) : std::vector<float>();
}

//===-- facts ------------------------------------------------------------------===//

int64_t Node::size(Value v, int64_t axis) const {
  auto type = v ? dyn_cast<RankedTensorType>(v.getType()) : RankedTensorType();
  if (!type)
    return ShapedType::kDynamic;
  axis = axis < 0 ? axis + type.getRank() : axis;
  return axis < 0 || axis >= type.getRank() ? ShapedType::kDynamic : type.getDimSize(axis);
}

int64_t Node::knownSize(Value v, int64_t axis, StringRef what) {
  int64_t known = size(v, axis);
  if (!ShapedType::isDynamic(known))
    return known;
  fail("expected " + what + " of a size that is known when compiling; give it with --dim");
  return 0;
}

int64_t Node::axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    fail("expected an axis in [" + Twine(-rank) + ", " + Twine(rank) + "), got " + Twine(axis));
    return 0;
  }
  return axis < 0 ? axis + rank : axis;
}

std::vector<int64_t> Node::known(int i, StringRef what) {
  Value value = in(i);
  auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
  if (type && type.hasStaticShape() && type.getNumElements() == 0)
    return {};
  auto values = value ? shapes.constants(value) : std::nullopt;
  if (!values)
    fail("expected constant " + what + ", got some that the model computes");
  return values.value_or(std::vector<int64_t>());
}

Type Node::typeNumber(int64_t number) {
  Type type = elementTypeOf(b.getContext(), number);
  if (!type)
    fail(whyNoElementType(number));
  return type;
}

//===-- building ---------------------------------------------------------------===//

/// A result that no machine holds would overflow somewhere later.
static bool isTooLarge(Type type) {
  auto ranked = dyn_cast<RankedTensorType>(type);
  int64_t count = 1;
  for (int64_t size : ranked ? ranked.getShape() : ArrayRef<int64_t>())
    if (size == 0)
      return false;
    else if (!ShapedType::isDynamic(size) && (llvm::MulOverflow(count, size, count) || count > maxElements))
      return true;
  return false;
}

/// The same for sizes that the run decides, and what no run could decide.
static std::string whyNoSize(Shapes &shapes, Value value) {
  constexpr int64_t maxSizeWeight = 2000;
  for (const DimExpr &dim : shapes.dims(value)) {
    if (dim.constant().value_or(0) < 0)
      return "its result has a size of " + std::to_string(*dim.constant());
    if (shapes.weight(dim) > maxSizeWeight)
      return "the expression for a size of its result is too long to follow";
    for (auto &[monomial, factor] : dim.getTerms())
      if (factor > maxElements || factor < -maxElements)
        return "its result is too large";
  }
  return isTooLarge(value.getType()) ? "its result is too large" : "";
}

bool Node::infer(Operation *op) {
  if (failed)
    return false;
  for (Value operand : op->getOperands())
    if (!operand || (!isa<RankedTensorType>(operand.getType()) && !operand.getType().isIndex())) {
      fail("an operand is missing or has no known rank");
      return false;
    }
  std::string message;
  bool ok;
  {
    ScopedDiagnosticHandler keep(b.getContext(), [&](Diagnostic &diagnostic) {
      if (message.empty())
        message = diagnostic.str();
      return success();
    });
    ok = succeeded(shapes.infer(op));
  }
  for (Value result : op->getResults())
    if (std::string why = ok ? whyNoSize(shapes, result) : ""; !why.empty()) {
      ok = false;
      message = why;
    }
  if (!ok)
    fail(message.empty() ? "its operands do not fit" : message);
  return ok;
}

Value Node::fail(const Twine &why) {
  if (!failed) {
    failed = true;
    graph.report(description + why.str());
  }
  return {};
}

static Attribute scalarAttribute(Type element, double value) {
  if (isa<FloatType>(element))
    return FloatAttr::get(element, value);
  return IntegerAttr::get(element,
                          APInt(element.getIntOrFloatBitWidth(), uint64_t(int64_t(value)), true, true));
}
Value Node::constant(Type element, double value) { return splat(element, {}, value); }
Value Node::splat(Type element, ArrayRef<int64_t> sizes, double value) {
  auto type = RankedTensorType::get(sizes, element);
  return make<ConstantOp>(element, DenseElementsAttr::get(type, scalarAttribute(element, value)));
}
Value Node::integerTensor(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({int64_t(values.size())}, b.getI64Type());
  return make<ConstantOp>(b.getI64Type(), DenseIntElementsAttr::get(type, values));
}
Value Node::floatTensor(ArrayRef<float> values) {
  auto type = RankedTensorType::get({int64_t(values.size())}, b.getF32Type());
  return make<ConstantOp>(b.getF32Type(), DenseFPElementsAttr::get(type, values));
}
Value Node::fill(Value shape, Value value) {
  return value ? make<FillOp>(element(value), shape, value) : Value();
}

Value Node::dims(Value x, int64_t from, std::optional<int64_t> to) {
  int64_t end = to.value_or(rank(x));
  SmallVector<int64_t> sizes;
  for (int64_t axis = from; axis < end; ++axis)
    sizes.push_back(size(x, axis));
  if (llvm::none_of(sizes, ShapedType::isDynamic))
    return integerTensor(sizes);
  return make<ShapeOp>(b.getI64Type(), x, b.getI64IntegerAttr(from), b.getI64IntegerAttr(end));
}
Value Node::dim(Value x, int64_t axis) { return dims(x, axis, axis + 1); }
Value Node::product(Value x, int64_t from, int64_t to) {
  int64_t count = 1;
  for (int64_t axis = from; axis < to && !ShapedType::isDynamic(count); ++axis)
    if (int64_t size = this->size(x, axis);
        ShapedType::isDynamic(size) || llvm::MulOverflow(count, size, count))
      count = ShapedType::kDynamic;
  return ShapedType::isDynamic(count) ? reduce(ReduceKind::prod, dims(x, from, to), {0}, true) : one(count);
}
Value Node::shapeFrom(ArrayRef<Value> all) {
  SmallVector<Value> parts;
  llvm::copy_if(all, std::back_inserter(parts), [&](Value part) { return size(part, 0) != 0; });
  SmallVector<int64_t> sizes;
  for (Value part : parts)
    if (auto known = part ? shapes.constants(part) : std::nullopt)
      sizes.append(known->begin(), known->end());
    else
      return concat(parts, 0);
  return integerTensor(sizes);
}
Value Node::range(Value count) { return make<RangeOp>(b.getI64Type(), i64(0), count, i64(1)); }

Value Node::cast(Value x, Type to) {
  if (!x || !to || element(x) == to)
    return to ? x : Value();
  return make<CastOp>(to, x, TypeAttr::get(to));
}
Value Node::reshape(Value x, ArrayRef<int64_t> sizes) {
  return like<ReshapeOp>(x, integerTensor(sizes), UnitAttr());
}
Value Node::reshapeTo(Value x, Value shape) { return like<ReshapeOp>(x, shape, b.getUnitAttr()); }
Value Node::transpose(Value x, ArrayRef<int64_t> perm) {
  for (auto [i, axis] : llvm::enumerate(perm))
    if (int64_t(i) != axis)
      return like<TransposeOp>(x, perm);
  return x;
}
Value Node::slice(Value x, int64_t axis, int64_t from, int64_t to) {
  if (from == 0 && size(x, axis) == to)
    return x;
  return like<SliceOp>(x, integerTensor({from}), integerTensor({to}), integerTensor({1}),
                       ArrayRef<int64_t>{axis});
}
Value Node::unsqueeze(Value x, ArrayRef<int64_t> axes) {
  return axes.empty() ? x : like<UnsqueezeOp>(x, axes);
}
Value Node::squeeze(Value x, ArrayRef<int64_t> axes) { return axes.empty() ? x : like<SqueezeOp>(x, axes); }
Value Node::concat(ArrayRef<Value> parts, int64_t axis) {
  if (failed || parts.empty())
    return fail("expected something to join");
  // Many parts by halves: the code of one kernel would be as long as the list.
  constexpr size_t most = 64;
  if (parts.size() > most) {
    SmallVector<Value> joined;
    for (; !parts.empty(); parts = parts.drop_front(std::min(most, parts.size())))
      joined.push_back(concat(parts.take_front(most), axis));
    return concat(joined, axis);
  }
  return parts.size() == 1 ? parts[0] : make<ConcatOp>(element(parts[0]), parts, axis);
}
Value Node::gather(Value x, Value indices, int64_t axis) { return like<GatherOp>(x, indices, axis); }
Value Node::expand(Value x, Value shape) { return like<ExpandOp>(x, shape); }
Value Node::matmul(Value a, Value c, bool ta, bool tb, int64_t activationBits) {
  if (failed || !a || !c)
    return {};
  // Vectors become matrices and lose the dimension again.
  bool rowVector = rank(a) == 1, columnVector = rank(c) == 1;
  if (rowVector)
    a = unsqueeze(a, {0});
  if (columnVector)
    c = unsqueeze(c, {1});
  Value y = like<MatmulOp>(a, c, ta, tb, activationBits);
  if (!y)
    return {};
  SmallVector<int64_t> drop;
  if (rowVector)
    drop.push_back(rank(y) - 2);
  if (columnVector)
    drop.push_back(rank(y) - 1);
  return squeeze(y, drop);
}

Value Node::compare(CmpKind kind, Value x, Value y) { return make<CmpOp>(b.getI1Type(), kind, x, y); }
Value Node::select(Value c, Value x, Value y) { return x ? make<SelectOp>(element(x), c, x, y) : Value(); }
Value Node::reduce(ReduceKind kind, Value x, ArrayRef<int64_t> axes, bool keep) {
  return x ? make<ReduceOp>(element(x), kind, x, axes, keep) : Value();
}

SmallVector<int64_t> axesFrom(int64_t from, int64_t to) {
  SmallVector<int64_t> axes;
  for (; from < to; ++from)
    axes.push_back(from);
  return axes;
}

} // namespace hone
