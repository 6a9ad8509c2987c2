// Operand and attribute access, and the building blocks that handlers share.
#include "lowering/OnnxToHone/Node.h"
#include "lowering/OnnxToHone/GraphImporter.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

Node::Node(GraphImporter &graph, const onnx::NodeProto &proto, int64_t opset, Location loc)
    : graph(graph), proto(proto), opset(opset), b(graph.b), shapes(graph.shapes), loc(loc) {}

Value Node::in(int i) { return has(i) ? graph.lookup(proto.input(i)) : Value(); }

void Node::out(int i, Value value) {
  if (value && !failed && wants(i))
    graph.scopes.back()[proto.output(i)] = value;
}

const onnx::AttributeProto *Node::attribute(StringRef name) const {
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

int64_t Node::integer(StringRef name, int64_t otherwise) const {
  auto *found = attribute(name);
  return found ? found->i() : otherwise;
}
double Node::real(StringRef name, double otherwise) const {
  auto *found = attribute(name);
  return found ? found->f() : otherwise;
}
std::string Node::text(StringRef name, StringRef otherwise) const {
  auto *found = attribute(name);
  return found ? found->s() : otherwise.str();
}
std::vector<int64_t> Node::integers(StringRef name, std::vector<int64_t> otherwise) const {
  auto *found = attribute(name);
  return found ? std::vector<int64_t>(found->ints().begin(), found->ints().end()) : otherwise;
}
std::vector<float> Node::reals(StringRef name) const {
  auto *found = attribute(name);
  return found ? std::vector<float>(found->floats().begin(), found->floats().end()) : std::vector<float>();
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
  auto values = value ? shapes.constants(value) : std::nullopt;
  if (!values)
    fail("expected constant " + what + "; " + what + " computed by the model are not built");
  return values.value_or(std::vector<int64_t>());
}

bool Node::infer(Operation *op) {
  if (failed)
    return false;
  std::string message;
  ScopedDiagnosticHandler keep(b.getContext(), [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  for (Value operand : op->getOperands())
    if (!isa<RankedTensorType>(operand.getType()) && !operand.getType().isIndex()) {
      fail("an operand's rank is not known");
      return false;
    }
  if (succeeded(shapes.infer(op)))
    return true;
  fail(message);
  return false;
}

Value Node::fail(const Twine &why) {
  if (!failed) {
    failed = true;
    std::string name = proto.name().empty() ? "#" + std::to_string(graph.counter) : "'" + proto.name() + "'";
    graph.report("node " + name + " (" + (proto.domain().empty() ? "" : proto.domain() + ".") + proto.op_type() + "): " + why.str());
  }
  return {};
}

Value Node::constant(Type element, double value) {
  auto type = RankedTensorType::get({}, element);
  Attribute attribute = isa<FloatType>(element) ? Attribute(FloatAttr::get(element, value)) : Attribute(IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), int64_t(value), true, true)));
  return make<ConstantOp>(element, DenseElementsAttr::get(type, attribute));
}
Value Node::integerTensor(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({int64_t(values.size())}, b.getI64Type());
  return make<ConstantOp>(b.getI64Type(), DenseIntElementsAttr::get(type, values));
}
Value Node::cast(Value x, Type to) {
  if (!x || element(x) == to)
    return x;
  return make<CastOp>(to, x, TypeAttr::get(to));
}
Value Node::reshape(Value x, ArrayRef<int64_t> sizes) { return like<ReshapeOp>(x, integerTensor(sizes), false); }
Value Node::transpose(Value x, ArrayRef<int64_t> perm) { return like<TransposeOp>(x, perm); }
Value Node::slice(Value x, int64_t axis, int64_t from, int64_t to) {
  return like<SliceOp>(x, integerTensor({from}), integerTensor({to}), integerTensor({1}), ArrayRef<int64_t>{axis});
}
Value Node::unsqueeze(Value x, ArrayRef<int64_t> axes) { return like<UnsqueezeOp>(x, axes); }
Value Node::squeeze(Value x, ArrayRef<int64_t> axes) { return like<SqueezeOp>(x, axes); }
Value Node::compare(CmpKind kind, Value x, Value y) {
  return make<CmpOp>(b.getI1Type(), kind, x, y);
}
Value Node::reduce(ReduceKind kind, Value x, ArrayRef<int64_t> axes, bool keep) {
  return x ? make<ReduceOp>(element(x), kind, x, axes, keep) : Value();
}
Value Node::select(Value c, Value x, Value y) { return x ? make<SelectOp>(element(x), c, x, y) : Value(); }

} // namespace hone
