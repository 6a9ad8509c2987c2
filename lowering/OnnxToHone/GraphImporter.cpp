// Walks the model's graph node by node. Values are typed as they are created; a node that can't be
// compiled is reported and its results stay without a value, so that one run reports all such nodes.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/OpTable.h"
#include "lowering/OnnxToHone/Skeleton.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <set>

using namespace mlir;
using namespace mlir::hone;

namespace hone {

constexpr int64_t newestOpset = 28;
constexpr int maxNodes = 400000; // after inlining: functions that call functions grow without bound
constexpr int maxNotes = 10;     // as diagnostics; --check lists them all

GraphImporter::GraphImporter(ModuleOp module, const onnx::ModelProto &model, std::string path,
                             size_t fileSize, const ImportOptions &options,
                             std::vector<std::string> *problems)
    : b(module.getContext()), module(module), model(model), path(path),
      folder(llvm::sys::path::parent_path(path).str()), shown(llvm::sys::path::filename(path).str()),
      fileSize(fileSize), options(options), problems(problems), symbols(module) {
  if (folder.empty())
    folder = ".";
}

void GraphImporter::report(const std::string &line) {
  ++reported;
  if (problems)
    problems->push_back(line);
  if (options.checkOnly)
    return; // the list is the answer
  // One error line; what else can't be compiled follows as notes.
  if (reported == 1)
    emitError(module.getLoc()) << shown << ": " << line;
  else if (reported <= maxNotes)
    b.getContext()->getDiagEngine().emit(module.getLoc(), DiagnosticSeverity::Note) << shown << ": " << line;
}

std::string GraphImporter::describe(const onnx::NodeProto &proto, int number) const {
  std::string name = proto.name().empty() ? "#" + std::to_string(number) : "'" + prefix + proto.name() + "'";
  return "node " + name + " (" + (proto.domain().empty() ? "" : proto.domain() + ".") + proto.op_type() +
         "): ";
}

static StringRef domainName(StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

int64_t GraphImporter::opsetOf(StringRef domain) const {
  auto find = [&](auto &imports) -> int64_t {
    for (const auto &opset : imports)
      if (domainName(opset.domain()) == domainName(domain))
        return opset.version();
    return 0;
  };
  int64_t version = inside ? find(inside->opset_import()) : 0;
  return version ? version : std::max<int64_t>(find(model.opset_import()), 1);
}

Value GraphImporter::lookup(StringRef name) const {
  for (const Scope &scope : llvm::reverse(scopes))
    if (auto found = scope.find(name); found != scope.end())
      return found->second;
  return {};
}

std::optional<int64_t> GraphImporter::declaredRank(StringRef name) const {
  const onnx::GraphProto &graph = model.graph();
  auto keepsRank = [](StringRef op) {
    return llvm::is_contained({"Add", "Cast", "Clip", "Div", "Exp", "Identity", "Mul", "Neg", "Relu",
                               "Sigmoid", "Softmax", "Sqrt", "Sub", "Tanh"},
                              op);
  };
  constexpr int maxSteps = 8;
  for (int step = 0; step < maxSteps; ++step) {
    for (auto *values : {&graph.output(), &graph.value_info()})
      for (const auto &value : *values)
        if (value.name() == name && value.type().tensor_type().has_shape())
          return value.type().tensor_type().shape().dim_size();
    const onnx::NodeProto *next = nullptr;
    for (const auto &node : graph.node())
      if (keepsRank(node.op_type()) && node.output_size() == 1 && llvm::is_contained(node.input(), name))
        next = &node;
    if (!next)
      return std::nullopt;
    name = next->output(0);
  }
  return std::nullopt;
}

//===-- the signature ------------------------------------------------------===//

/// The size that --dim gives to a dimension "a" or "a + b + 1"; none when a part stays open.
std::optional<int64_t> GraphImporter::fixedSize(StringRef name) const {
  SmallVector<StringRef> parts;
  name.split(parts, '+');
  int64_t sum = 0;
  for (StringRef part : parts) {
    int64_t number;
    if (!part.trim().getAsInteger(10, number)) {
      sum += parts.size() > 1 ? number : 0;
      if (parts.size() > 1)
        continue;
    }
    auto given = options.dims.find(part.trim().str());
    if (given == options.dims.end() || given->second.first != given->second.second)
      return std::nullopt;
    sum += given->second.first;
  }
  return sum;
}

RankedTensorType GraphImporter::inputType(const onnx::ValueInfoProto &input, ArrayAttr &names,
                                          std::string &error) {
  if (!input.type().has_tensor_type() || !input.type().tensor_type().has_shape()) {
    error = "expected a tensor with a shape";
    return {};
  }
  const auto &tensor = input.type().tensor_type();
  Type element = elementTypeOf(b.getContext(), tensor.elem_type());
  if (!element) {
    error = whyNoElementType(tensor.elem_type());
    return {};
  }
  SmallVector<int64_t> shape;
  SmallVector<Attribute> dims;
  for (const auto &dim : tensor.shape().dim()) {
    if (dim.has_dim_value() && dim.dim_value() < -1) {
      error = "expected sizes that are not negative, got " + std::to_string(dim.dim_value());
      return {};
    }
    std::string name =
        dim.dim_param().empty() ? input.name() + "." + std::to_string(dims.size()) : dim.dim_param();
    // Exporters write 0 and -1 for sizes that they do not know.
    std::optional<int64_t> size =
        dim.has_dim_value() && dim.dim_value() > 0 ? std::optional(dim.dim_value()) : fixedSize(name);
    shape.push_back(size.value_or(ShapedType::kDynamic));
    dims.push_back(size ? Attribute(b.getI64IntegerAttr(*size)) : b.getStringAttr(name));
  }
  int64_t count = 1;
  for (int64_t size : shape)
    if (size != ShapedType::kDynamic && llvm::MulOverflow(count, size, count)) {
      error = "its dimensions overflow";
      return {};
    }
  names = b.getArrayAttr(dims);
  return RankedTensorType::get(shape, element);
}

bool GraphImporter::signature() {
  std::set<std::string> constants, seen, open;
  for (const auto &tensor : model.graph().initializer())
    constants.insert(tensor.name());
  SmallVector<Type> types;
  SmallVector<ArrayAttr> dims;
  std::vector<std::string> names;
  for (const auto &input : model.graph().input()) {
    if (constants.count(input.name()))
      continue;
    std::string error;
    ArrayAttr mine;
    RankedTensorType type = inputType(input, mine, error);
    if (type && !seen.insert(input.name()).second)
      error = "two inputs have this name";
    if (!error.empty()) {
      report("input '" + input.name() + "': " + error);
      continue;
    }
    types.push_back(type);
    dims.push_back(mine);
    names.push_back(input.name());
    for (const auto &dim : input.type().tensor_type().shape().dim())
      for (StringRef rest = dim.dim_param(); !rest.empty();) {
        auto [part, next] = rest.split('+');
        open.insert(part.trim().str());
        rest = next;
      }
    for (Attribute dim : mine)
      if (auto name = dyn_cast<StringAttr>(dim))
        open.insert(name.str());
    for (int axis = 0; axis < int(mine.size()); ++axis)
      open.insert(input.name() + "." + std::to_string(axis));
  }
  if (reported)
    return false;
  SmallVector<NamedAttribute> ranges;
  for (auto &[name, range] : options.dims) {
    if (!open.count(name)) {
      report("no input has a dimension '" + name + "'");
      return false;
    }
    if (range.first != range.second)
      ranges.push_back(b.getNamedAttr(name, b.getI64ArrayAttr({range.first, range.second})));
  }
  if (!ranges.empty())
    module->setAttr("hone.dim_ranges", b.getDictionaryAttr(ranges));

  b.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(b, module.getLoc(), "main", b.getFunctionType(types, {}));
  symbols.insert(function);
  Block *body = function.addEntryBlock();
  for (auto [i, argument] : llvm::enumerate(body->getArguments())) {
    argument.setLoc(NameLoc::get(b.getStringAttr(names[i])));
    function.setArgAttr(i, "hone.name", b.getStringAttr(names[i]));
    function.setArgAttr(i, "hone.dims", dims[i]);
    define(names[i], argument);
  }
  // Sums name dimensions of other arguments: plain names first.
  for (bool sums : {false, true})
    for (auto [argument, mine] : llvm::zip(body->getArguments(), dims))
      if (llvm::any_of(mine, [](Attribute d) {
            return isa<StringAttr>(d) && cast<StringAttr>(d).getValue().contains('+');
          }) == sums)
        shapes.bindArgument(argument, mine);
  b.setInsertionPointToEnd(body);
  return true;
}

//===-- graphs -----------------------------------------------------------------===//

bool GraphImporter::checkOpset() {
  int64_t opset = opsetOf("");
  if (opset <= newestOpset)
    return true;
  report("expected opset " + std::to_string(newestOpset) + " or older, got " + std::to_string(opset));
  return false;
}

bool GraphImporter::run() {
  const onnx::GraphProto &main = model.graph();
  scopes.emplace_back();
  if (!checkOpset() || !signature())
    return false;
  initializers(main);
  if (!checkNames(main.node()))
    return false;
  nodes(main.node());

  SmallVector<Value> results;
  for (const auto &output : main.output()) {
    if (Value value = lookup(output.name()))
      results.push_back(value);
    else if (!reported)
      report("output '" + output.name() + "': no node computes it");
  }
  if (reported)
    return false;
  func::ReturnOp::create(b, module.getLoc(), results);
  function.setFunctionType(b.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  for (auto [i, output] : llvm::enumerate(main.output()))
    function.setResultAttr(i, "hone.name", b.getStringAttr(output.name()));
  dropUnused();
  return true;
}

/// What nothing reads: handlers looked at it, or the model carries it along.
void GraphImporter::dropUnused() {
  module.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
  std::set<StringRef> used;
  module.walk([&](GetWeightOp op) { used.insert(op.getWeight()); });
  for (auto weight : llvm::make_early_inc_range(module.getOps<WeightOp>()))
    if (!used.count(weight.getSymName()))
      weight.erase();
}

void GraphImporter::initializers(const onnx::GraphProto &proto) {
  for (const auto &tensorProto : proto.initializer()) {
    std::string error;
    Value value;
    if (scopes.back().count(tensorProto.name()))
      error = "the name is taken";
    else
      value = tensor(tensorProto, tensorProto.name(), error);
    if (!error.empty())
      report("initializer '" + prefix + tensorProto.name() + "': " + error);
    define(tensorProto.name(), value);
  }
  for (const auto &sparse : proto.sparse_initializer()) {
    report("initializer '" + prefix + sparse.values().name() + "': sparse tensors are not built");
    define(sparse.values().name(), {});
  }
}

/// Every value has one definition.
bool GraphImporter::checkNames(const Nodes &list) {
  std::set<std::string> seen;
  int at = number;
  for (const auto &proto : list) {
    ++at;
    for (const std::string &output : proto.output())
      if (!output.empty() && (!seen.insert(output).second || scopes.back().count(output))) {
        report(describe(proto, at) + "expected a new name as output, got '" + output +
               "', which is defined already");
        return false;
      }
  }
  return true;
}

/// What a node reads, its sub-graphs included; names of inner values among them do no harm.
static void namesRead(const onnx::NodeProto &proto, std::vector<StringRef> &names, int depth) {
  names.insert(names.end(), proto.input().begin(), proto.input().end());
  for (const auto &attribute : proto.attribute())
    if (attribute.has_g() && depth < maxGraphDepth) {
      for (const auto &inner : attribute.g().node())
        namesRead(inner, names, depth + 1);
      for (const auto &output : attribute.g().output())
        names.push_back(output.name());
    }
}

/// The nodes in an order in which each reads what stands in front of it, as the format asks for. Some
/// converters append nodes all the same. What is on a cycle comes last, where its inputs are reported.
static std::vector<const onnx::NodeProto *> sorted(const GraphImporter::Nodes &list) {
  std::vector<const onnx::NodeProto *> order;
  llvm::StringMap<int> producer;
  for (int i = 0; i < list.size(); ++i)
    for (const std::string &output : list[i].output())
      producer.try_emplace(output, i);
  std::vector<std::vector<int>> readers(list.size());
  std::vector<int> missing(list.size());
  bool isSorted = true;
  std::vector<StringRef> names;
  for (int i = 0; i < list.size(); ++i) {
    names.clear();
    namesRead(list[i], names, 0);
    for (StringRef name : names)
      if (auto found = producer.find(name); !name.empty() && found != producer.end()) {
        readers[found->second].push_back(i);
        ++missing[i];
        isSorted &= found->second < i;
      }
  }
  // The first that can go goes: what is in order stays so.
  std::set<int> ready;
  for (int i = 0; i < list.size(); ++i)
    if (isSorted || !missing[i])
      ready.insert(i);
  while (!ready.empty()) {
    int i = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(&list[i]);
    if (!isSorted)
      for (int reader : readers[i])
        if (!--missing[reader])
          ready.insert(reader);
  }
  for (int i = 0; i < list.size() && order.size() < size_t(list.size()); ++i)
    if (missing[i] > 0)
      order.push_back(&list[i]);
  return order;
}

void GraphImporter::nodes(const Nodes &list) {
  for (const onnx::NodeProto *proto : sorted(list)) {
    if (stopped)
      return;
    node(*proto);
  }
}

void GraphImporter::node(const onnx::NodeProto &proto) {
  ++number;
  std::string name = prefix + (proto.name().empty() && proto.output_size() ? proto.output(0) : proto.name());
  Node node(*this, proto, opsetOf(proto.domain()), NameLoc::get(b.getStringAttr(name)),
            describe(proto, number));
  if (number > maxNodes) {
    node.fail("the model has more than " + Twine(maxNodes) + " nodes after inlining its functions");
    stopped = true;
    return;
  }
  // What a reported problem leaves undefined is no second problem.
  bool poisoned = false;
  for (const std::string &input : proto.input()) {
    if (input.empty() || lookup(input))
      continue;
    bool isDeclared = llvm::any_of(scopes, [&](const Scope &scope) { return scope.count(input); });
    if (!isDeclared)
      node.fail("input '" + input + "' is not defined in front of this node (undefined, or a cycle)");
    poisoned = true;
  }
  const OpRow *row = findRow(proto.domain(), proto.op_type(), node.opset);
  const onnx::FunctionProto *function = row ? nullptr : functionOf(proto);
  int given = proto.input_size();
  while (given > 0 && proto.input(given - 1).empty())
    --given;
  if (int since = row || function ? 0 : firstOpsetOf(proto.domain(), proto.op_type()))
    node.fail("built for opset " + Twine(since) + " and later, but the model imports opset " +
              Twine(node.opset) + ": export it with a newer one, or convert it (onnx.version_converter)");
  else if (!row && !function)
    node.fail("operator not known for opset " + Twine(node.opset) +
              (proto.domain().empty() ? "" : " of domain '" + Twine(proto.domain()) + "'"));
  else if (row && row->most >= 0 && given > row->most)
    node.fail("expected at most " + Twine(row->most) + " inputs, got " + Twine(given));
  else if (row)
    for (int i = 0; i < row->least; ++i)
      if (!node.has(i)) {
        node.fail("expected " + Twine(row->least == row->most ? "" : "at least ") + Twine(row->least) +
                  " inputs, got " +
                  Twine(i < given ? "none at position " + std::to_string(i) : std::to_string(given)));
        break;
      }
  if (!poisoned && !node.failed) {
    if (row)
      row->handle(node);
    else
      inlineFunction(node, *function);
  }
  for (const std::string &output : proto.output())
    if (!output.empty() && !scopes.back().count(output)) {
      if (!poisoned && !node.failed)
        node.fail("output '" + output + "' of this operator is not built");
      define(output, {});
    }
}

bool GraphImporter::subgraph(Node &owner, const onnx::GraphProto &proto, ArrayRef<Value> arguments,
                             std::vector<Value> &results) {
  if (depth >= maxGraphDepth)
    return owner.fail("sub-graphs are nested more than " + Twine(maxGraphDepth) + " deep"), false;
  if (size_t(proto.input_size()) != arguments.size())
    return owner.fail("expected a sub-graph of " + Twine(arguments.size()) + " inputs, got " +
                      Twine(proto.input_size())),
           false;
  int before = reported;
  ++depth;
  scopes.emplace_back();
  for (int i = 0; i < proto.input_size(); ++i)
    define(proto.input(i).name(), arguments[i]);
  initializers(proto);
  if (checkNames(proto.node()))
    nodes(proto.node());
  bool complete = true;
  for (const auto &output : proto.output()) {
    Value value = lookup(output.name());
    complete &= bool(value);
    results.push_back(value);
    if (!value && reported == before && !owner.failed &&
        !llvm::any_of(scopes, [&](const Scope &scope) { return scope.count(output.name()); }))
      owner.fail("expected a node that computes the sub-graph's output '" + Twine(output.name()) + "'");
  }
  scopes.pop_back();
  --depth;
  owner.failed |= !complete;
  return complete;
}

} // namespace hone
