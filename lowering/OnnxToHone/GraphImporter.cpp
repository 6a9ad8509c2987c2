// Walks the model's graph node by node. Values are typed as they are created; a node that can't be
// compiled is reported and its results are left out, so that one run reports all such nodes.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/OpTable.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <set>

using namespace mlir;
using namespace mlir::hone;

namespace hone {

constexpr int maxDepth = 64; // of nested sub-graphs and functions

GraphImporter::GraphImporter(ModuleOp module, const onnx::ModelProto &model, std::string path, StringRef bytes, const ImportOptions &options,
                             std::vector<std::string> *problems)
    : b(module.getContext()), module(module), model(model), path(path), folder(llvm::sys::path::parent_path(path).str()), bytes(bytes),
      options(options), problems(problems), symbols(module) {
  if (folder.empty())
    folder = ".";
}

void GraphImporter::report(const std::string &line) {
  ++reported;
  if (problems)
    problems->push_back(line);
  // The first few as errors; --check lists them all.
  if (reported <= 10)
    emitError(module.getLoc()) << llvm::sys::path::filename(path).str() << ": " << line;
}

int64_t GraphImporter::opsetOf(StringRef domain) const {
  std::string name = domain == "ai.onnx" ? "" : domain.str();
  if (!functionOpsets.empty()) {
    auto found = functionOpsets.find(name);
    if (found != functionOpsets.end())
      return found->second;
  }
  for (const auto &opset : model.opset_import())
    if ((opset.domain() == "ai.onnx" ? "" : opset.domain()) == name)
      return opset.version();
  return 1;
}

Value GraphImporter::lookup(const std::string &name) const {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (auto found = scope->find(name); found != scope->end())
      return found->second;
  return {};
}

RankedTensorType GraphImporter::inputType(const onnx::ValueInfoProto &input, ArrayAttr &names, std::string &error) {
  if (!input.type().has_tensor_type() || !input.type().tensor_type().has_shape()) {
    error = "expected a tensor with a shape";
    return {};
  }
  const auto &tensor = input.type().tensor_type();
  Type element = elementTypeOf(b.getContext(), tensor.elem_type());
  if (!element) {
    error = "element type " + std::to_string(tensor.elem_type()) + " is not built";
    return {};
  }
  SmallVector<int64_t> shape;
  SmallVector<Attribute> dims;
  for (const auto &dim : tensor.shape().dim()) {
    std::string name = dim.dim_param();
    if (dim.has_dim_value() && dim.dim_value() >= 0 && name.empty()) {
      // Exporters write 0 for sizes that they do not know.
      if (dim.dim_value() > 0) {
        shape.push_back(dim.dim_value());
        dims.push_back(b.getI64IntegerAttr(dim.dim_value()));
        continue;
      }
    } else if (dim.has_dim_value() && dim.dim_value() < -1) {
      error = "expected sizes that are not negative, got " + std::to_string(dim.dim_value());
      return {};
    }
    auto given = options.dims.find(name);
    if (!name.empty() && given != options.dims.end() && given->second.first == given->second.second) {
      shape.push_back(given->second.first);
      dims.push_back(b.getI64IntegerAttr(given->second.first));
    } else {
      shape.push_back(ShapedType::kDynamic);
      dims.push_back(b.getStringAttr(name.empty() ? input.name() + "." + std::to_string(dims.size()) : name));
    }
  }
  names = b.getArrayAttr(dims);
  return RankedTensorType::get(shape, element);
}

bool GraphImporter::run() {
  const onnx::GraphProto &main = model.graph();
  Location loc = module.getLoc();
  std::set<std::string> constants;
  for (const auto &tensor : main.initializer())
    constants.insert(tensor.name());
  SmallVector<Type> types;
  SmallVector<ArrayAttr> dims;
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const auto &input : main.input()) {
    if (constants.count(input.name()))
      continue;
    std::string error;
    ArrayAttr mine;
    auto type = inputType(input, mine, error);
    if (type && !seen.insert(input.name()).second)
      error = "two inputs have this name";
    if (!error.empty()) {
      report("input '" + input.name() + "': " + error);
      return false;
    }
    types.push_back(type);
    dims.push_back(mine);
    names.push_back(input.name());
  }
  b.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(b, loc, "main", b.getFunctionType(types, {}));
  Block *body = function.addEntryBlock();
  scopes.emplace_back();
  for (auto [i, argument] : llvm::enumerate(body->getArguments())) {
    function.setArgAttr(i, "hone.name", b.getStringAttr(names[i]));
    function.setArgAttr(i, "hone.dims", dims[i]);
    scopes.back()[names[i]] = argument;
  }
  SmallVector<NamedAttribute> ranges;
  for (auto &[name, range] : options.dims)
    if (range.first != range.second)
      ranges.push_back(b.getNamedAttr(name, b.getI64ArrayAttr({range.first, range.second})));
  if (!ranges.empty())
    module->setAttr("hone.dim_ranges", b.getDictionaryAttr(ranges));
  // Sums name dimensions of other arguments: plain names first.
  for (bool sums : {false, true})
    for (auto [argument, mine] : llvm::zip(body->getArguments(), dims))
      if (llvm::any_of(mine, [](Attribute d) { return isa<StringAttr>(d) && cast<StringAttr>(d).getValue().contains('+'); }) == sums)
        shapes.bindArgument(argument, mine);
  b.setInsertionPointToEnd(body);
  if (!graph(main) || reported)
    return false;

