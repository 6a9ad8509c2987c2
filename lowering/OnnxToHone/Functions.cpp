// Model functions are inlined where they are called: a scope of their own, attributes filled in.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/Skeleton.h"

using namespace mlir;

namespace hone {

const onnx::FunctionProto *GraphImporter::functionOf(const onnx::NodeProto &proto) const {
  for (const auto &function : model.functions())
    if (function.name() == proto.op_type() && function.domain() == proto.domain())
      return &function;
  return nullptr;
}

/// Replaces attributes that refer to the call's by those; without one the attribute is left out.
static void fillAttributes(google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes,
                           const llvm::StringMap<const onnx::AttributeProto *> &given, int depth) {
  if (depth > maxGraphDepth)
    return; // the import of that sub-graph says so
  for (auto &node : nodes) {
    auto *attributes = node.mutable_attribute();
    for (int i = 0; i < attributes->size();) {
      onnx::AttributeProto &attribute = *attributes->Mutable(i);
      if (!attribute.ref_attr_name().empty()) {
        auto found = given.find(attribute.ref_attr_name());
        if (found == given.end()) {
          attributes->DeleteSubrange(i, 1);
          continue;
        }
        std::string name = attribute.name();
        attribute = *found->second;
        attribute.set_name(name);
      } else if (attribute.has_g()) {
        fillAttributes(*attribute.mutable_g()->mutable_node(), given, depth + 1);
      }
      ++i;
    }
  }
}

void GraphImporter::inlineFunction(Node &call, const onnx::FunctionProto &function) {
  if (depth >= maxGraphDepth) {
    call.fail("functions call each other more than " + Twine(maxGraphDepth) + " deep");
    stopped = true;
    return;
  }
  if (call.inputs() > function.input_size() || call.outputs() > function.output_size()) {
    call.fail("expected at most " + Twine(function.input_size()) + " inputs and " +
              Twine(function.output_size()) + " outputs");
    return;
  }
  llvm::StringMap<const onnx::AttributeProto *> given;
  for (const auto &attribute : call.proto.attribute())
    given[attribute.name()] = &attribute;
  // Default values: FunctionProto.attribute_proto, which the library's classes do not know yet.
  constexpr int attributeProto = 11;
  std::vector<onnx::AttributeProto> defaults;
  const google::protobuf::UnknownFieldSet &unknown = function.unknown_fields();
  defaults.reserve(unknown.field_count());
  for (int i = 0; i < unknown.field_count(); ++i)
    if (const auto &field = unknown.field(i);
        field.number() == attributeProto &&
        field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      if (onnx::AttributeProto value; value.ParseFromString(field.length_delimited())) {
        defaults.push_back(value);
        given.try_emplace(value.name(), &defaults.back());
      }
  Nodes body = function.node();
  fillAttributes(body, given, depth);

  Scope scope;
  for (int i = 0; i < call.inputs(); ++i)
    if (call.has(i))
      scope[function.input(i)] = call.in(i);
  // A function sees its inputs only.
  std::vector<Scope> callers = std::exchange(scopes, {});
  scopes.push_back(std::move(scope));
  const onnx::FunctionProto *outer = std::exchange(inside, &function);
  std::string outerPrefix = prefix;
  prefix += (call.proto.name().empty() ? call.proto.op_type() : call.proto.name()) + "/";
  ++depth;
  int before = reported;
  // Inputs that the call leaves out are empty names inside.
  for (auto &node : body)
    for (std::string &input : *node.mutable_input())
      for (int i = 0; i < function.input_size(); ++i)
        if (input == function.input(i) && !call.has(i))
          input.clear();
  if (checkNames(body))
    nodes(body);
  std::vector<Value> results;
  for (const std::string &output : function.output())
    results.push_back(lookup(output));
  --depth;
  prefix = outerPrefix;
  inside = outer;
  scopes = std::move(callers);
  for (int i = 0; i < call.outputs(); ++i)
    call.out(i, results[i]);
  call.failed |= reported > before;
}

} // namespace hone