  SmallVector<Value> results;
  for (const auto &output : main.output()) {
    Value value = lookup(output.name());
    if (!value) {
      report("output '" + output.name() + "': no node computes it");
      return false;
    }
    results.push_back(value);
  }
  func::ReturnOp::create(b, loc, results);
  function.setFunctionType(b.getFunctionType(types, ValueRange(results).getTypes()));
  for (auto [i, output] : llvm::enumerate(main.output()))
    function.setResultAttr(i, "hone.name", b.getStringAttr(output.name()));
  return true;
}

bool GraphImporter::graph(const onnx::GraphProto &proto) { return initializers(proto) && nodes(proto.node()); }

bool GraphImporter::initializers(const onnx::GraphProto &proto) {
  for (const auto &tensorProto : proto.initializer()) {
    std::string error;
    Value value = tensor(tensorProto, tensorProto.name(), error);
    if (!value) {
      report("initializer '" + tensorProto.name() + "': " + error);
      return false;
    }
    if (!scopes.back().try_emplace(tensorProto.name(), value).second) {
      report("initializer '" + tensorProto.name() + "': the name is taken");
      return false;
    }
  }
  if (proto.sparse_initializer_size()) {
    report("sparse initializers are not built");
    return false;
  }
  return true;
}

bool GraphImporter::nodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &list) {
  // Names that later nodes compute: an input among them means that the order is wrong or a cycle.
  std::set<std::string> later;
  for (const auto &proto : list)
    for (const std::string &output : proto.output())
      if (!output.empty() && (!later.insert(output).second || scopes.back().count(output))) {
        report("node '" + proto.name() + "' (" + proto.op_type() + "): output '" + output + "' is defined twice");
        return false;
      }
  for (const auto &proto : list) {
    node(proto);
    for (const std::string &input : proto.input())
      if (!input.empty() && !lookup(input) && later.count(input) == 0 && !reported)
        return false;
  }
  return true;
}

void GraphImporter::node(const onnx::NodeProto &proto) {
  ++counter;
  std::string name = proto.name().empty() && proto.output_size() ? proto.output(0) : proto.name();
  Node node(*this, proto, opsetOf(proto.domain()), NameLoc::get(b.getStringAttr(name)));
  for (const std::string &input : proto.input())
    if (!input.empty() && !lookup(input)) {
      // What a failed node should have computed is no second problem.
      if (!reported)
        node.fail("input '" + input + "' is not defined in front of this node (undefined, or a cycle)");
      return;
    }
  const OpRow *row = findRow(proto.domain(), proto.op_type(), node.opset);
  if (row) {
    row->handle(node);
    return;
  }
  if (inlineFunction(proto))
    return;
  node.fail("operator not known for opset " + Twine(node.opset) + (proto.domain().empty() ? "" : " of domain '" + Twine(proto.domain()) + "'"));
}

bool GraphImporter::inlineFunction(const onnx::NodeProto &proto) {
  for (const auto &function : model.functions()) {
    if (function.name() != proto.op_type() || function.domain() != proto.domain())
      continue;
    if (depth >= maxDepth) {
      report("node '" + proto.name() + "' (" + proto.op_type() + "): functions call each other more than " + std::to_string(maxDepth) + " deep");
      return true;
    }
    ++depth;
    auto outer = std::exchange(functionOpsets, {});
    for (const auto &opset : function.opset_import())
      functionOpsets[opset.domain()] = opset.version();
    std::map<std::string, Value> scope;
    for (int i = 0; i < function.input_size() && i < proto.input_size(); ++i)
      if (!proto.input(i).empty())
        scope[function.input(i)] = lookup(proto.input(i));
    // A function sees its inputs only.
    auto callers = std::exchange(scopes, {scope});
    google::protobuf::RepeatedPtrField<onnx::NodeProto> body = function.node();
    for (auto &inner : body)
      for (auto &attribute : *inner.mutable_attribute())
        if (!attribute.ref_attr_name().empty())
          for (const auto &given : proto.attribute())
            if (given.name() == attribute.ref_attr_name()) {
              std::string mine = attribute.name();
              attribute = given;
              attribute.set_name(mine);
            }
    nodes(body);
    std::vector<Value> results;
    for (const std::string &output : function.output())
      results.push_back(lookup(output));
    scopes = std::move(callers);
    functionOpsets = std::move(outer);
    --depth;
    for (size_t i = 0; i < results.size() && int(i) < proto.output_size(); ++i)
      if (results[i] && !proto.output(i).empty())
        scopes.back()[proto.output(i)] = results[i];
    return true;
  }
  return false;
}

std::vector<Value> GraphImporter::subgraph(const onnx::GraphProto &proto, ArrayRef<Value> arguments) {
  if (depth >= maxDepth) {
    report("sub-graphs are nested more than " + std::to_string(maxDepth) + " deep");
    return {};
  }
  ++depth;
  scopes.emplace_back();
  for (int i = 0; i < proto.input_size() && size_t(i) < arguments.size(); ++i)
    scopes.back()[proto.input(i).name()] = arguments[i];
  std::vector<Value> results;
  if (graph(proto))
    for (const auto &output : proto.output()) {
      Value value = lookup(output.name());
      if (!value) {
        if (!reported)
          report("sub-graph '" + proto.name() + "': no node computes output '" + output.name() + "'");
        results.clear();
        break;
      }
      results.push_back(value);
    }
  scopes.pop_back();
  --depth;
  return results;
}

} // namespace hone
